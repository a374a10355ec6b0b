import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { inferShapes } from '../../src/model/shapes.ts';
import type { LayerSpec, Network } from '../../src/model/spec.ts';
import { initialWeights, weightSlots } from '../../src/model/weights.ts';

const network = (inputShape: number[], ...layers: LayerSpec[]): Network => ({
  inputShape,
  layers,
  head: { kind: 'softmax', units: 10 },
});
const dense = (units: number): LayerSpec => ({ kind: 'dense', units, activation: 'relu' });
const conv = (changes: object = {}): LayerSpec => ({
  kind: 'conv2d',
  filters: 4,
  kernelSize: 3,
  activation: 'relu',
  ...changes,
});

describe('the shapes of a network', () => {
  it('follow from layer to layer, with the number of weights of each', () => {
    const shapes = inferShapes(
      network(
        [28, 28, 1],
        conv({ padding: 'same' }),
        { kind: 'maxPool2d', poolSize: 2 },
        { kind: 'batchNorm' },
        conv({ filters: 8, strides: 2 }),
        { kind: 'averagePool2d', poolSize: 4, padding: 'same' },
        { kind: 'flatten' },
        { kind: 'dropout', rate: 0.5 },
        dense(16),
      ),
    );
    expect(shapes.map(({ name, shape, parameters }) => [name, shape, parameters])).toEqual([
      ['0_conv2d', [28, 28, 4], 40],
      ['1_maxPool2d', [14, 14, 4], 0],
      ['2_batchNorm', [14, 14, 4], 16],
      ['3_conv2d', [6, 6, 8], 296],
      ['4_averagePool2d', [2, 2, 8], 0],
      ['5_flatten', [32], 0],
      ['6_dropout', [32], 0],
      ['7_dense', [16], 528],
      ['head', [10], 170],
    ]);
  });

  it('count the weights that are built', () => {
    const built = network([8, 8, 3], conv(), { kind: 'batchNorm' }, { kind: 'globalAveragePool2d' }, dense(5));
    const counted = inferShapes(built).reduce((sum, { parameters }) => sum + parameters, 0);
    expect(initialWeights(built, 1).reduce((sum, { data }) => sum + data.length, 0)).toBe(counted);
  });

  it.each([
    ['a layer of 1e9 units', network([4], dense(1e9)), /^invalid layer 0_dense: units is 1000000000, .* 1 to 65536/],
    ['half a unit', network([4], dense(0.5)), /^invalid layer 0_dense: units is 0\.5/],
    [
      'too many weights',
      network([60_000], dense(60_000)),
      /^invalid layer 0_dense: the model comes to 36000\d+ weights/,
    ],
    ['too large an output', network([1024, 1024, 3], conv({ filters: 64 })), /^invalid layer 0_conv2d: it gives/],
    ['a window larger than its input', network([2, 8, 1], conv()), /^invalid layer 0_conv2d: a window of 3 .* of 2/],
    ['a dense layer on an image', network([8, 8, 1], dense(4)), /^invalid layer 0_dense: .*\[8, 8, 1\]; put a flatten/],
    ['a head on an image', network([8, 8, 1], conv()), /^invalid layer head: .*put a flatten/],
    ['a convolution of rows', network([8], conv()), /^invalid layer 0_conv2d: it takes \[height, width, channels\]/],
    ['a rate of 1', network([8], { kind: 'dropout', rate: 1 }), /^invalid layer 0_dropout: rate is 1/],
    ['101 layers', network([8], ...Array.from({ length: 101 }, () => dense(2))), /^invalid model\.layers: 101 layers/],
    ['no features', network([0]), /^invalid input: size is 0/],
    ['an unknown layer', network([8], { kind: 'lambda' } as never), /^unknown layer kind 'lambda' of layer 0_lambda/],
  ])('refuse %s, naming the layer', (_, wrong, message) => {
    expect(() => inferShapes(wrong)).toThrow(UserError);
    expect(() => inferShapes(wrong)).toThrow(message);
  });
});

describe('initial weights', () => {
  const wide = network([200], dense(300), { kind: 'dense', units: 100, activation: 'tanh' }, { kind: 'batchNorm' });
  const spread = (data: Float32Array) => Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);

  it('are named and shaped by layer', () => {
    expect(weightSlots(wide).map(({ name, shape }) => [name, shape])).toEqual([
      ['0_dense/kernel', [200, 300]],
      ['0_dense/bias', [300]],
      ['1_dense/kernel', [300, 100]],
      ['1_dense/bias', [100]],
      ['2_batchNorm/gamma', [100]],
      ['2_batchNorm/beta', [100]],
      ['2_batchNorm/movingMean', [100]],
      ['2_batchNorm/movingVariance', [100]],
      ['head/kernel', [100, 10]],
      ['head/bias', [10]],
    ]);
  });

  it('have the variance of He before a rectifier and of Glorot elsewhere', () => {
    const weights = Object.fromEntries(initialWeights(wide, 1).map(({ name, data }) => [name, data]));
    expect(spread(weights['0_dense/kernel'])).toBeCloseTo(Math.sqrt(2 / 200), 2);
    expect(spread(weights['1_dense/kernel'])).toBeCloseTo(Math.sqrt(2 / 400), 2);
    expect(Math.max(...weights['1_dense/kernel'])).toBeLessThanOrEqual(Math.sqrt(6 / 400));
    expect([...new Set(weights['2_batchNorm/gamma'])]).toEqual([1]);
    expect([...new Set(weights['0_dense/bias'])]).toEqual([0]);
  });

  it('are the same for the same seed and others for another', () => {
    expect(initialWeights(wide, 5)).toEqual(initialWeights(wide, 5));
    expect(initialWeights(wide, 5)).not.toEqual(initialWeights(wide, 6));
  });
});
