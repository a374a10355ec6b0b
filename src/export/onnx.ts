// A trained model as one ONNX file (IR version 8, opset 17) that takes what a person has, raw columns or pixels, and
// gives what a person wants, labels and probabilities or a value. Says which nodes; `onnxProto.ts` says which bytes.

import type { Preparation } from '../data/prepare.ts';
import type { Network } from '../model/spec.ts';
import type { ExportInput } from './exportInput.ts';
import { createGraph, type GraphBuilder } from './onnxGraph.ts';
import { onnxInterface } from './onnxInterface.ts';
import { addNetwork } from './onnxLayers.ts';
import { addPreparation } from './onnxPreparation.ts';
import { encodeModel } from './onnxProto.ts';

export type { ExportInput } from './exportInput.ts';

/** @returns the bytes of the .onnx file; the same model gives the same bytes */
export function writeOnnx(model: ExportInput): Uint8Array {
  const { name, network, weights, preparation, labels, card } = model;
  const { inputs, outputs } = onnxInterface(preparation);
  const graph = createGraph(name || 'model', [...inputs, ...Object.values(outputs)]);
  const prepared = addPreparation(graph, preparation, inputs);
  const raw = addNetwork(graph, network, weights, prepared);
  if ('value' in outputs) addValue(graph, raw, preparation, outputs.value);
  else addClasses(graph, raw, network, labels, outputs);

  const metadata: Record<string, unknown> = {
    labels,
    task: card.task,
    target: card.target,
    inputs: preparation.kind === 'images' ? inputs : preparation.features.map(({ column }, i) => [column, inputs[i]]),
    outputs,
    preparation,
    trainingData: { name: card.data.name, sha256: card.data.id, rows: card.data.rows.train },
    metrics: card.metrics,
  };
  return encodeModel({
    producer: 'Lathe',
    doc: describe(model),
    graph: graph.graph,
    metadata: Object.entries(metadata).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  });
}

/** The target's own unit again: * scale + center. */
function addValue(graph: GraphBuilder, raw: string, { target }: Preparation, output: string): void {
  if (target.kind !== 'value') throw new Error('a value needs a scale');
  const scaled = graph.node('Mul', [raw, graph.floats([target.scale], [])]);
  graph.node('Add', [scaled, graph.floats([target.center], [])], {}, { output });
  graph.output({ name: output, type: 'float32', dims: ['batch', 1] });
}

/** Two classes end in one sigmoid, which is the second's probability; of equal probabilities the first label wins. */
function addClasses(
  graph: GraphBuilder,
  raw: string,
  { head }: Network,
  labels: string[],
  outputs: { label: string; probabilities: string },
): void {
  const output = outputs.probabilities;
  if (head.kind === 'sigmoid') {
    const second = graph.node('Sigmoid', [raw]);
    const first = graph.node('Sub', [graph.floats([1], []), second]);
    graph.node('Concat', [first, second], { axis: { int: 1 } }, { output });
  } else graph.node('Softmax', [raw], { axis: { int: -1 } }, { output });
  const best = graph.node('ArgMax', [output], { axis: { int: 1 }, keepdims: { int: 0 } });
  graph.node('Gather', [graph.strings(labels), best], { axis: { int: 0 } }, { output: outputs.label });
  graph.output({ name: outputs.label, type: 'string', dims: ['batch'] });
  graph.output({ name: output, type: 'float32', dims: ['batch', labels.length], doc: 'in the order of the labels' });
}

function describe({ name, preparation, card }: ExportInput): string {
  const { outputs } = onnxInterface(preparation);
  const takes =
    preparation.kind === 'images'
      ? `Takes image, float32 [batch, ${preparation.height}, ${preparation.width}, ${preparation.channels}], pixels 0..255.`
      : 'Takes one input [batch, 1] for each column: float32 (a missing number is NaN, a date is days since 1970-01-01 UTC) or string (a missing one is empty).';
  return `${name}: ${card.task} of ${card.target}, trained on ${card.data.name} with Lathe. ${takes} Gives ${Object.values(outputs).join(' and ')}.`;
}
