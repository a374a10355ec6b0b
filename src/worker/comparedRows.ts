// Rows that neither of two versions has learned from, what is true of them, and what both say: held-out rows of the
// second's data, or the labelled rows of a batch. Classes are put in one order, for each version has its own.

import { UserError } from '../base/errors.ts';
import { rowsWithValue } from '../data/combine.ts';
import { describeImage, imageColumns } from '../data/imageStatistics.ts';
import { alignOutputs } from '../data/labels.ts';
import { takeRows, tableToRows } from '../data/rows.ts';
import type { Column, Row } from '../data/table.ts';
import { type BatchContent, readBatch, readBatchOutputs, readBatchRows } from '../store/batches.ts';
import type { ImageItem } from './api.ts';
import type { Context } from './context.ts';
import { decodeImage } from './decode.ts';
import { imageItem } from './engineData.ts';
import { openKeptData } from './engineEvaluate.ts';
import { imageOf } from './engineBatchRows.ts';
import { openVersion, tableOutputs } from './enginePredict.ts';
import { encodeRows, type LearningData } from './learningData.ts';
import { featureColumns } from './makeReference.ts';
import { modelOutputs } from './modelOutputs.ts';
import { completed, scoreRows, truthOf } from './readBatchFiles.ts';
import { typedTable } from './tables.ts';
import { type Contender, type Lookup, lookUpRows, seenOfBatch, unseenRows } from './unseenRows.ts';

export interface Pair {
  first: Contender;
  second: Contender;
}

export interface ComparedRows {
  /** every class that one of them knows, in the order of the outputs; regression: [] */
  labels: string[];
  /** index into `labels`, or value: [rows] */
  actual: Int32Array | Float64Array;
  /** probabilities [rows, labels], or values [rows] */
  first: Float32Array;
  second: Float32Array;
  /** [rows]; row numbers in the data set or the batch */
  index: Int32Array;
  /** rows that one of them has learned from */
  leftOut: number;
  /** why one of them may have learned from some of these rows all the same; null where it has not */
  doubt: string | null;
  /** what the rows are like, for the parts of them on which one does worse */
  columns(): Promise<Column[]>;
  /** the cells of a row, or its image */
  show(rows: Int32Array): { row?: Row; image?: ImageItem }[];
}

/** Pictures that are decoded at their own size to tell what they are like. */
const MOST_DESCRIBED = 2000;

/** @throws UserError where a version is unknown, or the two say different things */
export async function openPair(context: Context, firstId: string, secondId: string): Promise<Pair> {
  const [first, second] = [await openVersion(context, firstId), await openVersion(context, secondId)];
  const [a, b] = [first.version, second.version];
  if (a.runId === b.runId) {
    throw new UserError('invalid', `versions: '${a.id}' is both of them. Choose another to compare it with.`);
  }
  const isSame =
    a.recipe.target === b.recipe.target &&
    a.labels.length > 0 === b.labels.length > 0 &&
    first.trained.preparation.kind === second.trained.preparation.kind;
  if (!isSame) {
    throw new UserError(
      'invalid',
      `versions '${a.id}' and '${b.id}': they predict different things ('${a.recipe.target}', ${a.recipe.task}; '${b.recipe.target}', ${b.recipe.task}). Choose two of one task.`,
    );
  }
  return { first, second };
}

/** @throws UserError where the data is gone, or there is no row that neither has learned from */
export async function heldOutRows(context: Context, { first, second }: Pair): Promise<ComparedRows> {
  const data = await openKeptData(context, second.version);
  const lookup = await lookUpRows(context);
  const { test } = second.trained.split;
  const stretches = lookup.stretches(second.version.datasetId);
  const seen = [await lookup.seenBy(first), await lookup.seenBy(second)];
  const index = unseenRows(test, stretches, seen);
  if (index.length === 0) {
    throw new UserError(
      'missing',
      `held-out rows of '${second.version.id}': ${test.length === 0 ? 'its recipe gave none to the test part' : `'${first.version.id}' or it has learned from every one`}. Compare them on a batch with labels.`,
    );
  }
  const sources = new Set(lookup.stretches(first.version.datasetId).map(({ source }) => source));
  const isRelated = stretches.some(({ source }) => sources.has(source));
  const labels = jointLabels(first, second);
  const table = data.kind === 'table' ? takeRows(data.table, index) : null;
  return {
    labels,
    actual: truthOfData(data, labels, index),
    first: alignOutputs(await outputsOn(context, first, data, index), first.version.labels, labels),
    second: alignOutputs(await outputsOn(context, second, data, index), second.version.labels, labels),
    index,
    leftOut: test.length - index.length,
    doubt: isRelated
      ? doubtOfStart(lookup, { first, second })
      : `'${first.version.id}' learned from other data, '${first.version.datasetName}'. Whether some of these rows are in that too is not known.`,
    columns: async () =>
      table ? featureColumns(table.columns, second.trained.preparation) : describeImages(imagesOf(data, index)),
    show: (rows) =>
      data.kind === 'table'
        ? tableToRows(data.table, rows).map((row) => ({ row }))
        : imagesOf(data, rows).map((image) => ({ image })),
  };
}

/** @throws UserError where the batch has no labels, or no row that neither has learned from */
export async function batchRowsOf(context: Context, pair: Pair, batchId: string): Promise<ComparedRows> {
  const { first, second } = pair;
  const facts = await readBatch(context.workspace, batchId);
  const content = await readBatchRows(context.workspace, facts);
  const labelled = labelledRows(content, second);
  if (labelled.length === 0) {
    throw new UserError('missing', `labels of batch '${facts.name}': it has none. Add them in Monitor.`);
  }
  const lookup = await lookUpRows(context);
  const [a, b] = await Promise.all(
    [first, second].map(async (each) => seenOfBatch(each, lookup, await lookup.seenBy(each), batchId, labelled.length)),
  );
  const labels = jointLabels(first, second);
  const { actual } = truthOf({ ...second.version, labels }, content);
  const isKnown = (row: number) => actual !== null && (labels.length > 0 ? actual[row] >= 0 : !Number.isNaN(actual[row])); // prettier-ignore
  const usable = a && b ? labelled.filter((row, place) => !a.has(place) && !b.has(place) && isKnown(row)) : new Int32Array(); // prettier-ignore
  if (usable.length === 0 || !actual) {
    throw new UserError(
      'missing',
      `rows of batch '${facts.name}': '${first.version.id}' or '${second.version.id}' has learned from every one. Compare them on a later batch with labels.`,
    );
  }
  const outputsOf = async (each: Contender) => {
    const own = facts.runId === each.version.runId;
    const all = await (own
      ? readBatchOutputs(context.workspace, facts)
      : scoreRows(context, each.version, each.trained, content));
    return alignOutputs(take(all, usable, Math.max(1, each.version.labels.length)), each.version.labels, labels);
  };
  const table = content.kind === 'table' ? { rows: facts.rows, columns: content.columns } : null;
  const imageAt = (row: number) => imageOf(content as BatchContent & { kind: 'images' }, row);
  return {
    labels,
    actual: labels.length > 0 ? Int32Array.from(usable, (row) => actual[row]) : Float64Array.from(usable, (row) => actual[row]), // prettier-ignore
    first: await outputsOf(first),
    second: await outputsOf(second),
    index: usable,
    leftOut: labelled.length - usable.length,
    doubt: doubtOfStart(lookup, pair),
    columns: async () =>
      table
        ? featureColumns(takeRows(table, usable).columns, second.trained.preparation)
        : describeImages(Array.from(usable, imageAt)),
    show: (rows) =>
      table ? tableToRows(table, rows).map((row) => ({ row })) : Array.from(rows, (row) => ({ image: imageAt(row) })),
  };
}

/** Whose weights a version began from may be gone, and with it which rows those had seen. */
function doubtOfStart(lookup: Lookup, { first, second }: Pair): string | null {
  const unknown = [first, second].find((each) => lookup.hasUnknownStart(each));
  return unknown
    ? `'${unknown.version.id}' began from weights of a version that is not kept any more. Whether that had learned from some of these rows is not known.`
    : null;
}

/** Rows of a batch that have a label, known or not, ascending: those that a grown data set takes. */
function labelledRows(content: BatchContent, { version: { recipe } }: Contender): Int32Array {
  if (content.kind === 'profile') return new Int32Array();
  if (content.kind === 'images')
    return Int32Array.from(content.labels.keys()).filter((row) => content.labels[row] >= 0);
  const column = content.columns.find(({ name }) => name === recipe.target);
  const type = recipe.columns.find(({ name }) => name === recipe.target)?.type;
  return column && type ? rowsWithValue(column, type) : new Int32Array();
}

function jointLabels(first: Contender, second: Contender): string[] {
  return [...new Set([...second.version.labels, ...first.version.labels])];
}

function truthOfData({ target }: LearningData, labels: string[], index: Int32Array): ComparedRows['actual'] {
  if (target.kind === 'value') return Float64Array.from(index, (row) => target.values[row]);
  const place = new Map(labels.map((label, c) => [label, c]));
  const classes = target.labels.map((label) => place.get(label)!);
  return Int32Array.from(index, (row) => classes[target.classes[row]]);
}

/** What a version says of rows of data that may be another's: a feature that is not there is missing. */
async function outputsOn(
  context: Context,
  { version, trained }: Contender,
  data: LearningData,
  index: Int32Array,
): Promise<Float32Array> {
  const { preparation } = trained;
  if (data.kind === 'table' && preparation.kind === 'table') {
    const typed = await typedTable(context, data.dataset.id, version.recipe.columns);
    const { columns } = takeRows(typed, index);
    return tableOutputs(context, version, trained, preparation, completed(columns, preparation));
  }
  const x = await encodeRows(context, data, preparation, index);
  return modelOutputs(context, trained, version.backend, x, index.length);
}

function take(outputs: Float32Array, rows: Int32Array, width: number): Float32Array {
  const taken = new Float32Array(rows.length * width);
  rows.forEach((row, i) => taken.set(outputs.subarray(row * width, (row + 1) * width), i * width));
  return taken;
}

function imagesOf(data: LearningData, rows: Int32Array): ImageItem[] {
  if (data.kind === 'table') throw new Error('a table has no images');
  return Array.from(rows, (row) => imageItem(data.dataset, data.content, row));
}

async function describeImages(images: ImageItem[]): Promise<Column[]> {
  if (images.length > MOST_DESCRIBED) return [];
  const described = [];
  for (const { name, blob } of images) described.push(describeImage(await decodeImage(new File([blob], name))));
  return imageColumns(described);
}
