// Images as points in the space in which a version's own network tells them apart, a bounded number of them. Computed in
// plain numbers, so that they are the same on every machine and nobody waits for a backend.

import { resizeImage } from '../data/images.ts';
import type { Preparation } from '../data/prepare.ts';
import { createEmbedding } from '../infer/forward.ts';
import { embed, type Embeddings, MOST_EMBEDDED } from '../monitor/embeddings.ts';
import { drawRows } from '../monitor/reference.ts';
import { decodeImage } from './decode.ts';
import type { UsableModel } from './modelOutputs.ts';

/** Which of so many images are embedded; all of them where they are few. */
export function drawEmbedded(images: number, seed: number): Int32Array {
  return drawRows(Int32Array.from({ length: images }, (_, i) => i), MOST_EMBEDDED, seed); // prettier-ignore
}

/** @throws UserError where an image cannot be decoded */
export async function embedImages(
  { network, weights }: UsableModel,
  size: Preparation & { kind: 'images' },
  files: readonly File[],
): Promise<Embeddings> {
  const through = createEmbedding(network, weights);
  const outputs: Float32Array[] = [];
  for (const [i, file] of files.entries()) {
    const pixels = resizeImage(await decodeImage(file), size);
    outputs.push(through(Float32Array.from(pixels, (pixel) => pixel / 255)));
    if (i % 16 === 15) await new Promise((resolve) => setTimeout(resolve)); // others are answered in between
  }
  return embed(outputs);
}
