// Data sets as they are looked at: lists, rows, pictures, names. Reading files in is engineImport.ts.

import { UserError } from '../base/errors.ts';
import { checkName } from '../base/name.ts';
import {
  changeDataset,
  listDatasets,
  readDataset,
  readImages,
  removeDataset,
  type DatasetDetail,
  type ImageContent,
} from '../store/datasets.ts';
import type { Dataset, ImageItem, Lathe } from './api.ts';
import type { Context } from './context.ts';
import { storedTable } from './tables.ts';

type DataVerbs = Pick<Lathe, 'datasets' | 'dataset' | 'renameDataset' | 'removeDataset' | 'rows' | 'images'>;

export function dataVerbs(context: Context): DataVerbs {
  const { workspace } = context;
  return {
    datasets: async () => (await listDatasets(workspace)).map(summary),
    dataset: async (id) => readDataset(workspace, id),
    async renameDataset(id, name) {
      const checked = checkName('data set', name);
      return summary(await changeDataset(workspace, id, () => ({ name: checked })));
    },
    async removeDataset(id) {
      if (context.training?.recipe.dataset === id) {
        throw new UserError('invalid', `data set '${id}': a model is being trained on it. Stop the training first.`);
      }
      await removeDataset(workspace, id);
      await (await import('../store/drafts.ts')).keepDraft(workspace, id, null); // it names the columns
      context.tables.forget(id);
      context.pixels.forget(id);
    },
    async rows(id, { offset, limit }) {
      const table = await storedTable(context, id);
      const { tableToRows } = await import('../data/rows.ts');
      const index = range(offset, limit, table.rows);
      return { total: table.rows, index, rows: tableToRows(table, index) };
    },
    async images(id, { label, offset, limit }) {
      const [dataset, content] = await Promise.all([readDataset(workspace, id), readImages(workspace, id)]);
      const chosen = imagesOfClass(dataset, content, label);
      const page = range(offset, limit, chosen.length);
      return { total: chosen.length, items: page.map((i) => imageItem(dataset, content, chosen[i])) };
    },
  };
}

/** The record without what only its own page shows. */
export function summary({ profile: _profile, images: _images, ...dataset }: DatasetDetail): Dataset {
  return dataset;
}

/** One image of a data set with its file. */
export function imageItem(dataset: DatasetDetail, content: ImageContent, index: number): ImageItem {
  const name = content.names[index];
  const code = content.labels[index];
  const blob = content.packed.slice(content.offsets[index], content.offsets[index + 1], mediaType(name));
  return { index, name, label: code < 0 ? null : dataset.classes[code], blob };
}

function imagesOfClass({ classes }: DatasetDetail, { labels }: ImageContent, label: string | null): number[] {
  const code = label === null ? null : classes.indexOf(label);
  if (code === -1) throw new UserError('unknown', `class '${label}': this data set has none of this name.`);
  return Array.from(labels.keys()).filter((i) => code === null || labels[i] === code);
}

/** The numbers of a page, cut to what there is. */
export function range(offset: number, limit: number, total: number): number[] {
  const start = Math.max(0, Math.min(Math.floor(offset), total));
  const end = Math.max(start, Math.min(start + Math.floor(limit), total));
  return Array.from({ length: end - start }, (_, i) => start + i);
}

const MEDIA_TYPES: [RegExp, string][] = [
  [/\.png$/i, 'image/png'],
  [/\.jpe?g$/i, 'image/jpeg'],
  [/\.gif$/i, 'image/gif'],
  [/\.webp$/i, 'image/webp'],
  [/\.bmp$/i, 'image/bmp'],
];

function mediaType(name: string): string {
  return MEDIA_TYPES.find(([ending]) => ending.test(name))?.[1] ?? 'application/octet-stream';
}
