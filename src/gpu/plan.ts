// From a network, a batch size, a loss and an optimiser to buffers and kernels, in order. Pure: no device is needed to
// make a plan, so its tests run anywhere. Which kernels make up a pass is passes.ts, who runs them tape.ts.

import type { LossSpec } from '../model/recipe.ts';
import type { Network } from '../model/spec.ts';
import { whatLearns, type Learning } from './frozen.ts';
import { buildGraph, type Graph } from './graph.ts';
import { needsInput } from './kernels/activation.ts';
import { momentsOf } from './kernels/norm.ts';
import { placesOf } from './kernels/pool.ts';
import { gradientOf, inputOf } from './kernels/tail.ts';
import { slotsOf, type UpdateRule } from './kernels/update.ts';
import { PassWriter, type ChooseVariant, type PlannedKernel } from './passes.ts';

/** Passes that do not learn, over batches of `rows`. */
export interface Inference {
  rows: number;
  /** sums of loss and metric, to `sums` */
  scoring: PlannedKernel[];
  /** up to the logits, [rows, units], whose buffer is named by the next */
  prediction: PlannedKernel[];
  logits: string;
}

export interface Plan {
  graph: Graph;
  /** name to numbers of 4 bytes; 0: the caller brings it, and knows */
  buffers: ReadonlyMap<string, number>;
  inference: Inference;
}

export interface TrainingPlan extends Plan {
  /** one step, in order */
  training: PlannedKernel[];
  /** numbers that the optimiser remembers for a weight */
  slots: number;
}

export interface PlanInput {
  network: Network;
  /** rows of a full batch */
  batchSize: number;
  loss: LossSpec;
  rule: UpdateRule;
  /** names of layers that do not learn */
  frozen?: readonly string[];
  /** how many threads keep the device busy */
  threads: number;
}

/** The plan of a training. @throws UserError where the layers do not fit each other */
export function planTraining(
  { network, batchSize, loss, rule, frozen = [], threads }: PlanInput,
  choose: ChooseVariant,
): TrainingPlan {
  const graph = buildGraph(network, 'x');
  // a batch that is only looked at may be larger: there are no gradients to hold
  const rows = network.inputShape.length === 1 ? Math.max(batchSize, 256) : batchSize;
  const buffers = inferenceBuffers(graph, rows);
  const learning = whatLearns(graph, new Set(frozen));
  for (const [name, size] of trainingBuffers(graph, batchSize, rule, learning)) buffers.set(name, size);
  const pass = { rows: batchSize, training: true };
  const writer = new PassWriter({ graph, head: network.head, loss, rule, learning, buffers, choose, threads, pass });
  writer.step();
  const inference = planPasses(network, loss, rows, buffers, choose);
  return { graph, buffers, training: writer.kernels, inference, slots: slotsOf(rule.optimizer) };
}

/** The plan of passes that do not learn. @throws UserError where the layers do not fit each other */
export function planInference(network: Network, loss: LossSpec, rows: number, choose: ChooseVariant): Plan {
  const graph = buildGraph(network, 'evaluation.x');
  const buffers = inferenceBuffers(graph, rows);
  return { graph, buffers, inference: planPasses(network, loss, rows, buffers, choose) };
}

function planPasses(
  network: Network,
  loss: LossSpec,
  rows: number,
  buffers: Map<string, number>,
  choose: ChooseVariant,
): Inference {
  const graph = buildGraph(network, 'evaluation.x');
  const kernels = (end: 'score' | 'predict') => {
    const pass = { rows, training: false };
    const writer = new PassWriter({
      graph,
      head: network.head,
      loss,
      rule: null,
      learning: null,
      buffers,
      choose,
      threads: 1,
      pass,
    });
    writer.forward(end);
    return writer.kernels;
  };
  const logits = graph.logits.tensor.name;
  return { rows, scoring: kernels('score'), prediction: kernels('predict'), logits };
}

/** Whole vec4s. */
const fours = (size: number): number => Math.ceil(size / 4) * 4;

function inferenceBuffers(graph: Graph, rows: number): Map<string, number> {
  const given = ['evaluation.x', 'evaluation.y', 'evaluation.rowWeights'];
  const buffers = new Map(given.map((name) => [name, 0]));
  buffers.set('weights', graph.parameters);
  buffers.set('sums', fours(2 * rows));
  for (const tensor of graph.tensors) if (!tensor.source) buffers.set(tensor.name, fours(rows * tensor.size));
  return buffers;
}

function trainingBuffers(graph: Graph, rows: number, rule: UpdateRule, { tensors }: Learning): Map<string, number> {
  const buffers = new Map(['x', 'y', 'rowWeights', 'permutation'].map((name) => [name, 0]));
  for (let slot = 0; slot < slotsOf(rule.optimizer); slot++) buffers.set(`slot${slot}`, graph.parameters);
  buffers.set('partial', 4);
  if (rule.clipNorm !== null) {
    buffers.set('gradient', graph.parameters);
    buffers.set('norm', 260);
  }
  for (const tensor of graph.tensors) {
    if (tensor.source) continue;
    if (tensors.has(tensor)) buffers.set(gradientOf(tensor), fours(rows * tensor.size));
    if (needsInput(tensor.activation)) buffers.set(inputOf(tensor), fours(rows * tensor.size));
  }
  for (const { kind, output } of graph.operations) {
    const { tensor, shape } = output;
    const channels = shape[shape.length - 1];
    if (kind === 'batchNorm') buffers.set(momentsOf(tensor), fours(5 * channels));
    if (kind === 'layerNorm') buffers.set(momentsOf(tensor), fours((2 * rows * tensor.size) / channels));
    if (kind === 'maxPool') buffers.set(placesOf(tensor), fours(rows * tensor.size));
  }
  return buffers;
}
