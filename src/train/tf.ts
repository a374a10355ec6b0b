// TensorFlow.js, loaded when it is first needed: it is larger than the whole page. Backends are chosen in backend.ts.

import type * as tfjs from '@tensorflow/tfjs';
import { installCpuKernels } from './cpu/kernel.ts';

export type Tf = typeof tfjs;
export type { Tensor, Scalar } from '@tensorflow/tfjs';

let loading: Promise<Tf> | null = null;

/** The library itself, with no backend chosen yet. */
export function loadTf(): Promise<Tf> {
  loading ??= import('@tensorflow/tfjs').then(
    (tf) => {
      tf.enableProdMode(); // no advice on the console, no check of every kernel's output
      installCpuKernels(tf);
      return tf;
    },
    (error: unknown) => {
      loading = null; // a failed download may be tried again
      throw error;
    },
  );
  return loading;
}

/** Whether `loadTf` was ever called: what nothing was loaded for holds nothing. */
export function tfWasLoaded(): boolean {
  return loading !== null;
}
