// How a batch differs from what the model learned from, in words and figures that fit into a table of a page.

import { drawRows, type ReferenceProfile, sampleColumn } from '../monitor/reference.ts';
import { type BatchReport, examineBatch } from '../monitor/batch.ts';
import type { ColumnDrift, ColumnSample } from '../monitor/drift.ts';
import { takeRows } from '../data/rows.ts';
import type { Table } from '../data/table.ts';
import { formatDay, formatNumber, formatPercent, formatQuantity } from '../ui/parts/format.ts';

export interface DriftLine {
  column: string;
  drifted: boolean;
  before: string;
  after: string;
  /** what is wrong with its values, a part of a sentence each */
  faults: string[];
  /** how likely so large a difference is without drift */
  chance: string;
}

export interface DriftWords {
  /** one sentence that says it all */
  verdict: string;
  drifted: number;
  lines: DriftLine[];
  predictions: DriftLine;
  /** what the quality is foreseen to be; null where too little is known for it */
  estimate: { metric: string; foreseen: number; measured: number } | null;
  notes: string[];
}

/** Rows that are looked at; more make it slower and hardly surer. */
const MOST_ROWS = 20_000;
/** Below this, only a large drift can be told from chance. */
const FEW_ROWS = 30;

/**
 * @param table the columns that the model takes
 * @param outputs probabilities [rows, classes], or values [rows]
 * @param metrics measured when the model was made, of which one is foreseen here
 */
export function describeDrift(
  reference: ReferenceProfile,
  table: Table,
  outputs: Float32Array,
  metrics: Record<string, number>,
): DriftWords {
  const drawn = drawRows(
    Int32Array.from({ length: table.rows }, (_, i) => i),
    MOST_ROWS,
    1,
  );
  const width = outputs.length / table.rows;
  const said = Float32Array.from({ length: drawn.length * width }, (_, i) => outputs[drawn[Math.floor(i / width)] * width + (i % width)]); // prettier-ignore
  const { columns } = takeRows(table, drawn);
  const all = Int32Array.from(drawn.keys());
  const values = Float64Array.from(said);
  const batch = reference.outputs.kind === 'classes' ? { kind: 'classes' as const, probabilities: said, actual: null } : { kind: 'value' as const, predictions: values, actual: null }; // prettier-ignore
  const report = examineBatch(reference, { rows: drawn.length, columns, outputs: batch }, { seed: 1 });
  const samples = new Map(columns.map((column) => [column.name, sampleColumn(column, all)]));
  const dates = new Set(columns.filter(({ type }) => type === 'date').map(({ name }) => name));
  const lines = reference.columns.map(({ sample }, i) =>
    lineOf(sample, samples.get(sample.name)!, report, i, dates.has(sample.name)),
  );
  const drifted = lines.filter((line) => line.drifted).length;
  return {
    verdict: verdictOf(drifted, lines.length, report.outputDrift.drifted),
    drifted,
    lines: lines.sort((a, b) => Number(b.drifted) - Number(a.drifted) || Number(b.faults.length > 0) - Number(a.faults.length > 0)), // prettier-ignore
    predictions: predictionLine(reference, report, said, width),
    estimate: estimateOf(report, metrics),
    notes: notesOf(table.rows, drawn.length, lines.length),
  };
}

function verdictOf(drifted: number, columns: number, predictions: boolean): string {
  const own = predictions ? 'the predictions come in other shares than they did' : 'the predictions come in the shares that they did'; // prettier-ignore
  if (drifted === 0) return `No column differs from the training data by more than chance; ${own}.`;
  return `${drifted} of ${formatQuantity(columns, 'column')} ${drifted === 1 ? 'differs' : 'differ'} from the training data; ${own}.`;
}

function lineOf(
  reference: ColumnSample,
  current: ColumnSample,
  report: BatchReport,
  place: number,
  isDate: boolean,
): DriftLine {
  const state = report.columns[place];
  const drift = report.drift.columns.find(({ column }) => column === reference.name);
  const before = missingShare(reference);
  const faults: string[] = [];
  if (state.missing > before + 0.05) faults.push(`${formatPercent(state.missing)} missing, ${formatPercent(before)} in training`); // prettier-ignore
  if (state.outOfRange > 0) faults.push(`${formatPercent(state.outOfRange)} outside the range of training`);
  if (state.unseen > 0) faults.push(`${formatPercent(state.unseen)} not seen in training, such as ${state.unseenNames.slice(0, 3).map((name) => `“${name.slice(0, 40)}”`).join(', ')}`); // prettier-ignore
  return {
    column: reference.name,
    drifted: drift?.drifted ?? false,
    before: describeSample(reference, isDate),
    after: describeSample(current, isDate),
    faults,
    chance: drift ? chanceOf(drift) : '–',
  };
}

function predictionLine(
  { outputs }: ReferenceProfile,
  { outputDrift }: BatchReport,
  said: Float32Array,
  width: number,
): DriftLine {
  // prettier-ignore
  const line = { column: 'Predictions', drifted: outputDrift.drifted, faults: [], chance: chanceOf(outputDrift) };
  if (outputs.kind === 'value') {
    const sample = (values: Float64Array): ColumnSample => ({ kind: 'number', name: '', values, missing: 0 });
    return { ...line, before: describeSample(sample(outputs.predictions)), after: describeSample(sample(Float64Array.from(said).sort())) }; // prettier-ignore
  }
  const counts = new Array<number>(width).fill(0);
  for (let at = 0; at < said.length; at += width) {
    const row = said.subarray(at, at + width);
    counts[row.indexOf(Math.max(...row))]++;
  }
  const sample = (own: number[]): ColumnSample => ({ kind: 'category', name: '', counts: new Map(outputs.labels.map((label, c) => [label, own[c]])), missing: 0 }); // prettier-ignore
  return { ...line, before: describeSample(sample(outputs.counts)), after: describeSample(sample(counts)) };
}

/** The middle and the range of most values, or the commonest categories with their shares. */
function describeSample(sample: ColumnSample, isDate = false): string {
  if (sample.kind === 'number') {
    const { values } = sample;
    if (values.length === 0) return 'no value';
    const show = isDate ? formatDay : formatNumber;
    const at = (share: number) => show(values[Math.round(share * (values.length - 1))]);
    return `${at(0.5)} (${at(0.1)} to ${at(0.9)})`;
  }
  const total = [...sample.counts.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return 'no value';
  const shown = [...sample.counts].filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a);
  const words = shown.slice(0, 3).map(([name, count]) => `${name.slice(0, 40)}: ${formatPercent(count / total, 0)}`);
  return shown.length > 3 ? `${words.join(', ')} …` : words.join(', ');
}

function missingShare(sample: ColumnSample): number {
  const present = sample.kind === 'number' ? sample.values.length : [...sample.counts.values()].reduce((a, b) => a + b, 0); // prettier-ignore
  return sample.missing / Math.max(1, present + sample.missing);
}

function chanceOf({ adjustedPValue }: ColumnDrift): string {
  return adjustedPValue < 0.001 ? 'below 0.1 %' : formatPercent(adjustedPValue);
}

/** The figure that says most: the accuracy, or the mean absolute error. */
function estimateOf({ estimate }: BatchReport, metrics: Record<string, number>): DriftWords['estimate'] {
  const metric = ['accuracy', 'mae'].find((name) => estimate && name in estimate.metrics && name in metrics);
  return metric ? { metric, foreseen: estimate!.metrics[metric], measured: metrics[metric] } : null;
}

function notesOf(rows: number, drawn: number, columns: number): string[] {
  const notes: string[] = [];
  if (rows < FEW_ROWS) notes.push(`With ${formatQuantity(rows, 'row')} only a large drift can be told from chance.`);
  if (drawn < rows) notes.push(`Looked at ${formatQuantity(drawn, 'row')} of ${formatQuantity(rows, 'row')}, drawn by chance.`); // prettier-ignore
  if (columns > 1) notes.push('Several columns at once are not compared here: that needs rows of the training data, which this file does not hold.'); // prettier-ignore
  return notes;
}
