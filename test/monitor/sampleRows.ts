// Breast cancer and digits for the simulations of the monitor: 40 % to train on, 30 % held out, 30 % that come later, and
// networks that were trained on the first (golden/trained.mjs).

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { readCsv } from '../../src/data/formats/csv.ts';
import { readZip } from '../../src/data/formats/zip.ts';
import { describeImage, imageColumns } from '../../src/data/imageStatistics.ts';
import { fitPreparation, type Preparation } from '../../src/data/prepare.ts';
import { splitRows, type Split } from '../../src/data/split.ts';
import { isNumeric, type NumericColumn, type Table } from '../../src/data/table.ts';
import { readTarget } from '../../src/data/target.ts';
import type { Network } from '../../src/model/spec.ts';

const SAMPLES = join(import.meta.dirname, '../../public/samples');
const PARTS = { train: 0.4, validation: 0.3, test: 0.3, stratify: true };
const PREPARATION = {
  numbers: { impute: 'mean', scale: 'standard' },
  categories: { impute: 'mostFrequent', maxCategories: 10 },
} as const;
const SEED = 1;

export const NETWORKS: Record<'breastCancer' | 'digits', Network> = {
  breastCancer: { inputShape: [30], layers: [], head: { kind: 'sigmoid' } },
  digits: {
    inputShape: [8, 8, 1],
    layers: [{ kind: 'flatten' }, { kind: 'dense', units: 48, activation: 'relu' }],
    head: { kind: 'softmax', units: 10 },
  },
};

export interface SampleRows {
  labels: string[];
  /** [rows] class index */
  classes: Int32Array;
  split: Split;
  preparation: Preparation;
  /** a table's, or those that images are watched by */
  columns: NumericColumn[];
  /** images: [rows][height * width], 0..255 */
  pixels: Uint8Array[];
}

export async function readBreastCancer(): Promise<SampleRows> {
  const { table } = await readCsv(new Blob([readFileSync(join(SAMPLES, 'breast-cancer.csv'))]));
  const target = readTarget(table, 'diagnosis', 'binary');
  if (target.kind !== 'classes') throw new Error('the diagnosis is a class');
  const { labels, classes, usable } = target;
  const split = splitRows(usable, classes, PARTS, SEED);
  const columns = table.columns.map(({ name, type }) => ({ name, type, role: name === 'diagnosis' ? 'target' : 'feature' }) as const); // prettier-ignore
  const preparation = fitPreparation(table, columns, { kind: 'classes', labels }, PREPARATION, split.train); // prettier-ignore
  return { labels, classes, split, preparation, columns: features(table), pixels: [] }; // prettier-ignore
}

function features({ columns }: Table): NumericColumn[] {
  return columns.filter(isNumeric);
}

export async function readDigits(): Promise<SampleRows> {
  const files = await readZip(new Blob([readFileSync(join(SAMPLES, 'digits.zip'))]));
  const labels = [...new Set(files.map(({ name }) => name.split('/')[0]))].sort();
  const classes = Int32Array.from(files, ({ name }) => labels.indexOf(name.split('/')[0]));
  const pixels = files.map(({ bytes }) => readGreyPng(bytes));
  const split = splitRows(Int32Array.from(classes.keys()), classes, PARTS, SEED);
  const preparation: Preparation = { kind: 'images', height: 8, width: 8, channels: 1, target: { kind: 'classes', labels } }; // prettier-ignore
  return { labels, classes, split, preparation, columns: watchedOf(pixels), pixels };
}

/** The columns that images of 8 by 8 are watched by. */
export function watchedOf(pixels: readonly Uint8Array[]): NumericColumn[] {
  return imageColumns(
    pixels.map((grey) => {
      const data = Uint8ClampedArray.from({ length: 4 * grey.length }, (_, i) => (i % 4 === 3 ? 255 : grey[i >> 2]));
      return describeImage({ data, width: 8, height: 8 });
    }),
  );
}

/** A PNG of one byte a pixel, as the sample's are. */
function readGreyPng(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const packed: Uint8Array[] = [];
  for (let at = 8; at < bytes.length; at += 12 + view.getUint32(at)) {
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (name === 'IDAT') packed.push(bytes.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  const lines = inflateSync(Buffer.concat(packed));
  const grey = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const filter = lines[y * (width + 1)];
    for (let x = 0; x < width; x++) {
      const left = x > 0 ? grey[y * width + x - 1] : 0;
      const up = y > 0 ? grey[(y - 1) * width + x] : 0;
      const corner = x > 0 && y > 0 ? grey[(y - 1) * width + x - 1] : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      grey[y * width + x] = lines[y * (width + 1) + 1 + x] + guess;
    }
  }
  return grey;
}

function paeth(left: number, up: number, corner: number): number {
  const near = left + up - corner;
  const [a, b, c] = [Math.abs(near - left), Math.abs(near - up), Math.abs(near - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
