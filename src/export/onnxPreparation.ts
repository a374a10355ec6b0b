// The preparation as ONNX nodes: raw columns to [batch, width], or pixels 0..255 to 0..1. The same float32 operations
// in the same order as `encodeFeatures`, so that what reaches the network is equal bit for bit.

import type { FeatureEncoding, Preparation } from '../data/prepare.ts';
import type { GraphBuilder } from './onnxGraph.ts';

type NumberEncoding = Extract<FeatureEncoding, { kind: 'number' }>;
type OneHotEncoding = Extract<FeatureEncoding, { kind: 'oneHot' }>;

/**
 * Adds the inputs and the preparation.
 * @param inputNames the input of each feature, in order; images have one
 * @returns the name of the network's input, float32 [batch, width] or [batch, height, width, channels]
 */
export function addPreparation(graph: GraphBuilder, preparation: Preparation, inputNames: string[]): string {
  if (preparation.kind === 'images') {
    const { height, width, channels } = preparation;
    const image = graph.input({
      name: inputNames[0],
      type: 'float32',
      dims: ['batch', height, width, channels],
      doc: `pixels 0..255, ${channels === 1 ? 'grey' : 'red, green, blue'}, already of this size`,
    });
    return graph.node('Div', [image, graph.floats([255], [])]);
  }

  const blocks: string[] = [];
  let numbers: { input: string; feature: NumberEncoding }[] = [];
  // Neighbouring numbers share their nodes: a hundred columns cost one subtraction and not a hundred.
  const closeNumbers = () => {
    if (numbers.length > 0) blocks.push(addNumbers(graph, numbers));
    numbers = [];
  };
  preparation.features.forEach((feature, index) => {
    const input = addInput(graph, feature, inputNames[index]);
    if (feature.kind === 'number') numbers.push({ input, feature });
    else {
      closeNumbers();
      if (feature.outputs.length > 0) blocks.push(addOneHot(graph, input, feature));
    }
  });
  closeNumbers();
  return concatenate(graph, blocks); // [batch, width]
}

function addInput(graph: GraphBuilder, feature: FeatureEncoding, name: string): string {
  const doc =
    feature.kind === 'oneHot'
      ? `${feature.type}; the empty string is missing`
      : feature.type === 'date'
        ? 'days since 1970-01-01 UTC; NaN is missing'
        : `${feature.type}; NaN is missing`;
  return graph.input({ name, type: feature.kind === 'number' ? 'float32' : 'string', dims: ['batch', 1], doc });
}

function addNumbers(graph: GraphBuilder, columns: { input: string; feature: NumberEncoding }[]): string {
  const raw = concatenate(
    graph,
    columns.map(({ input }) => input),
  ); // [batch, columns]
  const constant = (key: 'fill' | 'center' | 'scale') => graph.floats(columns.map(({ feature }) => feature[key]));
  const missing = graph.node('IsNaN', [raw]);
  const filled = graph.node('Where', [missing, constant('fill'), raw]);
  const centered = graph.node('Sub', [filled, constant('center')]);
  return graph.node('Div', [centered, constant('scale')]);
}

/** LabelEncoder gives each category its place and everything else one past the end, where OneHot gives zeros. */
function addOneHot(graph: GraphBuilder, input: string, { outputs, fill }: OneHotEncoding): string {
  const keys = [...outputs];
  const places = outputs.map((_, place) => place);
  if (!outputs.includes('') && outputs.includes(fill)) {
    keys.push('');
    places.push(outputs.indexOf(fill));
  }
  const place = graph.node(
    'LabelEncoder',
    [input],
    { keys_strings: { strings: keys }, values_int64s: { ints: places }, default_int64: { int: outputs.length } },
    { domain: 'ai.onnx.ml' },
  ); // [batch, 1]
  const depth = graph.int64s([outputs.length], []);
  const hot = graph.node('OneHot', [place, depth, graph.floats([0, 1])], { axis: { int: -1 } }); // [batch, 1, outputs]
  return graph.node('Flatten', [hot], { axis: { int: 1 } }); // [batch, outputs]
}

function concatenate(graph: GraphBuilder, blocks: string[]): string {
  return blocks.length === 1 ? blocks[0] : graph.node('Concat', blocks, { axis: { int: 1 } });
}
