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

  it('follow along sequences, through blocks and branches, each layer under its full name', () => {
    const shapes = inferShapes(
      network(
        [12],
        { kind: 'reshape', shape: [6, 2] },
        { kind: 'conv1d', filters: 4, kernelSize: 3, dilation: 2, activation: 'relu' },
        { kind: 'residual', layers: [{ kind: 'layerNorm' }, { kind: 'activation', activation: 'tanh' }] },
        {
          kind: 'concatenate',
          branches: [[], [{ kind: 'conv1d', filters: 3, kernelSize: 2, padding: 'same', activation: 'relu' }]],
        },
        { kind: 'globalMaxPool1d' },
      ),
    );
    expect(shapes.map(({ name, input, shape, parameters }) => [name, input, shape, parameters])).toEqual([
      ['0_reshape', [12], [6, 2], 0],
      ['1_conv1d', [6, 2], [2, 4], 28],
      ['2_residual', [2, 4], [2, 4], 0],
      ['2_residual/0_layerNorm', [2, 4], [2, 4], 8],
      ['2_residual/1_activation', [2, 4], [2, 4], 0],
      ['3_concatenate', [2, 4], [2, 7], 0],
      ['3_concatenate/1/0_conv1d', [2, 4], [2, 3], 27],
      ['4_globalMaxPool1d', [2, 7], [7], 0],
      ['head', [7], [10], 80],
    ]);
  });

  it('are one state or the state of every step of a recurrent layer, with the weights of each gate', () => {
    const shapes = inferShapes(
      network(
        [7, 3],
        { kind: 'gru', units: 4, returnSequences: true },
        { kind: 'simpleRnn', units: 5, returnSequences: true },
        { kind: 'lstm', units: 6 },
      ),
    );
    expect(shapes.map(({ shape, parameters }) => [shape, parameters])).toEqual([
      [[7, 4], 3 * (3 + 4 + 1) * 4],
      [[7, 5], (4 + 5 + 1) * 5],
      [[6], 4 * (5 + 6 + 1) * 6],
      [[10], 70],
    ]);
  });

  it('are those of Keras where an image is widened, thinned and looked up', () => {
    const shapeOf = (inputShape: number[], ...layers: LayerSpec[]) =>
      inferShapes(network(inputShape, ...layers, { kind: 'flatten' }))[0];
    const transposed = (changes: object): LayerSpec =>
      conv({ kind: 'conv2dTranspose', filters: 2, strides: 2, ...changes });
    expect(shapeOf([5, 6, 3], transposed({ padding: 'same' })).shape).toEqual([10, 12, 2]);
    expect(shapeOf([5, 6, 3], transposed({}))).toMatchObject({ shape: [11, 13, 2], parameters: 9 * 2 * 3 + 2 });
    expect(shapeOf([5, 6, 3], transposed({ kernelSize: 1 })).shape).toEqual([10, 12, 2]);
    const depthwise: LayerSpec = { kind: 'depthwiseConv2d', kernelSize: 3, multiplier: 2, activation: 'relu' };
    expect(shapeOf([5, 6, 3], depthwise)).toMatchObject({ shape: [3, 4, 6], parameters: 9 * 3 * 2 + 6 });
    const separable: LayerSpec = { kind: 'separableConv2d', filters: 8, kernelSize: 3, strides: 2, activation: 'relu' };
    expect(shapeOf([5, 6, 3], separable)).toMatchObject({ shape: [2, 2, 8], parameters: 9 * 3 + 3 * 8 + 8 });
    expect(shapeOf([7], { kind: 'embedding', vocabulary: 11, dimension: 4 })).toMatchObject({
      shape: [7, 4],
      parameters: 44,
    });
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
    [
      'a stride that leaves cells out',
      network([8, 8, 1], conv({ strides: 2, dilation: 2 })),
      /^invalid layer 0_conv2d: dilation is 2 and strides is 2/,
    ],
    [
      'a convolution along no sequence',
      network([8], conv({ kind: 'conv1d' })),
      /0_conv1d: .*put a reshape to \[length/,
    ],
    ['an lstm along no sequence', network([8], { kind: 'lstm', units: 4 }), /0_lstm: .*put a reshape to \[length/],
    [
      'an lstm of too many units',
      network([8, 1], { kind: 'lstm', units: 2000 }),
      /0_lstm: units is 2000, .* 1 to 1024/,
    ],
    ['too many steps', network([5000, 1], { kind: 'gru', units: 4 }), /0_gru: it reads 5000 steps .* at most 4096/],
    [
      'a reshape to more numbers than there are',
      network([8], { kind: 'reshape', shape: [3, 3] }),
      /^invalid layer 0_reshape: \[3, 3\] holds 9 numbers and is given 8 as \[8\]; choose sizes whose product is 8/,
    ],
    [
      'a residual that changes the shape',
      network([8], { kind: 'residual', layers: [dense(8), dense(4)] }),
      /^invalid layer 0_residual: its layers make \[4\] of \[8\], and only equal shapes add up/,
    ],
    [
      'branches that do not go side by side',
      network([8, 8, 1], { kind: 'concatenate', branches: [[], [conv()]] }),
      /^invalid layer 0_concatenate: branch 1 gives \[6, 6, 4\], which does not go beside the \[8, 8, 1\] of branch 0/,
    ],
    [
      'a wrong layer in a layer',
      network([8], { kind: 'residual', layers: [{ kind: 'concatenate', branches: [[], [dense(0)]] }] }),
      /^invalid layer 0_residual\/0_concatenate\/1\/0_dense: units is 0/,
    ],
    [
      'an embedding of what is no input',
      network([8], dense(4), { kind: 'embedding', vocabulary: 3, dimension: 2 }),
      /^invalid layer 1_embedding: an embedding looks up whole numbers, .*make it the first layer/,
    ],
    [
      '101 layers in one',
      network([8], { kind: 'residual', layers: Array.from({ length: 100 }, () => dense(8)) }),
      /^invalid model\.layers: 101 layers/,
    ],
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

  it('count, for a kernel, only what one output adds up', () => {
    const layers: LayerSpec[] = [
      { kind: 'depthwiseConv2d', kernelSize: 5, multiplier: 8, activation: 'relu' },
      { kind: 'conv2dTranspose', filters: 64, kernelSize: 4, strides: 2, activation: 'relu' },
      { kind: 'flatten' },
    ];
    const image = network([8, 8, 64], ...layers);
    const weights = Object.fromEntries(initialWeights(image, 1).map(({ name, data }) => [name, data]));
    expect(spread(weights['0_depthwiseConv2d/kernel'])).toBeCloseTo(Math.sqrt(2 / 25), 2);
    expect(spread(weights['1_conv2dTranspose/kernel'])).toBeCloseTo(Math.sqrt(2 / (512 * 4)), 2);
    const words = network([8], { kind: 'embedding', vocabulary: 50, dimension: 8 }, { kind: 'flatten' });
    expect(Math.max(...initialWeights(words, 1)[0].data)).toBeCloseTo(0.05, 2);
  });

  it('are the same for the same seed and others for another', () => {
    expect(initialWeights(wide, 5)).toEqual(initialWeights(wide, 5));
    expect(initialWeights(wide, 5)).not.toEqual(initialWeights(wide, 6));
  });
});
