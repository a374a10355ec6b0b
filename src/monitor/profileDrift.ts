// A profile held against the reference of its version: what batch.ts does for rows, as far as counts and sketches go. The
// result says what they cannot tell.

import { UserError } from '../base/errors.ts';
import { quote } from '../data/repairs.ts';
import { type ColumnDrift, type ColumnSample, compareColumns, type DriftReport } from './drift.ts';
import type { ColumnState } from './columnStates.ts';
import type { ColumnProfile, OutputProfile, Profile } from './profile.ts';
import type { ReferenceColumn, ReferenceOutputs, ReferenceProfile } from './reference.ts';
import type { Figure } from './rules.ts';
import { createSketch, SKETCH_RANK_ERROR, type SketchState } from './sketch.ts';

/**
 * Values that a sketch is taken at for a comparison: all where it has no more than it holds. Chance alone moves the
 * distribution of so many by 0.03, four times what the sketch is off.
 */
const MOST_VALUES = 2000;

/** In place of the names that a profile does not keep. */
const OTHERS = '(others)';

export interface ProfileReport {
  rows: number;
  /** `outOfRange` is exact where it is 0 and within `SKETCH_RANK_ERROR` elsewhere */
  columns: ColumnState[];
  drift: DriftReport;
  outputDrift: ColumnDrift;
  /** one in `batch.ts` has more; the names and meanings are the same */
  figures: Figure[];
  /** what was not looked at, and why: a sentence each */
  limits: string[];
}

/** @throws UserError where the profile has no row, or is not of the version that the reference is of */
export function compareProfile(reference: ReferenceProfile, profile: Profile): ProfileReport {
  if (profile.rows === 0) throw new UserError('missing', `rows of the profile of ${quote(profile.model.id)}: it has seen none. Score a file first`); // prettier-ignore
  const byName = new Map(profile.columns.map((column) => [column.name, column]));
  const pairs = reference.columns.map((known) => {
    const column = byName.get(known.sample.name);
    if (column?.kind !== known.sample.kind) {
      throw new UserError(
        'invalid',
        `profile of ${quote(profile.model.id)}: it has no ${known.sample.kind} column ${quote(known.sample.name)}, as the reference has. Choose a profile of this version`,
      );
    }
    return { known, column };
  });
  const drift = compareColumns(pairs.map(({ known, column }) => ({ reference: known.sample, current: sampleOf(column) }))); // prettier-ignore
  const [outputDrift] = compareColumns([outputSamples(reference.outputs, profile)]).columns;
  const columns = pairs.map(({ known, column }) => stateOf(known, column, profile.rows));
  return {
    rows: profile.rows,
    columns,
    drift,
    outputDrift,
    figures: figuresOf(profile, columns, drift, outputDrift),
    limits: limitsOf(profile),
  };
}

/** What a column of a profile looks like to a comparison. */
export function sampleOf(column: ColumnProfile): ColumnSample {
  const { name, missing } = column;
  if (column.kind === 'number') return { kind: 'number', name, values: valuesOf(column.sketch), missing };
  const counts = new Map(column.known.filter(([, rows]) => rows > 0));
  for (const [unseen, rows] of column.unseenNames) counts.set(unseen, (counts.get(unseen) ?? 0) + rows);
  const rest = column.unseen - column.unseenNames.reduce((sum, [, rows]) => sum + rows, 0);
  if (rest > 0) counts.set(OTHERS, (counts.get(OTHERS) ?? 0) + rest);
  return { kind: 'category', name, counts, missing };
}

function valuesOf(sketch: SketchState): Float64Array {
  // as long as nothing was left out, what it holds are the values themselves
  if (sketch.levels.length === 1) return Float64Array.from(sketch.levels[0]).sort();
  return createSketch(0, sketch).sample(MOST_VALUES);
}

function outputSamples(
  known: ReferenceOutputs,
  { model, outputs }: Profile,
): { reference: ColumnSample; current: ColumnSample } {
  if (known.kind === 'value' && outputs.kind === 'value') {
    const sample = (values: Float64Array) => ({ kind: 'number' as const, name: 'prediction', values, missing: 0 });
    return { reference: sample(known.predictions), current: sample(valuesOf(outputs.values)) };
  }
  if (known.kind !== 'classes' || outputs.kind !== 'classes' || !sameLabels(known.labels, outputs)) {
    throw new UserError(
      'invalid',
      `profile of ${quote(model.id)}: it predicts other classes than the reference. Choose a profile of this version`,
    );
  }
  const sample = (counts: Map<string, number>) => ({ kind: 'category' as const, name: 'prediction', counts, missing: 0 }); // prettier-ignore
  return {
    reference: sample(new Map(known.labels.map((label, c) => [label, known.counts[c]]))),
    current: sample(new Map(outputs.counts)),
  };
}

function sameLabels(labels: string[], { counts }: OutputProfile & { kind: 'classes' }): boolean {
  return labels.length === counts.length && counts.every(([label], i) => label === labels[i]);
}

function stateOf(known: ReferenceColumn, column: ColumnProfile, rows: number): ColumnState {
  const state = { column: column.name, absent: column.missing === rows, missing: column.missing / rows };
  const present = Math.max(1, rows - column.missing);
  if (column.kind === 'number') return { ...state, outOfRange: outsideShare(known, column.sketch), unseen: 0, unseenNames: [] }; // prettier-ignore
  const { sample } = known;
  const isNew = (category: string) => sample.kind === 'category' && !sample.counts.has(category);
  // a predictor without its reference knows fewer categories than the reference does
  const named = [...column.known, ...column.unseenNames].filter(([, count]) => count > 0);
  const fresh = named.filter(([category]) => isNew(category)).sort(([, a], [, b]) => b - a);
  const rest = column.unseen - column.unseenNames.reduce((sum, [, count]) => sum + count, 0);
  const unseen = rest + fresh.reduce((sum, [, count]) => sum + count, 0);
  return { ...state, outOfRange: 0, unseen: unseen / present, unseenNames: fresh.slice(0, 10).map(([name]) => name) };
}

function outsideShare({ range }: ReferenceColumn, state: SketchState): number {
  if (!range || state.min === null || state.max === null) return 0;
  const [low, high] = range;
  if (state.min >= low && state.max <= high) return 0;
  const held = state.levels.flatMap((values, level) => values.map((value) => ({ value, rows: 2 ** level })));
  const outside = held.reduce((sum, { value, rows }) => sum + (value < low || value > high ? rows : 0), 0);
  return Math.max(outside, 1) / state.count; // the least or the greatest is outside, also where the sketch let go of it
}

function figuresOf(
  { rows, outputs }: Profile,
  columns: ColumnState[],
  drift: DriftReport,
  outputDrift: ColumnDrift,
): Figure[] {
  const figures: Figure[] = [];
  const add = (name: Figure['name'], value: number, labels: Record<string, string> = {}) =>
    figures.push({ name, labels, value });
  add('lathe_batch_rows', rows);
  for (const { column, adjustedPValue, value, method } of drift.columns) {
    add('lathe_column_drift_p_value', adjustedPValue, { column });
    if (!['ks', 'chiSquared', 'proportions'].includes(method)) add('lathe_column_drift_distance', value, { column, method }); // prettier-ignore
  }
  add('lathe_drifted_columns_ratio', drift.driftedShare);
  for (const { column, missing, outOfRange, unseen } of columns) {
    add('lathe_column_missing_ratio', missing, { column });
    add('lathe_column_out_of_range_ratio', outOfRange, { column });
    add('lathe_column_unseen_ratio', unseen, { column });
  }
  add('lathe_prediction_drift_p_value', outputDrift.pValue);
  if (outputs.kind === 'classes') {
    for (const [label, count] of outputs.counts) add('lathe_prediction_ratio', count / rows, { class: label });
  }
  return figures;
}

function limitsOf({ columns, outputs }: Profile): string[] {
  const limits = [
    'Several columns at once, duplicate rows and the quality to be expected need the rows themselves, which a profile does not hold.',
  ];
  const sketches = columns.flatMap((column) => (column.kind === 'number' ? [column.sketch] : []));
  sketches.push(outputs.kind === 'classes' ? outputs.confidence : outputs.values);
  if (sketches.some(({ levels }) => levels.length > 1)) {
    limits.push(
      `Numbers are compared by at most ${MOST_VALUES} values of their sketch, whose ranks are within ${SKETCH_RANK_ERROR * 100} points of a hundred of the true ones.`,
    );
  }
  if (
    columns.some(
      (column) =>
        column.kind === 'category' && column.unseenNames.reduce((sum, [, rows]) => sum + rows, 0) < column.unseen,
    )
  ) {
    // prettier-ignore
    limits.push(`Unknown categories beyond those that the profile names count as one, ${OTHERS}.`);
  }
  return limits;
}
