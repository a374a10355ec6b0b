// Trainings as PyTorch did them, made by golden/optimizers.py, which states each formula, and the same done here.

import type { TrainingSpec } from '../../src/model/recipe.ts';
import type { Head, Network } from '../../src/model/spec.ts';
import json from './golden/optimizers.json';
import { finish, PLAIN } from './samples.ts';

interface Golden {
  rows: number;
  batchSize: number;
  epochs: number;
  seed: number;
  x: number[];
  labels: number[];
  values: number[];
  rowWeights: number[];
  initial: Record<string, { shape: number[]; data: number[] }>;
  cases: GoldenCase[];
}

export interface GoldenCase {
  name: string;
  head: 'softmax' | 'sigmoid' | 'value';
  training: Partial<TrainingSpec>;
  weighted: boolean;
  losses: number[];
  weights: Record<string, number[]>;
}

const golden = json as unknown as Golden;
export const GOLDEN_CASES = golden.cases;
const HEADS: Record<GoldenCase['head'], Head> = {
  softmax: { kind: 'softmax', units: 3 },
  sigmoid: { kind: 'sigmoid' },
  value: { kind: 'value' },
};

/** Does a training again on the backend in use. @returns the largest differences, of the losses relative */
export async function repeat({ head, training, weighted, losses, weights }: GoldenCase) {
  const units = head === 'softmax' ? 3 : 1;
  const network: Network = {
    inputShape: [4],
    layers: [{ kind: 'dense', units: 6, activation: 'tanh' }],
    head: HEADS[head],
  };
  const initial = Object.entries(golden.initial).map(([name, { shape, data }]) => {
    if (!name.startsWith('head')) return { name, shape, data: Float32Array.from(data) };
    const kept = data.filter((_, i) => i % 3 < units);
    return { name, shape: [...shape.slice(0, -1), units], data: Float32Array.from(kept) };
  });
  const y = {
    softmax: golden.labels,
    sigmoid: golden.labels.map((label) => Number(label > 0)),
    value: golden.values,
  }[head];
  const result = await finish({
    network,
    training: { ...PLAIN, epochs: golden.epochs, batchSize: golden.batchSize, ...training },
    seed: golden.seed,
    labels: ['a', 'b', 'c'],
    train: {
      x: Float32Array.from(golden.x),
      y: Float32Array.from(y),
      weights: weighted ? Float32Array.from(golden.rowWeights) : null,
      rows: golden.rows,
    },
    validation: null,
    initial,
  });
  return {
    loss: Math.max(...result.history.map(({ loss }, epoch) => Math.abs(loss / losses[epoch] - 1))),
    weight: Math.max(
      ...result.weights.flatMap(({ name, data }) => [...data].map((value, i) => Math.abs(value - weights[name][i]))),
    ),
  };
}
