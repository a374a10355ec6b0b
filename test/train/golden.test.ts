import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TrainingSpec } from '../../src/model/recipe.ts';
import type { Head, Network } from '../../src/model/spec.ts';
import { useBackend } from '../../src/train/backend.ts';
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
  cases: {
    name: string;
    head: 'softmax' | 'sigmoid' | 'value';
    training: Partial<TrainingSpec>;
    weighted: boolean;
    losses: number[];
    weights: Record<string, number[]>;
  }[];
}

// made by golden/optimizers.py, which states each formula
const golden: Golden = JSON.parse(readFileSync(new URL('golden/optimizers.json', import.meta.url), 'utf8'));
const HEADS: Record<string, Head> = {
  softmax: { kind: 'softmax', units: 3 },
  sigmoid: { kind: 'sigmoid' },
  value: { kind: 'value' },
};

beforeAll(async () => {
  await useBackend('cpu');
});

describe('the loss curve and the weights are PyTorch’s to 1e-5', () => {
  it.each(golden.cases)('$name', async ({ head, training, weighted, losses, weights }) => {
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
    result.history.forEach(({ loss }, epoch) => expect(Math.abs(loss / losses[epoch] - 1)).toBeLessThan(1e-5));
    for (const { name, data } of result.weights) {
      data.forEach((value, i) => expect(Math.abs(value - weights[name][i])).toBeLessThan(1e-5));
    }
  });
});
