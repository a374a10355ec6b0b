// Whole files scored in the page that a predictor is: read as Lathe reads them, computed a part at a time so that the
// page stays awake, and profiled on the way. No row is kept beyond what the caller holds.

import { abortError, UserError } from '../base/errors.ts';
import { fileName } from '../base/fileName.ts';
import { respellBooleans, spellingsOf } from '../data/booleans.ts';
import { type Imported, importFiles } from '../data/import.ts';
import { resizeImage } from '../data/images.ts';
import { describeImage, imageColumns, type ImageStatistics } from '../data/imageStatistics.ts';
import type { FeatureEncoding, Preparation } from '../data/preparation.ts';
import { createRepairLog, type Repair } from '../data/repairs.ts';
import { takeRows } from '../data/rows.ts';
import type { Table } from '../data/table.ts';
import type { PredictorContent } from '../export/predictorContent.ts';
import { type InputCells, inputCells, type ScoredRows, writePredictions } from '../infer/predictions.ts';
import { checkColumns, type Scorer } from '../infer/score.ts';
import { type ColumnLayout, createProfiler, type Profile, type ProfileLayout } from '../monitor/profile.ts';
import { type DecodedImage, decodeImage } from '../worker/decode.ts';

export interface ScoredFiles extends ScoredRows {
  repairs: Repair[];
  /** probabilities [rows, classes], or values [rows] */
  outputs: Float32Array;
  /** the columns that the model takes, all rows; of images, how they look */
  table: Table;
  profile: Profile;
}

export interface Effort {
  signal: AbortSignal;
  /** @param fraction 0..1, or null where it cannot be known */
  onProgress: (what: 'Reading' | 'Scoring' | 'Writing', fraction: number | null) => void;
}

/** About how long the page computes before it draws again. */
const SPELL_MS = 30;

/** What a profile of this model counts. */
export function layoutOf({ model, preparation, reference, labels }: PredictorContent): ProfileLayout {
  const seen = new Map(reference?.columns.map(({ sample }) => [sample.name, sample]));
  const looks = imageColumns([]).map(({ name }) => ({ kind: 'number' as const, name }));
  const layout = (feature: FeatureEncoding): ColumnLayout => {
    const name = feature.column;
    if (feature.kind === 'number') return { kind: 'number', name };
    const sample = seen.get(name);
    // all that training saw where that is known, else what the network tells apart
    const known = sample?.kind === 'category' ? [...sample.counts.keys()] : feature.outputs;
    return { kind: 'category', name, known: known.filter((category) => category !== '').sort() };
  };
  return {
    model: { id: model.id, fingerprint: model.fingerprint },
    columns: preparation.kind === 'images' ? looks : preparation.features.map(layout),
    outputs: labels.length > 0 ? { kind: 'classes', labels } : { kind: 'value' },
  };
}

/** @throws UserError where the files cannot be read or lack a column; AbortError */
export async function scoreFiles(
  content: PredictorContent,
  scorer: Scorer,
  files: File[],
  at: number,
  effort: Effort,
): Promise<ScoredFiles> {
  const input = await readFiles(content, files, effort);
  const profiler = createProfiler(layoutOf(content));
  const outputs = new Float32Array(input.cells.rows * scorer.width);
  const take = (from: number, part: Float32Array, columns: Table['columns']) => {
    outputs.set(part, from * scorer.width);
    profiler.add({ rows: part.length / scorer.width, columns, outputs: part, at });
  };
  const table = input.kind === 'table' ? input.table : await scoreImages(content, scorer, input.images, take, effort);
  if (input.kind === 'table') await scoreTable(scorer, table, take, effort);
  effort.onProgress('Writing', null);
  await nextTurn();
  const written = writePredictions(
    input.cells,
    content.labels,
    outputs,
    `${fileName(input.name, 'input')}-predictions.csv`,
  );
  return { ...written, repairs: input.repairs, outputs, table, profile: profiler.profile() };
}

type Input = { name: string; cells: InputCells; repairs: Repair[] } & (
  { kind: 'table'; table: Table } | { kind: 'images'; images: Imported & { kind: 'images' } }
);

async function readFiles({ model, preparation }: PredictorContent, files: File[], effort: Effort): Promise<Input> {
  const { signal, onProgress } = effort;
  onProgress('Reading', null);
  const isTable = preparation.kind === 'table';
  const types = isTable ? Object.fromEntries(preparation.features.map(({ column, type }) => [column, type])) : undefined; // prettier-ignore
  const imported = await importFiles(files, {
    decode: decodeImage,
    types,
    styles: isTable ? preparation.styles : undefined,
    signal,
    onProgress: ({ fraction }) => onProgress('Reading', fraction),
  });
  const { name, repairs } = imported;
  if (imported.kind === 'images') {
    if (isTable) throw needs('rows of a table', 'images');
    return { kind: 'images', name, cells: inputCells(imported), repairs, images: imported };
  }
  if (!isTable) throw needs('images', 'a table');
  checkColumns(imported.table, preparation, model.id);
  const log = createRepairLog();
  imported.table.columns = respellBooleans(imported.table.columns, spellingsOf(preparation.features), log);
  const byName = new Map(imported.table.columns.map((column) => [column.name, column]));
  const columns = preparation.features.map(({ column }) => byName.get(column)!);
  return {
    kind: 'table',
    name,
    cells: inputCells(imported),
    repairs: [...repairs, ...log.list()],
    table: { rows: imported.table.rows, columns },
  };
}

function needs(wanted: string, given: string): UserError {
  return new UserError('invalid', `files: this model takes ${wanted}, and ${given} were given. Choose others`);
}

type Take = (from: number, outputs: Float32Array, columns: Table['columns']) => void;

/** As many rows at a time as fill one spell. */
async function scoreTable(scorer: Scorer, table: Table, take: Take, { signal, onProgress }: Effort): Promise<void> {
  let size = 64;
  for (let from = 0; from < table.rows;) {
    if (signal.aborted) throw abortError();
    const to = Math.min(from + size, table.rows);
    const begun = performance.now();
    const rows = takeRows(
      table,
      Int32Array.from({ length: to - from }, (_, i) => from + i),
    );
    take(from, scorer.scoreTable(rows, 0, rows.rows), rows.columns);
    const spent = performance.now() - begun;
    size = Math.max(1, Math.min(100_000, Math.round(size * Math.min(2, SPELL_MS / Math.max(1, spent)))));
    from = to;
    onProgress('Scoring', from / table.rows);
    await nextTurn();
  }
}

async function scoreImages(
  { preparation }: PredictorContent,
  scorer: Scorer,
  { files, names }: Imported & { kind: 'images' },
  take: Take,
  { signal, onProgress }: Effort,
): Promise<Table> {
  const looks: ImageStatistics[] = [];
  for (const [i, bytes] of files.entries()) {
    if (signal.aborted) throw abortError();
    const image = await decodeImage(new File([bytes as Uint8Array<ArrayBuffer>], names[i]));
    looks.push(describeImage(image));
    take(i, scoreDecoded(preparation, scorer, image), imageColumns(looks.slice(i)));
    onProgress('Scoring', (i + 1) / files.length);
    if (i % 8 === 7) await nextTurn();
  }
  return { rows: files.length, columns: imageColumns(looks) };
}

/** Decoded and resized as Lathe does it. @throws UserError where it is no image that can be read */
export async function scoreImage(
  preparation: PredictorContent['preparation'],
  scorer: Scorer,
  file: File,
): Promise<Float32Array> {
  return scoreDecoded(preparation, scorer, await decodeImage(file));
}

function scoreDecoded(preparation: Preparation, scorer: Scorer, image: DecodedImage): Float32Array {
  if (preparation.kind !== 'images') throw new Error('a model of a table takes no image');
  return scorer.scoreImage(resizeImage(image, preparation));
}

/** Lets the page draw and take clicks. */
function nextTurn(): Promise<void> {
  return new Promise((done) => setTimeout(done));
}
