// The rows of a batch with what was said of them, in an order that tells something.

import { UserError } from '../base/errors.ts';
import { tableToRows } from '../data/rows.ts';
import { type Column, isNumeric } from '../data/table.ts';
import { mostProbable } from '../evaluate/metrics.ts';
import type { BeforeAfter } from '../monitor/beforeAfter.ts';
import { type BatchContent, readBatch, readBatchOutputs, readBatchReport, readBatchRows } from '../store/batches.ts';
import type { BatchRow, BatchRowPage, BatchRowQuery, Lathe } from './api.ts';
import type { Context } from './context.ts';
import { range } from './engineData.ts';
import { versionOfRun } from './engineMonitor.ts';
import { openVersion } from './enginePredict.ts';
import type { KeptReport } from './examine.ts';
import { truthOf, watchedColumns } from './readBatchFiles.ts';

type Answer<Verb extends keyof Lathe> = (context: Context, ...args: Parameters<Lathe[Verb]>) => ReturnType<Lathe[Verb]>;

export const batchRows: Answer<'batchRows'> = async (context, id, query = {}): Promise<BatchRowPage> => {
  const { workspace } = context;
  const { order = 'index', column, offset = 0, limit = 50 } = query;
  const facts = await readBatch(workspace, id);
  const version = await versionOfRun(context, facts);
  const content = await readBatchRows(workspace, facts);
  const outputs = await readBatchOutputs(workspace, facts);
  const { actual } = truthOf(version, content);
  const { labels } = version;
  const width = Math.max(1, labels.length);
  const said = labels.length > 0 ? mostProbable(outputs, width) : null;
  const confidence = (row: number) => (said ? outputs[row * width + said[row]] : 0);
  const wrong = (row: number) => {
    if (!actual) return 0;
    if (!said) return Math.abs(actual[row] - outputs[row]) || 0;
    return actual[row] >= 0 && said[row] !== actual[row] ? confidence(row) : 0;
  };
  const place = (key: (row: number) => number) => Float64Array.from({ length: facts.rows }, (_, row) => key(row));
  let keys: Float64Array | null = null;
  if (order === 'unsure') keys = place((row) => -confidence(row));
  if (order === 'wrong') keys = place(wrong);
  if (order === 'shifted') {
    const { distributions } = await readBatchReport<KeptReport>(workspace, facts);
    const { trained } = await openVersion(context, version.id);
    const columns = await watchedColumns(content, trained.preparation);
    keys = shiftOf(column, columns, distributions);
  }
  const places = range(offset, limit, facts.rows);
  const first = keys && places.length > 0 ? greatest(keys, places[places.length - 1] + 1) : null;
  const page = places.map((i) => (first ? first[i] : i));
  const shown = content.kind === 'table' ? tableToRows({ rows: facts.rows, columns: content.columns }, page) : [];
  const rows = page.map((row, i): BatchRow => ({
    index: row,
    predicted: said ? labels[said[row]] : outputs[row],
    confidence: said ? confidence(row) : null,
    actual: actual && isKnown(actual[row], said !== null) ? (said ? labels[actual[row]] : actual[row]) : null,
    ...(content.kind === 'images' ? { image: imageOf(content, row) } : { row: shown[i] }),
  }));
  return { total: facts.rows, rows };
};

/** The rows of the so many greatest keys, the greatest first, of equal ones the first. */
function greatest(keys: Float64Array, count: number): number[] {
  const bound = keys.slice().sort()[keys.length - count];
  const above: number[] = [];
  const at: number[] = [];
  keys.forEach((key, row) => {
    if (key > bound) above.push(row);
    else if (key === bound && at.length < count) at.push(row);
  });
  return [...above.sort((a, b) => keys[b] - keys[a] || a - b), ...at].slice(0, count);
}

const isKnown = (value: number, isClass: boolean) => (isClass ? value >= 0 : !Number.isNaN(value));

export function imageOf({ packed, offsets, names, labels, classes }: BatchContent & { kind: 'images' }, index: number) {
  const label = labels[index] < 0 ? null : classes[labels[index]];
  return { index, name: names[index], label, blob: packed.slice(offsets[index], offsets[index + 1]) };
}

/**
 * [rows]: how much commoner in the batch than in the reference the row's value of a column is, as a ratio of shares.
 * @throws UserError where the column is none that is watched
 */
function shiftOf(name: BatchRowQuery['column'], columns: Column[], distributions: BeforeAfter[]): Float64Array {
  const column = columns.find((each) => each.name === name);
  const shown = distributions.find((each) => each.column === name);
  if (!column || !shown) {
    throw new UserError('unknown', `column '${name}': it is none that the batch and its version share.`);
  }
  const ratio = shown.before.map((before, i) => (shown.after[i] + 1e-9) / (before + 1e-4));
  if (shown.kind === 'number' && isNumeric(column)) {
    const { edges } = shown;
    const [low, high] = [edges[0], edges[edges.length - 1]];
    const bin = (value: number) => Math.floor(((value - low) / (high - low)) * ratio.length);
    return column.values.map((value) =>
      Number.isNaN(value) ? 0 : ratio[Math.max(0, Math.min(ratio.length - 1, bin(value)))],
    );
  }
  if (shown.kind === 'number' || isNumeric(column)) return new Float64Array(0);
  const place = new Map(shown.names.slice(0, shown.rest ? -1 : undefined).map((own, i) => [own, i]));
  const other = shown.rest ? ratio[ratio.length - 1] : 0;
  const byCode = column.categories.map((own) => ratio[place.get(own) ?? -1] ?? other);
  return Float64Array.from(column.codes, (code) => (code < 0 ? 0 : byCode[code]));
}
