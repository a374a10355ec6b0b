import * as tfjs from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/base/random.ts';
import { useBackend } from '../../../src/train/backend.ts';

// the library's own kernels are the oracle, taken before ours stand in their place
const NAMES = [
  'Conv2D',
  'Conv2DBackpropFilter',
  'Conv2DBackpropInput',
  'MaxPoolGrad',
  'BatchMatMul',
  'Add',
  'Sub',
  'Multiply',
  'RealDiv',
  'Relu',
  'Sqrt',
  'Square',
  'Step',
];
const own = new Map(NAMES.map((name) => [name, tfjs.getKernel(name, 'cpu').kernelFunc]));

const random = createRandom(1);
/** Half zeros, as a rectifier gives. */
const tensor = (...shape: number[]) => {
  const values = Float32Array.from({ length: shape.reduce((n, size) => n * size, 1) }, () =>
    random.next() < 0.5 ? 0 : random.normal(),
  );
  return tfjs.tensor(values, shape);
};

beforeAll(async () => {
  await useBackend('cpu');
});

function compare(name: string, inputs: Record<string, tfjs.Tensor>, attrs: Record<string, unknown>): void {
  const backend = tfjs.backend() as unknown as { data: { get(id: object): { values: Float32Array } } };
  const run = (kernel: tfjs.KernelFunc) => {
    const { shape, dataId } = kernel({ inputs, attrs: attrs as never, backend }) as tfjs.TensorInfo;
    return { shape, values: backend.data.get(dataId).values };
  };
  const ours = tfjs.getKernel(name, 'cpu').kernelFunc;
  expect(ours).not.toBe(own.get(name));
  const [got, expected] = [run(ours), run(own.get(name)!)];
  expect(got.shape).toEqual(expected.shape);
  expected.values.forEach((value, i) => {
    if (Number.isFinite(value))
      expect(Math.abs(got.values[i] - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
    else expect(got.values[i]).toBe(value);
  });
}

describe('a CPU kernel of ours gives what the library’s own gives', () => {
  const sizes: [number, number, number, 'same' | 'valid'][] = [
    [5, 3, 1, 'same'],
    [6, 3, 2, 'same'],
    [7, 2, 2, 'valid'],
    [6, 1, 1, 'valid'],
    [8, 4, 3, 'same'],
  ];

  it.each(sizes)('convolution of %i pixels, kernel %i, stride %i, padding %s', (pixels, size, stride, pad) => {
    const filterShape = [size, size, 3, 4];
    const attrs = { strides: [stride, stride], pad, dataFormat: 'NHWC', dilations: [1, 1], filterShape };
    const x = tensor(2, pixels, pixels + 1, 3);
    const filter = tensor(...filterShape);
    compare('Conv2D', { x, filter }, attrs);
    const dy = tensor(...tfjs.conv2d(x as tfjs.Tensor4D, filter as tfjs.Tensor4D, stride, pad).shape);
    compare('Conv2DBackpropFilter', { x, dy }, attrs);
    compare('Conv2DBackpropInput', { dy, filter }, { ...attrs, inputShape: x.shape });
  });

  it.each(sizes)('max pooling of %i pixels, window %i, stride %i, padding %s', (pixels, filterSize, strides, pad) => {
    const values = Float32Array.from({ length: 2 * pixels * pixels * 3 }, () => random.normal()); // no ties
    const input = tfjs.tensor4d(values, [2, pixels, pixels, 3]);
    const output = tfjs.maxPool(input, filterSize, strides, pad);
    compare('MaxPoolGrad', { dy: tensor(...output.shape), input, output }, { filterSize, strides, pad });
  });

  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('matrix product, transposed %s and %s', (transposeA, transposeB) => {
    const a = transposeA ? tensor(1, 7, 5) : tensor(1, 5, 7);
    const b = transposeB ? tensor(1, 6, 7) : tensor(1, 7, 6);
    compare('BatchMatMul', { a, b }, { transposeA, transposeB });
  });

  it.each([
    ['equal shapes', [3, 4], [3, 4]],
    ['a vector along the last axis', [2, 3, 4], [4]],
    ['one number on the right', [3, 4], []],
    ['one number on the left', [], [3, 4]],
    ['a column, left to the library', [3, 4], [3, 1]],
    ['a row of its own axis, left to the library', [3, 1], [1, 4]],
  ])('element by element, %s', (_, left, right) => {
    for (const name of ['Add', 'Sub', 'Multiply', 'RealDiv']) {
      compare(name, { a: tensor(...left), b: tfjs.add(tensor(...right), 3) }, {});
    }
  });

  it('single operations, infinities and NaN included', () => {
    const x = tfjs.tensor1d([-2, -0.5, 0, 0.5, 4, Infinity, -Infinity, NaN]);
    for (const name of ['Relu', 'Sqrt', 'Square']) compare(name, { x }, {});
    compare('Step', { x }, { alpha: 0 });
    compare('Step', { x }, { alpha: 0.3 });
  });

  it('leaves whole numbers to the library', () => {
    const sum = tfjs.add(tfjs.tensor1d([1, 2], 'int32'), tfjs.tensor1d([3, 4], 'int32'));
    expect(sum.dtype).toBe('int32');
    expect([...sum.dataSync()]).toEqual([4, 6]);
  });
});
