import { beforeAll, describe, expect, it } from 'vitest';
import { initialWeights } from '../../src/model/weights.ts';
import type { LayerSpec, RecurrentKind } from '../../src/model/spec.ts';
import { useBackend } from '../../src/train/backend.ts';
import { compilerGap } from '../../src/train/compiled.ts';
import { recur } from '../../src/train/recurrent.ts';
import { loadTf, type Tensor, type Tf } from '../../src/train/tf.ts';
import golden from './golden/recurrent.json';
import { clouds, finish, PLAIN } from './samples.ts';

let tf: Tf;
beforeAll(async () => {
  await useBackend('cpu');
  tf = await loadTf();
});

const largestDifference = (seen: ArrayLike<number>, wanted: number[]): number =>
  Math.max(...wanted.map((value, i) => Math.abs(seen[i] - value)));

describe('a recurrent layer', () => {
  it.each(golden)('gives what PyTorch gives at every step, and its gradients: $kind', (wanted) => {
    const { kind, units, x, weights, towards } = wanted;
    const roles = Object.keys(weights) as (keyof typeof weights)[];
    const differences = tf.tidy(() => {
      const given = (of: Tensor, ...values: Tensor[]): Tensor =>
        recur(tf, { kind: kind as RecurrentKind, units, returnSequences: true }, of, (role) => {
          return values[roles.indexOf(role as (typeof roles)[number])];
        });
      const inputs: Tensor[] = [x, ...roles.map((role) => weights[role])].map(({ data, shape }) =>
        tf.tensor(data, shape),
      );
      const [rows, steps] = x.shape;
      const gradients = tf.grads(given)(inputs, tf.tensor(towards, [rows, steps, units]));
      return [
        largestDifference(given(inputs[0], ...inputs.slice(1)).dataSync(), wanted.given),
        ...['x' as const, ...roles].map((role, i) =>
          largestDifference(gradients[i].dataSync(), wanted.gradients[role]),
        ),
      ];
    });
    expect(differences).toHaveLength(5);
    expect(Math.max(...differences)).toBeLessThan(2e-6);
  });

  it('begins with an orthogonal matrix for its state, and an lstm with open forget gates', () => {
    const units = 6;
    const layers: LayerSpec[] = [{ kind: 'lstm', units }];
    const [, state, bias] = initialWeights({ inputShape: [5, 2], layers, head: { kind: 'value' } }, 3);
    const row = (i: number) => state.data.subarray(i * 4 * units, (i + 1) * 4 * units);
    for (let a = 0; a < units; a++) {
      for (let b = 0; b < units; b++) {
        const product = row(a).reduce((sum, value, i) => sum + value * row(b)[i], 0);
        expect(product).toBeCloseTo(a === b ? 1 : 0, 6);
      }
    }
    expect([...bias.data]).toEqual([0, 1, 0, 0].flatMap((value) => Array<number>(units).fill(value)));
  });

  it('learns what only the order tells, the same from the same seed', async () => {
    // which of two numbers that are far apart is the larger
    const rows = 120;
    const { x: noise } = clouds(rows, 4);
    const y = Float32Array.from({ length: rows }, (_, row) => Number(noise[4 * row] > noise[4 * row + 3]));
    const input = {
      network: {
        inputShape: [4],
        layers: [
          { kind: 'reshape', shape: [4, 1] },
          { kind: 'gru', units: 8 },
        ] as LayerSpec[],
        head: { kind: 'sigmoid' } as const,
      },
      training: {
        ...PLAIN,
        epochs: 40,
        optimizer: { kind: 'adam', learningRate: 0.03, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const,
      },
      seed: 2,
      train: { x: noise, y, weights: null, rows },
      validation: null,
    };
    const [first, again] = [await finish(input), await finish(input)];
    expect(again.weights).toEqual(first.weights);
    expect(first.history.at(-1)!.metric).toBeGreaterThan(0.95);
  });

  it('is not compiled, which is said in a sentence', () => {
    const layers: LayerSpec[] = [
      { kind: 'residual', layers: [{ kind: 'gru', units: 2, returnSequences: true }] },
      { kind: 'flatten' },
    ];
    expect(compilerGap({ inputShape: [3, 2], layers, head: { kind: 'value' } })).toBe(
      'layer 0_residual/0_gru is recurrent, and each step of it waits for the one before',
    );
  });
});
