// Each layer's gradients, compiled, against TensorFlow.js on the CPU.

import { describe, expect, test } from 'vitest';
import type { Activation, ExtendedLayerSpec, ExtendedNetwork, Head } from '../../src/model/spec.ts';
import { above, compareStep } from './cases.ts';

const TOLERANCE = 1e-4;
const softmax: Head = { kind: 'softmax', units: 3 };

const agrees = async (inputShape: number[], layers: ExtendedLayerSpec[], o: Parameters<typeof compareStep>[1] = {}) => {
  const network: ExtendedNetwork = { inputShape, layers, head: softmax };
  expect(above(await compareStep(network, o), TOLERANCE)).toEqual({});
};

describe('dense', () => {
  test('alone', () => agrees([5], []));
  test('two, of sizes that go and do not go in fours', () =>
    agrees(
      [8],
      [
        { kind: 'dense', units: 12, activation: 'tanh' },
        { kind: 'dense', units: 7, activation: 'sigmoid' },
      ],
    ));
  test.each<Activation>(['linear', 'relu', 'elu', 'selu', 'tanh', 'sigmoid', 'softplus', 'swish', 'gelu'])(
    'with %s',
    (activation) => agrees([6], [{ kind: 'dense', units: 9, activation }]),
  );
  test('with a batch shorter than the batch size', () =>
    agrees([6], [{ kind: 'dense', units: 8, activation: 'relu' }], { rows: 70, batch: 64 }));
});

describe('convolution', () => {
  const conv = (o: object): ExtendedLayerSpec => ({
    kind: 'conv2d',
    filters: 4,
    kernelSize: 3,
    activation: 'tanh',
    ...o,
  });
  const shapes: [string, object, number[]][] = [
    ['valid', {}, [6, 7, 1]],
    ['valid, four channels', {}, [6, 7, 4]],
    ['same', { padding: 'same' }, [5, 6, 3]],
    ['stride 2, valid', { strides: 2 }, [7, 8, 4]],
    ['stride 2, same', { strides: 2, padding: 'same' }, [6, 7, 2]],
    ['dilation 2, valid', { dilation: 2 }, [8, 7, 4]],
    ['dilation 2, same', { dilation: 2, padding: 'same' }, [8, 7, 3]],
    ['1 x 1', { kernelSize: 1, filters: 5 }, [4, 4, 4]],
    ['1 x 1, stride 2', { kernelSize: 1, strides: 2 }, [5, 5, 4]],
    ['five filters of 2 x 2', { kernelSize: 2, filters: 5, padding: 'same' }, [5, 5, 2]],
  ];
  test.each(shapes)('first layer, %s', (_, o, shape) => agrees(shape, [conv(o), { kind: 'flatten' }]));
  test.each(shapes)('second layer, %s', (_, o, shape) =>
    agrees(shape, [conv({ kernelSize: 1, filters: shape[2] }), conv(o), { kind: 'flatten' }]),
  );
  test('in one dimension', () =>
    agrees(
      [12, 3],
      [
        { kind: 'conv1d', filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' },
        { kind: 'conv1d', filters: 5, kernelSize: 3, strides: 2, activation: 'tanh' },
        { kind: 'conv1d', filters: 4, kernelSize: 2, dilation: 2, activation: 'tanh' },
        { kind: 'flatten' },
      ],
    ));
  test.each([
    ['valid', { kernelSize: 3, strides: 2 }],
    ['same', { kernelSize: 3, strides: 2, padding: 'same' }],
    ['same, kernel below stride', { kernelSize: 2, strides: 3, padding: 'same' }],
    ['stride 1', { kernelSize: 3 }],
  ] as [string, object][])('transposed, %s', (_, o) => {
    const layer = { kind: 'conv2dTranspose', filters: 4, activation: 'tanh', ...o } as ExtendedLayerSpec;
    return agrees([3, 4, 4], [layer, { ...layer, filters: 3 } as ExtendedLayerSpec, { kind: 'flatten' }]);
  });
  test.each([
    ['same', {}, 4],
    ['three channels', {}, 3],
    ['stride 2', { strides: 2 }, 4],
    ['valid', { padding: 'valid' }, 8],
    ['multiplier 2', { multiplier: 2 }, 3],
    ['dilation 2', { dilation: 2 }, 4],
  ] as [string, object, number][])('depthwise, %s', (_, o, channels) => {
    const layer = {
      kind: 'depthwiseConv2d',
      kernelSize: 3,
      padding: 'same',
      activation: 'tanh',
      ...o,
    } as ExtendedLayerSpec;
    return agrees([9, 7, channels], [conv({ kernelSize: 1, filters: channels }), layer, { kind: 'flatten' }]);
  });
  test('depthwise first', () =>
    agrees([6, 5, 4], [{ kind: 'depthwiseConv2d', kernelSize: 3, activation: 'relu' }, { kind: 'flatten' }]));
  test('separable', () =>
    agrees(
      [6, 6, 3],
      [
        { kind: 'separableConv2d', filters: 5, kernelSize: 3, padding: 'same', activation: 'relu' },
        { kind: 'separableConv2d', filters: 4, kernelSize: 3, multiplier: 2, strides: 2, activation: 'tanh' },
        { kind: 'flatten' },
      ],
    ));
});

describe('pooling', () => {
  const around = (pool: object): ExtendedLayerSpec[] => [
    { kind: 'conv2d', filters: 4, kernelSize: 2, activation: 'tanh' },
    pool as ExtendedLayerSpec,
    { kind: 'flatten' },
  ];
  const windows: [string, object][] = [
    ['2', { poolSize: 2 }],
    ['3 by 2, same', { poolSize: 3, strides: 2, padding: 'same' }],
    ['3 by 1', { poolSize: 3, strides: 1 }],
    ['2 by 3', { poolSize: 2, strides: 3 }],
  ];
  test.each(windows)('maximum of %s', (_, o) => agrees([8, 7, 2], around({ kind: 'maxPool2d', ...o })));
  test.each(windows)('average of %s', (_, o) => agrees([8, 7, 2], around({ kind: 'averagePool2d', ...o })));
  test.each(['globalAveragePool2d', 'globalMaxPool2d'])('%s', (kind) => agrees([6, 5, 2], around({ kind })));
  test.each(['globalAveragePool1d', 'globalMaxPool1d'])('%s', (kind) =>
    agrees([9, 3], [{ kind: 'conv1d', filters: 5, kernelSize: 2, activation: 'tanh' }, { kind } as ExtendedLayerSpec]),
  );
  test.each(['maxPool1d', 'averagePool1d'])('%s', (kind) =>
    agrees(
      [9, 3],
      [
        { kind: 'conv1d', filters: 4, kernelSize: 2, activation: 'tanh' },
        { kind, poolSize: 2 } as ExtendedLayerSpec,
        { kind: 'flatten' },
      ],
    ),
  );
  test('of the input itself', () => agrees([6, 6, 1], [{ kind: 'maxPool2d', poolSize: 2 }, { kind: 'flatten' }]));
});

describe('normalisation', () => {
  test('over the batch, flat', () =>
    agrees(
      [6],
      [
        { kind: 'dense', units: 8, activation: 'linear' },
        { kind: 'batchNorm' },
        { kind: 'activation', activation: 'relu' },
      ],
      { rows: 16 },
    ));
  test('over the batch, of images, in parts', () =>
    agrees(
      [8, 8, 2],
      [
        { kind: 'conv2d', filters: 4, kernelSize: 1, activation: 'tanh' },
        { kind: 'batchNorm', momentum: 0.8 },
        { kind: 'flatten' },
      ],
      { rows: 12 },
    ));
  test('of the input itself', () =>
    agrees([6], [{ kind: 'batchNorm' }, { kind: 'dense', units: 4, activation: 'relu' }], { rows: 16 }));
  test('over the channels', () =>
    agrees(
      [6],
      [
        { kind: 'dense', units: 8, activation: 'tanh' },
        { kind: 'layerNorm' },
        { kind: 'dense', units: 4, activation: 'relu' },
      ],
    ));
  test('over the channels, of images, in parts', () =>
    agrees(
      [8, 8, 2],
      [{ kind: 'conv2d', filters: 5, kernelSize: 1, activation: 'tanh' }, { kind: 'layerNorm' }, { kind: 'flatten' }],
      { rows: 8 },
    ));
});

describe('the rest', () => {
  test('dropout, after an activation and alone', () =>
    agrees(
      [6],
      [
        { kind: 'dropout', rate: 0.2 },
        { kind: 'dense', units: 16, activation: 'relu' },
        { kind: 'dropout', rate: 0.5 },
        { kind: 'dense', units: 16, activation: 'tanh' },
        { kind: 'dropout', rate: 0.25 },
        { kind: 'dropout', rate: 0.25 },
        { kind: 'dense', units: 16, activation: 'gelu' },
        { kind: 'dropout', rate: 0.3 },
      ],
      { rows: 24 },
    ));
  test('activation on activation', () =>
    agrees(
      [6],
      [
        { kind: 'dense', units: 8, activation: 'tanh' },
        { kind: 'activation', activation: 'sigmoid' },
        { kind: 'activation', activation: 'swish' },
      ],
    ));
  test('residual', () =>
    agrees(
      [6, 6, 2],
      [
        { kind: 'conv2d', filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' },
        {
          kind: 'residual',
          layers: [
            { kind: 'conv2d', filters: 4, kernelSize: 3, padding: 'same', activation: 'tanh' },
            { kind: 'conv2d', filters: 4, kernelSize: 3, padding: 'same', activation: 'linear' },
          ],
        },
        { kind: 'activation', activation: 'tanh' },
        { kind: 'flatten' },
      ],
    ));
  test('residual whose branch begins with an activation and a dropout', () =>
    agrees(
      [6],
      [
        { kind: 'dense', units: 8, activation: 'linear' },
        {
          kind: 'residual',
          layers: [
            { kind: 'activation', activation: 'relu' },
            { kind: 'dropout', rate: 0.3 },
          ],
        },
      ],
    ));
  test('branches side by side, one of them empty', () =>
    agrees(
      [6, 6, 3],
      [
        { kind: 'conv2d', filters: 4, kernelSize: 1, activation: 'tanh' },
        {
          kind: 'concatenate',
          branches: [
            [{ kind: 'conv2d', filters: 3, kernelSize: 3, padding: 'same', activation: 'relu' }],
            [],
            [{ kind: 'maxPool2d', poolSize: 3, strides: 1, padding: 'same' }],
          ],
        },
        { kind: 'activation', activation: 'tanh' },
        { kind: 'dropout', rate: 0.2 },
        { kind: 'flatten' },
      ],
    ));
  test('more numbers than one axis of a dispatch holds', () =>
    agrees([120_000], [{ kind: 'dropout', rate: 0.5 }], { rows: 40 }));
  test('reshape', () =>
    agrees(
      [12],
      [
        { kind: 'reshape', shape: [3, 4, 1] },
        { kind: 'conv2d', filters: 4, kernelSize: 2, activation: 'tanh' },
        { kind: 'flatten' },
      ],
    ));
  test('embedding', () =>
    agrees(
      [7],
      [
        { kind: 'embedding', vocabulary: 11, dimension: 10 },
        { kind: 'conv1d', filters: 4, kernelSize: 3, activation: 'tanh' },
        { kind: 'globalAveragePool1d' },
      ],
    ));
});
