// Networks, data and weights for the tests, all from a seed.

import { createRandom, type Random } from '../../src/base/random.ts';
import { openGpu, type Gpu } from '../../src/gpu/device.ts';
import type { LossSpec } from '../../src/model/recipe.ts';
import type { Rows } from '../../src/gpu/inference.ts';
import { compileTraining, type TrainingInput } from '../../src/gpu/trainer.ts';
import type { Network, Weight } from '../../src/model/spec.ts';
import { weightSlots } from '../../src/model/weights.ts';
import { referenceStep } from './reference.ts';

let opened: Promise<Gpu> | null = null;
/** One device for all tests of a file. */
export const gpu = (): Promise<Gpu> => (opened ??= openGpu());

/** Weights of a fitting size, none of them at a value that hides an error (biases not 0, gammas not 1). */
export function randomWeights(network: Network, random: Random): Weight[] {
  return weightSlots(network).map(({ name, role, shape }) => {
    const size = shape.reduce((all, length) => all * length, 1);
    const fan = shape.length > 1 ? size / shape[shape.length - 1] : 1;
    const scale = shape.length > 1 ? Math.sqrt(1.5 / fan) : 0.2;
    const base = role === 'gamma' || role === 'movingVariance' ? 1 : 0;
    return {
      name,
      shape,
      data: Float32Array.from({ length: size }, () => base + scale * random.normal() * (base ? 0.5 : 1)).map((v) =>
        role === 'movingVariance' ? Math.abs(v) + 0.1 : v,
      ),
    };
  });
}

export function randomRows(network: Network, rows: number, random: Random, weighted = true): Rows {
  const width = network.inputShape.reduce((all, size) => all * size, 1);
  const [first] = network.layers;
  const ids = first?.kind === 'embedding' ? first.vocabulary : 0;
  const { head } = network;
  const classes = head.kind === 'softmax' ? head.units : 2;
  return {
    rows,
    x: Float32Array.from({ length: rows * width }, () => (ids ? random.below(ids) : random.normal())),
    y: Float32Array.from({ length: rows }, () => (head.kind === 'value' ? random.normal() : random.below(classes))),
    weights: weighted ? Float32Array.from({ length: rows }, () => 0.25 + 1.5 * random.next()) : null,
  };
}

/** Largest difference as a share of the largest number, or of `least`. */
export function relativeError(seen: Float32Array, wanted: Float32Array, least = 1e-3): number {
  let difference = 0;
  let largest = least;
  for (let i = 0; i < wanted.length; i++) {
    const d = Math.abs(seen[i] - wanted[i]);
    if (!(d <= difference)) difference = Number.isNaN(d) ? Infinity : d;
    largest = Math.max(largest, Math.abs(wanted[i]));
  }
  return difference / largest;
}

/** A descent with so large a rate that what a weight moved by is its gradient to the last digits. */
const RATE = 1024;

/**
 * One step on a shuffled batch, compiled and in TensorFlow.js; the largest relative error of every gradient, moving
 * average and of the loss.
 */
export async function compareStep(
  network: Network,
  o: { rows?: number; batch?: number; seed?: number; loss?: LossSpec; variants?: Partial<TrainingInput> } = {},
): Promise<Record<string, number>> {
  const random = createRandom(o.seed ?? 1);
  const rows = o.rows ?? 6;
  const batchSize = o.batch ?? rows;
  const data = randomRows(network, rows, random);
  const initial = randomWeights(network, random);
  const loss = o.loss ?? { kind: network.head.kind === 'value' ? 'meanSquaredError' : 'crossEntropy' };
  const order = Uint32Array.from({ length: rows }, (_, i) => (i * 5 + 3) % rows);
  const distinct = new Set(order).size === rows;
  const permutation = distinct ? order : Uint32Array.from({ length: rows }, (_, i) => rows - 1 - i);
  const width = data.x.length / rows;
  const pick = (list: Float32Array, size: number) =>
    Float32Array.from(
      [...permutation.slice(0, batchSize)].flatMap((row) => [...list.subarray(row * size, (row + 1) * size)]),
    );
  const trainer = await compileTraining({
    gpu: await gpu(),
    network,
    batchSize,
    loss,
    optimizer: { kind: 'sgd', learningRate: RATE },
    data,
    seed: 9,
    initial,
    ...o.variants,
  });
  try {
    trainer.setPermutation(permutation);
    const sums = await trainer.run([RATE]);
    const after = new Map((await trainer.readWeights()).map((weight) => [weight.name, weight.data]));
    const taken = Math.min(batchSize, rows);
    const wanted = await referenceStep(network, initial, {
      x: pick(data.x, width),
      y: pick(data.y, 1),
      weights: pick(data.weights!, 1),
      rows: taken,
      seed: 9,
      step: 0,
      loss,
    });
    const errors: Record<string, number> = {
      loss: Math.abs(sums.loss / sums.weight - wanted.loss) / Math.max(1e-3, Math.abs(wanted.loss)),
      metric: Math.abs(sums.metric - wanted.metric) / rows,
    };
    // a gradient that is 0 but for rounding (a bias before a batch normalisation) is not compared with itself
    const largest = Math.max(
      ...[...wanted.gradients.values()].map((all) => all.reduce((max, g) => Math.max(max, Math.abs(g)), 0)),
    );
    for (const { name, data: before } of initial) {
      const now = after.get(name)!;
      const moved = wanted.moved.get(name);
      errors[name] = moved
        ? relativeError(now, moved)
        : relativeError(
            now.map((value, i) => (before[i] - value) / RATE),
            wanted.gradients.get(name)!,
            0.01 * largest,
          );
    }
    return errors;
  } finally {
    trainer.dispose();
  }
}

/** The entries above a tolerance: what a test prints when it fails. */
export const above = (errors: Record<string, number>, tolerance: number): Record<string, number> =>
  Object.fromEntries(Object.entries(errors).filter(([, error]) => !(error <= tolerance)));
