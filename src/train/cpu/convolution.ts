// A convolution and its two gradients, channels last. Zeros are skipped: a rectifier makes half of what goes forward
// zero, and a pool three quarters of what comes back.

import type { Tf } from '../tf.ts';
import type { CpuKernel, Values } from './kernel.ts';

type Conv2DInfo = ReturnType<Tf['backend_util']['computeConv2DInfo']>;
type Shape4 = [number, number, number, number];

/** Conv2D, Conv2DBackpropFilter, Conv2DBackpropInput. */
export function convolutionKernels(tf: Tf): CpuKernel[] {
  const info = (attributes: Record<string, unknown>, inputShape: number[], filterShape: number[]) =>
    tf.backend_util.computeConv2DInfo(
      inputShape as Shape4,
      filterShape as Shape4,
      attributes.strides as [number, number],
      1,
      attributes.pad as 'same' | 'valid',
      attributes.dimRoundingMode as 'floor' | undefined,
      false,
    );
  const takes: CpuKernel['takes'] = (_, { dilations, dataFormat }) =>
    dataFormat !== 'NCHW' && [dilations ?? 1].flat().every((dilation) => dilation === 1);
  return [
    {
      name: tf.Conv2D,
      inputs: ['x', 'filter'],
      takes,
      run: ([x, filter], [xShape, filterShape], attributes) => {
        const conv = info(attributes, xShape, filterShape);
        return { shape: conv.outShape, values: convolve(conv, x, filter) };
      },
    },
    {
      name: tf.Conv2DBackpropFilter,
      inputs: ['x', 'dy'],
      takes,
      run: ([x, dy], [xShape], attributes) => {
        const shape = attributes.filterShape as number[];
        return { shape, values: filterGradient(info(attributes, xShape, shape), x, dy) };
      },
    },
    {
      name: tf.Conv2DBackpropInput,
      inputs: ['dy', 'filter'],
      takes,
      run: ([dy, filter], [, filterShape], attributes) => {
        const shape = attributes.inputShape as number[];
        return { shape, values: inputGradient(info(attributes, shape, filterShape), dy, filter) };
      },
    },
  ];
}

/**
 * Calls back for each pair of an input pixel and an output pixel that a kernel cell ties together.
 * @param visit takes the offset of the input's first channel, of the output's, and the number of the cell
 */
function eachPair(info: Conv2DInfo, visit: (input: number, output: number, cell: number) => void): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  const { filterHeight, filterWidth, strideHeight, strideWidth } = info;
  const { top, left } = info.padInfo;
  for (let b = 0; b < batchSize; b++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ky = 0; ky < filterHeight; ky++) {
        const iy = oy * strideHeight - top + ky;
        if (iy < 0 || iy >= inHeight) continue;
        for (let kx = 0; kx < filterWidth; kx++) {
          for (let ox = 0; ox < outWidth; ox++) {
            const ix = ox * strideWidth - left + kx;
            if (ix < 0 || ix >= inWidth) continue;
            const input = ((b * inHeight + iy) * inWidth + ix) * inChannels;
            visit(input, ((b * outHeight + oy) * outWidth + ox) * outChannels, ky * filterWidth + kx);
          }
        }
      }
    }
  }
}

/** [batch, outHeight, outWidth, out] */
function convolve(info: Conv2DInfo, x: Values, filter: Values): Values {
  const { batchSize, outHeight, outWidth, inChannels, outChannels } = info;
  const sums = new Float64Array(batchSize * outHeight * outWidth * outChannels);
  eachPair(info, (input, output, cell) => {
    for (let c = 0; c < inChannels; c++) {
      const value = x[input + c];
      if (value === 0) continue;
      const row = (cell * inChannels + c) * outChannels;
      for (let f = 0; f < outChannels; f++) sums[output + f] += value * filter[row + f];
    }
  });
  return new Float32Array(sums);
}

/** d loss / d kernel, [height, width, in, out]; summed up as [height, width, out, in], where the inner loop is dense. */
function filterGradient(info: Conv2DInfo, x: Values, dy: Values): Values {
  const { inChannels, outChannels, filterHeight, filterWidth } = info;
  const cells = filterHeight * filterWidth;
  const sums = new Float64Array(cells * outChannels * inChannels);
  eachPair(info, (input, output, cell) => {
    for (let f = 0; f < outChannels; f++) {
      const slope = dy[output + f];
      if (slope === 0) continue;
      const row = (cell * outChannels + f) * inChannels;
      for (let c = 0; c < inChannels; c++) sums[row + c] += slope * x[input + c];
    }
  });
  return new Float32Array(swapChannels(sums, new Float64Array(sums.length), cells, outChannels, inChannels));
}

/** d loss / d input, [batch, height, width, in]; the kernel is read as [height, width, out, in]. */
function inputGradient(info: Conv2DInfo, dy: Values, filter: Values): Values {
  const { batchSize, inHeight, inWidth, inChannels, outChannels, filterHeight, filterWidth } = info;
  const cells = filterHeight * filterWidth;
  const swapped = swapChannels(filter, new Float32Array(filter.length), cells, inChannels, outChannels);
  const sums = new Float64Array(batchSize * inHeight * inWidth * inChannels);
  eachPair(info, (input, output, cell) => {
    for (let f = 0; f < outChannels; f++) {
      const slope = dy[output + f];
      if (slope === 0) continue;
      const row = (cell * outChannels + f) * inChannels;
      for (let c = 0; c < inChannels; c++) sums[input + c] += slope * swapped[row + c];
    }
  });
  return new Float32Array(sums);
}

/** [cells, a, b] to [cells, b, a], written into `to`. */
function swapChannels<T extends Float32Array | Float64Array>(from: T, to: T, cells: number, a: number, b: number): T {
  for (let cell = 0; cell < cells; cell++) {
    for (let i = 0; i < a; i++) {
      for (let j = 0; j < b; j++) to[(cell * b + j) * a + i] = from[(cell * a + i) * b + j];
    }
  }
  return to;
}
