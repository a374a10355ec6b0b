// The gradients of a convolution on the CPU backend, as plain loops over typed arrays. They replace those of
// TensorFlow.js, which read each number through an index computation and take some fifty times as long.
// Sums are double precision, in a fixed order: the same input gives the same bits.

import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs';
import type { Tf } from './tf.ts';

type Conv2DInfo = ReturnType<Tf['backend_util']['computeConv2DInfo']>;
type Values = Float32Array;

/** What the CPU backend offers a kernel. */
interface CpuBackend {
  data: { get(id: object): { values: Values } };
  makeTensorInfo(shape: number[], dtype: 'float32', values: Values): TensorInfo;
}

/** Puts the two kernels in the place of the library's own. */
export function installConvolutionGradients(tf: Tf): void {
  const info = (attrs: Record<string, unknown>, inputShape: number[], filterShape: number[]) =>
    tf.backend_util.computeConv2DInfo(
      inputShape as [number, number, number, number],
      filterShape as [number, number, number, number],
      attrs.strides as [number, number],
      1, // the library has no gradient of a dilated convolution
      attrs.pad as 'same' | 'valid',
      attrs.dimRoundingMode as 'floor' | undefined,
      false,
    );
  const kernels: KernelConfig[] = [
    {
      kernelName: tf.Conv2DBackpropFilter,
      backendName: 'cpu',
      kernelFunc: ({ inputs, backend, attrs }) => {
        const { x, dy } = inputs as Record<'x' | 'dy', TensorInfo>;
        const cpu = backend as CpuBackend;
        const { filterShape } = attrs as unknown as { filterShape: number[] };
        const values = filterGradient(info(attrs!, x.shape, filterShape), read(cpu, x), read(cpu, dy));
        return cpu.makeTensorInfo(filterShape, 'float32', values);
      },
    },
    {
      kernelName: tf.Conv2DBackpropInput,
      backendName: 'cpu',
      kernelFunc: ({ inputs, backend, attrs }) => {
        const { dy, filter } = inputs as Record<'dy' | 'filter', TensorInfo>;
        const cpu = backend as CpuBackend;
        const { inputShape } = attrs as unknown as { inputShape: number[] };
        const values = inputGradient(info(attrs!, inputShape, filter.shape), read(cpu, dy), read(cpu, filter));
        return cpu.makeTensorInfo(inputShape, 'float32', values);
      },
    },
  ];
  for (const kernel of kernels) {
    tf.unregisterKernel(kernel.kernelName, kernel.backendName);
    tf.registerKernel(kernel);
  }
}

function read(cpu: CpuBackend, tensor: TensorInfo): Values {
  return cpu.data.get(tensor.dataId).values;
}

/** Calls back with the offsets of each pair of an input pixel and an output pixel that a kernel cell ties together. */
function eachPair(
  info: Conv2DInfo,
  visit: (input: number, output: number, kernel: number) => void, // offsets of their first channels
): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  const { filterHeight, filterWidth, strideHeight, strideWidth } = info;
  const { top, left } = info.padInfo;
  for (let b = 0; b < batchSize; b++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ky = 0; ky < filterHeight; ky++) {
        const iy = oy * strideHeight - top + ky;
        if (iy < 0 || iy >= inHeight) continue;
        for (let kx = 0; kx < filterWidth; kx++) {
          const kernel = (ky * filterWidth + kx) * inChannels * outChannels;
          for (let ox = 0; ox < outWidth; ox++) {
            const ix = ox * strideWidth - left + kx;
            if (ix < 0 || ix >= inWidth) continue;
            const input = ((b * inHeight + iy) * inWidth + ix) * inChannels;
            visit(input, ((b * outHeight + oy) * outWidth + ox) * outChannels, kernel);
          }
        }
      }
    }
  }
}

/** d loss / d kernel, [height, width, in, out]. */
function filterGradient(info: Conv2DInfo, x: Values, dy: Values): Values {
  const { inChannels, outChannels, filterHeight, filterWidth } = info;
  const sums = new Float64Array(filterHeight * filterWidth * inChannels * outChannels);
  eachPair(info, (input, output, kernel) => {
    for (let c = 0; c < inChannels; c++) {
      const value = x[input + c];
      if (value === 0) continue; // half of what a rectifier gives
      const row = kernel + c * outChannels;
      for (let f = 0; f < outChannels; f++) sums[row + f] += value * dy[output + f];
    }
  });
  return Float32Array.from(sums);
}

/** d loss / d input, [batch, height, width, in]. */
function inputGradient(info: Conv2DInfo, dy: Values, filter: Values): Values {
  const { batchSize, inHeight, inWidth, inChannels, outChannels } = info;
  const sums = new Float64Array(batchSize * inHeight * inWidth * inChannels);
  eachPair(info, (input, output, kernel) => {
    for (let c = 0; c < inChannels; c++) {
      const row = kernel + c * outChannels;
      let sum = 0;
      for (let f = 0; f < outChannels; f++) sum += dy[output + f] * filter[row + f];
      sums[input + c] += sum;
    }
  });
  return Float32Array.from(sums);
}
