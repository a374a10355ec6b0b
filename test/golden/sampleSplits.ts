// The split that every sample gets with seed 1. Reads the samples without Lathe's own readers, so that only the split
// itself is held to splits.json.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Uint8ArrayReader, ZipReader } from '@zip.js/zip.js';
import { splitRows } from '../../src/data/split.ts';

const SAMPLES = join(import.meta.dirname, '../../public/samples');
const PARTS = { train: 0.7, validation: 0.15, test: 0.15 };
const SEED = 1;

export interface Sample {
  id: string;
  file: string;
  kind: 'table' | 'images';
  rows: number;
  columns: number;
  target: string;
  task: string;
  classes?: string[];
}

export function readIndex(): Sample[] {
  return JSON.parse(readFileSync(join(SAMPLES, 'index.json'), 'utf8'));
}

/** Header and rows of a sample's CSV; none has a quote in it. */
export function readCsvSample(sample: Sample): string[][] {
  const text = readFileSync(join(SAMPLES, sample.file), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
}

/** The last column of each row, or the folder of each image, in the order of the file. */
export async function readTargets(sample: Sample): Promise<string[]> {
  if (sample.kind === 'table') {
    return readCsvSample(sample)
      .slice(1)
      .map((row) => row.at(-1)!);
  }
  const zip = new ZipReader(new Uint8ArrayReader(readFileSync(join(SAMPLES, sample.file))));
  const entries = await zip.getEntries();
  await zip.close();
  return entries.map(({ filename }) => filename.split('/')[0]);
}

/** Row numbers of each part: 70, 15 and 15 % with seed 1, stratified for classes. */
export async function splitSample(sample: Sample): Promise<{ train: number[]; validation: number[]; test: number[] }> {
  const targets = await readTargets(sample);
  const { classes } = sample;
  const usable = Int32Array.from(targets, (_, row) => row);
  const codes = classes ? Int32Array.from(targets, (target) => classes.indexOf(target)) : null;
  const split = splitRows(usable, codes, { ...PARTS, stratify: codes !== null }, SEED);
  return { train: [...split.train], validation: [...split.validation], test: [...split.test] };
}
