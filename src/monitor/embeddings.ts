// What a network makes of images just before it decides: points in which pictures lie near each other that look alike to it.
// Some of those of the held-out images are kept, and later images are held against them.

import { createRandom } from '../base/random.ts';
import { compareSamples, type Discrepancy } from './mmd.ts';

/** Points of each side; more are surer, and each is a forward pass. */
export const MOST_EMBEDDED = 250;
/** Fewer points than these say nothing. */
export const LEAST_EMBEDDED = 20;
/** Numbers that are kept of each point. */
const WIDTH = 64;

export interface Embeddings {
  /** [points, width] */
  points: Float32Array;
  width: number;
}

export interface EmbeddingDrift extends Discrepancy {
  /** points of the reference and of the batch */
  rows: [reference: number, batch: number];
}

/**
 * Points of any width in at most 64 dimensions: beyond them by sparse random projection (Achlioptas 2003), which keeps
 * distances about as they are and is the same for every caller.
 * @param outputs what the last layer before the head gave of each image
 */
export function embed(outputs: readonly Float32Array[]): Embeddings {
  const size = outputs[0]?.length ?? 0;
  const width = Math.min(size, WIDTH);
  const points = new Float32Array(outputs.length * width);
  if (size <= WIDTH) outputs.forEach((output, i) => points.set(output, i * width));
  else {
    const signs = projection(size);
    outputs.forEach((output, i) => {
      for (let w = 0; w < width; w++) {
        let sum = 0;
        for (let k = 0; k < size; k++) sum += signs[w * size + k] * output[k];
        points[i * width + w] = sum * Math.sqrt(3 / WIDTH);
      }
    });
  }
  return { points, width };
}

/** [64, size] of -1, 0 and 1, one in six, four and one. */
function projection(size: number): Int8Array {
  const random = createRandom(size);
  const byDie = [-1, 0, 0, 0, 0, 1];
  return Int8Array.from({ length: WIDTH * size }, () => byDie[random.below(6)]);
}

/** @returns null where there are too few points to tell */
export function embeddingDrift(reference: Embeddings, batch: Embeddings, seed: number): EmbeddingDrift | null {
  const { width } = reference;
  const rows: EmbeddingDrift['rows'] = [reference.points.length / width, batch.points.length / width];
  if (batch.width !== width || Math.min(...rows) < LEAST_EMBEDDED) return null;
  return { ...compareSamples(reference.points, batch.points, width, { random: createRandom(seed) }), rows };
}
