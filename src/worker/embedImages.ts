// Images as points in the space in which a version's own network tells them apart, a bounded number of them, and those of a
// batch against those of the version's held-out part. Computed in plain numbers, so that they are the same on every machine
// and nobody waits for a backend.

import { UserError } from '../base/errors.ts';
import { resizeImage } from '../data/images.ts';
import { createEmbedding } from '../infer/forward.ts';
import { embed, embeddingDrift, type EmbeddingDrift, type Embeddings, LEAST_EMBEDDED, MOST_EMBEDDED } from '../monitor/embeddings.ts'; // prettier-ignore
import { drawRows } from '../monitor/reference.ts';
import type { Context } from './context.ts';
import { decodeImage } from './decode.ts';
import { imageItem } from './engineData.ts';
import { openKeptData } from './engineEvaluate.ts';
import type { LearningData } from './learningData.ts';
import type { UsableModel } from './modelOutputs.ts';
import { imageFiles } from './readBatchFiles.ts';
import type { Subject } from './subject.ts';

/** Of some of the held-out images; null for a table, or where none was held out. */
export async function embedHeldOut(
  model: UsableModel,
  data: LearningData,
  rows: Int32Array,
  seed: number,
): Promise<Embeddings | null> {
  if (data.kind !== 'images' || rows.length === 0) return null;
  const items = Array.from(drawRows(rows, MOST_EMBEDDED, seed), (row) => imageItem(data.dataset, data.content, row));
  return embedImages(model, items.map(({ name, blob }) => new File([blob], name))); // prettier-ignore
}

/** How the images of a batch lie against the held-out ones; of a table null. Where it cannot be told, `limit` says why. */
export async function examineEmbeddings(
  context: Context,
  { version, trained, reference, content, rows }: Subject,
): Promise<{ drift: EmbeddingDrift | null; limit: string | null }> {
  if (content.kind !== 'images') return { drift: null, limit: null };
  const { seed } = version.recipe;
  const few = `Embeddings are not compared: it takes ${LEAST_EMBEDDED} images here and ${LEAST_EMBEDDED} that were held out.`;
  if (rows < LEAST_EMBEDDED) return { drift: null, limit: few };
  const known = reference.embeddings ?? (await embedAgain(context, version, trained));
  if (known === 'gone') {
    return { drift: null, limit: 'Embeddings are not compared: the version was made before Lathe kept them, and its data set is gone.' }; // prettier-ignore
  }
  const files = imageFiles(content);
  const drawn = drawRows(Int32Array.from(files, (_, i) => i), MOST_EMBEDDED, seed); // prettier-ignore
  const drift =
    known &&
    embeddingDrift(
      known,
      await embedImages(
        trained,
        Array.from(drawn, (i) => files[i]),
      ),
      seed,
    );
  return { drift, limit: drift ? null : few };
}

/** Of a version that keeps none: out of its data, as long as that is here. */
async function embedAgain(
  context: Context,
  version: Subject['version'],
  trained: Subject['trained'],
): Promise<Embeddings | null | 'gone'> {
  try {
    const { test, validation } = trained.split;
    const data = await openKeptData(context, version);
    return await embedHeldOut(trained, data, test.length > 0 ? test : validation, version.recipe.seed);
  } catch (error) {
    if (error instanceof UserError && error.code === 'missing') return 'gone';
    throw error;
  }
}

/** @throws UserError where an image cannot be decoded */
async function embedImages(
  { network, weights, preparation }: UsableModel,
  files: readonly File[],
): Promise<Embeddings> {
  if (preparation.kind !== 'images') throw new Error('a model of a table embeds no images');
  const through = createEmbedding(network, weights);
  const outputs: Float32Array[] = [];
  for (const [i, file] of files.entries()) {
    const pixels = resizeImage(await decodeImage(file), preparation);
    outputs.push(through(Float32Array.from(pixels, (pixel) => pixel / 255)));
    if (i % 16 === 15) await new Promise((resolve) => setTimeout(resolve)); // others are answered in between
  }
  return embed(outputs);
}
