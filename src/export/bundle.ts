// What every bundle around an ONNX file is written from and is made of. Types and the names that all of them share.

import type { ExportInput } from './exportInput.ts';
import type { Samples } from './samples.ts';

/** A model with what the page predicts of made-up examples. */
export interface BundleInput extends ExportInput {
  samples: Samples;
}

/** A file of a zip, by its path inside. */
export interface BundleFile {
  name: string;
  bytes: Uint8Array | string;
}

/** The model file of every bundle, which is verified before the bundle is offered. */
export const MODEL_FILE = 'model.onnx';

/** How far a smoke test may be from what the page predicts: of probabilities, or of values in units of the target's scale. */
export function smokeTolerance({ preparation: { target } }: ExportInput): number {
  return target.kind === 'classes' ? 1e-4 : 1e-4 * Math.abs(target.scale);
}

/** The predictions of the samples, row by row, as they are printed into smoke tests: 7 digits, as float32 has. */
export function expectedRows({ preparation: { target }, samples: { outputs } }: BundleInput): number[][] {
  const width = target.kind === 'classes' ? target.labels.length : 1;
  return Array.from({ length: outputs.length / width }, (_, row) =>
    Array.from(outputs.subarray(row * width, (row + 1) * width), (value) => Number(value.toPrecision(7))),
  );
}
