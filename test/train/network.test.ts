import { beforeAll, describe, expect, it } from 'vitest';
import { dropoutMask } from '../../src/gpu/kernels/dropout.ts';
import type { Activation, Network } from '../../src/model/spec.ts';
import { initialWeights, weightSlots } from '../../src/model/weights.ts';
import { useBackend } from '../../src/train/backend.ts';
import { activateHead, rowLosses } from '../../src/train/losses.ts';
import { forward, type TrainingPass } from '../../src/train/network.ts';
import { loadTf, type Tensor, type Tf } from '../../src/train/tf.ts';
import { finish, PLAIN } from './samples.ts';

let tf: Tf;
beforeAll(async () => {
  await useBackend('cpu');
  tf = await loadTf();
});

describe('average pooling', () => {
  it('with padding divides by what of a window lies in the image, in its gradient too', () => {
    const network: Network = {
      inputShape: [3, 3, 1],
      layers: [{ kind: 'averagePool2d', poolSize: 2, padding: 'same' }, { kind: 'flatten' }],
      head: { kind: 'value' },
    };
    const weights = new Map<string, Tensor>([
      ['head/kernel', tf.tensor2d([1, 1, 1, 1], [4, 1])],
      ['head/bias', tf.zeros([1])],
    ]);
    const x = tf.range(0, 9).reshape([1, 3, 3, 1]);
    const sum = (pass: TrainingPass | null) => (image: Tensor) => forward(tf, network, weights, image, pass).sum();
    const training = sum({ seed: 1, step: 0, onMoving: () => {} });
    expect(training(x).dataSync()[0]).toBe(sum(null)(x).dataSync()[0]);
    const gradient = tf.grad(training as never)(x);
    expect([...gradient.dataSync()]).toEqual([0.25, 0.25, 0.5, 0.25, 0.25, 0.5, 0.5, 0.5, 1]);
  });
});

describe('dropout', () => {
  const network: Network = { inputShape: [1000], layers: [{ kind: 'dropout', rate: 0.3 }], head: { kind: 'value' } };
  /** What the dropout gives for ones, read through a head that sums it in two halves. */
  const run = (step: number, seed: number, training = true) =>
    tf.tidy(() => {
      const weights = new Map([
        [
          'head/kernel',
          tf.tensor2d(
            Float32Array.from({ length: 1000 }, (_, i) => i),
            [1000, 1],
          ),
        ],
        ['head/bias', tf.zeros([1])],
      ]);
      const pass = training ? { seed, step, onMoving: () => {} } : null;
      return forward(tf, network, weights, tf.ones([1, 1000]), pass).dataSync()[0];
    });

  it('drops the share that it says and scales what is left', () => {
    const mask = dropoutMask(100_000, 0.3, 1, 0, 0);
    const dropped = mask.filter((value) => value === 0).length / mask.length;
    expect(Math.abs(dropped - 0.3)).toBeLessThan(0.006); // four standard deviations
    expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / 0.7)]));
  });

  it('draws another mask at each step and each seed, and the same one again', () => {
    expect(run(0, 1)).toBe(run(0, 1));
    expect(new Set([run(0, 1), run(1, 1), run(2, 1), run(0, 2)]).size).toBe(4);
  });

  it('does nothing in prediction', () => {
    expect(run(0, 1, false)).toBe(499_500);
  });
});

describe('batch normalisation', () => {
  it('moves its averages towards the mean and variance of what it has seen', async () => {
    const network: Network = { inputShape: [2], layers: [{ kind: 'batchNorm', momentum: 0 }], head: { kind: 'value' } };
    const x = Float32Array.from([1, 10, 2, 10, 3, 10, 6, 30]);
    const rows = { x, y: new Float32Array(4), weights: null, rows: 4 };
    const training = { ...PLAIN, epochs: 1, batchSize: 4 };
    const { weights } = await finish({ network, training, seed: 1, train: rows, validation: null });
    const named = Object.fromEntries(weights.map(({ name, data }) => [name, [...data]]));
    expect(named['0_batchNorm/movingMean']).toEqual([3, 15]);
    expect(named['0_batchNorm/movingVariance']).toEqual([3.5, 75]); // divided by n
  });
});

describe('the layers', () => {
  it('begin with a finite loss whatever the activation', () => {
    const kinds: Activation[] = ['linear', 'relu', 'elu', 'selu', 'tanh', 'sigmoid', 'softplus', 'swish', 'gelu'];
    for (const activation of kinds) {
      const network: Network = {
        inputShape: [3],
        layers: [{ kind: 'dense', units: 5, activation }],
        head: { kind: 'softmax', units: 3 },
      };
      const loss = tf.tidy(() => {
        const weights = new Map(initialWeights(network, 1).map((w) => [w.name, tf.tensor(w.data, w.shape)]));
        const logits = forward(tf, network, weights, tf.ones([2, 3]), null);
        return rowLosses(
          tf,
          network.head,
          { kind: 'crossEntropy' },
          logits,
          tf.tensor2d([1, 0, 0, 0, 1, 0], [2, 3]),
        ).dataSync();
      });
      expect(loss.every(Number.isFinite)).toBe(true);
    }
  });

  it.each([
    ['elu', -1, Math.exp(-1) - 1],
    ['selu', 2, 2 * 1.0507009873554805],
    ['softplus', 0, Math.log(2)],
    ['swish', 1, 1 / (1 + Math.exp(-1))],
    ['gelu', 1, 0.8413447460685429], // 1 * the normal distribution at 1
    ['gelu', -2, -2 * 0.022750131948179195],
  ] as const)('%s of %d', (activation, x, expected) => {
    const network: Network = {
      inputShape: [1],
      layers: [{ kind: 'dense', units: 1, activation }],
      head: { kind: 'value' },
    };
    const weights = new Map(
      weightSlots(network).map(({ name, shape, role }) => [name, tf.fill(shape, role === 'kernel' ? 1 : 0)]),
    );
    const y = tf.tidy(() => forward(tf, network, weights, tf.tensor2d([x], [1, 1]), null).dataSync()[0]);
    weights.forEach((tensor) => tensor.dispose());
    expect(y).toBeCloseTo(expected, 6);
  });
});

describe('the loss', () => {
  it('stays finite at logits that would overflow a probability', () => {
    const of = (kind: 'sigmoid' | 'softmax', logits: number[], y: number[]) =>
      tf.tidy(() => {
        const head = kind === 'softmax' ? ({ kind, units: 2 } as const) : { kind };
        const shape: [number, number] = kind === 'softmax' ? [1, 2] : [1, 1];
        return rowLosses(
          tf,
          head,
          { kind: 'crossEntropy' },
          tf.tensor2d(logits, shape),
          tf.tensor2d(y, shape),
        ).dataSync()[0];
      });
    expect(of('sigmoid', [500], [0])).toBeCloseTo(500);
    expect(of('sigmoid', [-500], [0])).toBeCloseTo(0);
    expect(of('softmax', [500, -500], [0, 1])).toBeCloseTo(1000);
    expect(of('softmax', [500, -500], [1, 0])).toBeCloseTo(0);
  });

  it('gives probabilities that add up to 1', () => {
    const p = tf.tidy(() => activateHead(tf, { kind: 'softmax', units: 3 }, tf.tensor2d([[5, -2, 0.1]])).dataSync());
    expect(p[0] + p[1] + p[2]).toBeCloseTo(1, 6);
  });
});
