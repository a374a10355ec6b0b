// Kernels of our own on TensorFlow.js' CPU backend. Its own read each number through an index computation or call a
// function for it; loops over typed arrays do the same work ten to fifty times as fast. Sums are double precision and
// in a fixed order, so that the same input gives the same bits.

import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs';
import type { Tf } from '../tf.ts';
import { convolutionKernels } from './convolution.ts';
import { elementwiseKernels } from './elementwise.ts';
import { matrixKernels } from './matrix.ts';
import { poolingKernels } from './pooling.ts';

export type Values = Float32Array;
type Attributes = Record<string, unknown>;

/** A kernel on plain arrays. */
export interface CpuKernel {
  name: string;
  /** the names of its inputs, in the order that `run` takes them */
  inputs: string[];
  /** whether `run` does this case; the library's own kernel does the others */
  takes(shapes: number[][], attributes: Attributes): boolean;
  run(values: Values[], shapes: number[][], attributes: Attributes): { shape: number[]; values: Values };
}

/** What the CPU backend offers a kernel. */
interface CpuBackend {
  data: { get(id: object): { values: Values } };
  makeTensorInfo(shape: number[], dtype: 'float32', values: Values): TensorInfo;
}

/** Puts our kernels before the library's. */
export function installCpuKernels(tf: Tf): void {
  const kernels = [convolutionKernels, poolingKernels, matrixKernels, elementwiseKernels].flatMap((make) => make(tf));
  for (const kernel of kernels) {
    const own = tf.getKernel(kernel.name, 'cpu')?.kernelFunc;
    if (!own) throw new Error(`TensorFlow.js has no CPU kernel ${kernel.name}`);
    const kernelFunc: KernelFunc = (call) => {
      const tensors = kernel.inputs.map((name) => call.inputs[name] as TensorInfo);
      const shapes = tensors.map(({ shape }) => shape);
      const attributes = (call.attrs ?? {}) as Attributes;
      if (!tensors.every(({ dtype }) => dtype === 'float32') || !kernel.takes(shapes, attributes)) return own(call);
      const cpu = call.backend as CpuBackend;
      const { shape, values } = kernel.run(
        tensors.map(({ dataId }) => cpu.data.get(dataId).values),
        shapes,
        attributes,
      );
      return cpu.makeTensorInfo(shape, 'float32', values);
    };
    tf.unregisterKernel(kernel.name, 'cpu');
    tf.registerKernel({ kernelName: kernel.name, backendName: 'cpu', kernelFunc });
  }
}
