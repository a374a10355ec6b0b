// TensorFlow.js, loaded when it is first needed: it is larger than the whole page. Backends are chosen in backend.ts.

import type * as tfjs from '@tensorflow/tfjs';
import { installCpuKernels } from './cpu/kernel.ts';

export type Tf = typeof tfjs;
export type Tensor = tfjs.Tensor;
export type Scalar = tfjs.Scalar;

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

/** Lets go of what the library kept for gradients that an error kept it from computing. */
export function dropGradients(tf: Tf): void {
  const { state } = tf.engine() as unknown as { state: { activeTape: { saved?: Tensor[] }[] | null } };
  state.activeTape?.forEach(({ saved }) => tf.dispose(saved ?? []));
  state.activeTape = null;
}

/** Whether `loadTf` was ever called: what nothing was loaded for holds nothing. */
export function tfWasLoaded(): boolean {
  return loading !== null;
}
