// What a recipe learns from, a table or images alike: a target for each row, and the network's input for any rows.

import { abortError, UserError } from '../base/errors.ts';
import { resizeImage } from '../data/images.ts';
import { withPositive } from '../data/positive.ts';
import { encodeFeatures, readTarget, type Preparation, type PreparationSpec } from '../data/prepare.ts';
import type { Table } from '../data/table.ts';
import type { Recipe } from '../model/recipe.ts';
import { readDataset, readImages, type DatasetDetail, type ImageContent } from '../store/datasets.ts';
import type { Context } from './context.ts';
import { decodeImage } from './decode.ts';
import { imageItem } from './engineData.ts';
import { typedTable } from './tables.ts';

type Target = ReturnType<typeof readTarget>;
type ImageSize = NonNullable<PreparationSpec['image']>;

interface Common {
  dataset: DatasetDetail;
  /** the rows that have a target, and what it is for each row of the data set */
  target: Target;
}

export type LearningData =
  (Common & { kind: 'table'; table: Table }) | (Common & { kind: 'images'; content: ImageContent });

export interface Effort {
  signal?: AbortSignal;
  onImages?: (progress: { done: number; total: number }) => void;
}

/** @throws UserError where the data set is not kept, or the target cannot be learned */
export async function openLearningData(context: Context, recipe: Recipe): Promise<LearningData> {
  const dataset = await readDataset(context.workspace, recipe.dataset);
  if (dataset.kind === 'table') {
    if (recipe.task === 'imageClassification') {
      throw new UserError(
        'invalid',
        `task 'imageClassification': data set '${dataset.name}' is a table. Suggest a recipe for it.`,
      );
    }
    const table = await typedTable(context, dataset.id, recipe.columns);
    return {
      kind: 'table',
      dataset,
      table,
      target: withPositive(readTarget(table, recipe.target, recipe.task), recipe),
    };
  }
  if (recipe.task !== 'imageClassification') {
    throw new UserError(
      'invalid',
      `task '${recipe.task}': data set '${dataset.name}' holds images. Suggest a recipe for it.`,
    );
  }
  const content = await readImages(context.workspace, dataset.id);
  return { kind: 'images', dataset, content, target: withPositive(imageTarget(dataset, content), recipe) };
}

/** The network's input for some rows: [rows, ...inputShape]. */
export async function encodeRows(
  context: Context,
  data: LearningData,
  preparation: Preparation,
  rows: Int32Array,
  effort: Effort = {},
): Promise<Float32Array> {
  if (data.kind === 'table') {
    if (preparation.kind !== 'table') throw new Error('a table cannot be prepared as images');
    return encodeFeatures(data.table, preparation, rows);
  }
  if (preparation.kind !== 'images') throw new Error('images cannot be prepared as a table');
  return scalePixels(await pixelsOf(context, data, preparation, effort), imageLength(preparation), rows);
}

/** Every image of the data set at one size: [images, height, width, channels], 0..255. Kept in memory for the next call. */
export async function pixelsOf(
  context: Context,
  { dataset, content }: LearningData & { kind: 'images' },
  size: ImageSize,
  { signal, onImages }: Effort = {},
): Promise<Uint8Array> {
  const key = `${dataset.id} ${size.height}x${size.width}x${size.channels}`;
  const kept = context.pixels.peek(key);
  if (kept) return kept;
  const length = imageLength(size);
  if (length * dataset.rows > MOST_PIXELS) {
    throw new UserError(
      'unsupported',
      `image size ${size.height} x ${size.width}: ${dataset.rows} images of it do not fit into memory. Choose a smaller size.`,
    );
  }
  const pixels = new Uint8Array(length * dataset.rows);
  for (let start = 0; start < dataset.rows; start += AT_ONCE) {
    if (signal?.aborted) throw abortError();
    onImages?.({ done: start, total: dataset.rows });
    const end = Math.min(start + AT_ONCE, dataset.rows);
    const batch = Array.from({ length: end - start }, async (_, i) => {
      const { name, blob } = imageItem(dataset, content, start + i);
      const image = await decodeImage(new File([blob], name, { type: blob.type }));
      pixels.set(resizeImage(image, size), (start + i) * length);
    });
    await Promise.all(batch);
  }
  onImages?.({ done: dataset.rows, total: dataset.rows });
  return context.pixels.get(key, async () => pixels);
}

/** Some images of `pixels` as a network takes them: [rows, height, width, channels], 0..1. */
export function scalePixels(pixels: Uint8Array, length: number, rows: ArrayLike<number>): Float32Array {
  if (rows.length * length > MOST_INPUTS) {
    throw new UserError(
      'unsupported',
      `images: ${rows.length} of this size do not fit into memory at once. Choose a smaller size.`,
    );
  }
  const x = new Float32Array(rows.length * length);
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i] * length;
    for (let k = 0; k < length; k++) x[i * length + k] = pixels[from + k] / 255;
  }
  return x;
}

/** Numbers in one image. */
export function imageLength({ height, width, channels }: ImageSize): number {
  return height * width * channels;
}

/** Images decoded at a time; each may take 200 MB for a moment. */
const AT_ONCE = 8;
/** bytes */
const MOST_PIXELS = 1 << 30;
/** float32 numbers: 2 GB */
const MOST_INPUTS = 1 << 29;

function imageTarget({ name, classes }: DatasetDetail, { labels }: ImageContent): Target {
  const usable = Int32Array.from(labels.keys()).filter((i) => labels[i] >= 0);
  if (classes.length < 2) {
    throw new UserError(
      'invalid',
      `data set '${name}': its images have ${classes.length === 0 ? 'no labels' : `one label, '${classes[0]}'`}; two classes are needed. Import a zip of one folder per class.`,
    );
  }
  return { kind: 'classes', usable, labels: classes, classes: labels };
}
