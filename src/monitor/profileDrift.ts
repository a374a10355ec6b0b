// A profile held against the reference of its version: what batch.ts does for rows, as far as counts and sketches go. The
// result says what they cannot tell.

import { UserError } from '../base/errors.ts';
import { quote } from '../data/repairs.ts';
import { beforeAfter, type BeforeAfter } from './beforeAfter.ts';
import type { BatchOptions, BatchReport } from './batch.ts';
import type { ColumnState } from './columnStates.ts';
import { type ColumnSample, compareColumns } from './drift.ts';
import { figuresOf } from './figures.ts';
import { compact, meanOf, numbers, type OutputReport, shareSample } from './outputs.ts';
import type { ColumnProfile, OutputProfile, Profile } from './profile.ts';
import type { ReferenceColumn, ReferenceOutputs, ReferenceProfile } from './reference.ts';
import { createSketch, SKETCH_RANK_ERROR, type SketchState } from './sketch.ts';

/**
 * Values that a sketch is taken at for a comparison: all where it has no more than it holds. Chance alone moves the
 * distribution of so many by 0.03, four times what the sketch is off.
 */
const MOST_VALUES = 2000;

/** In place of the names that a profile does not keep. */
const OTHERS = '(others)';

/** As of rows; `outOfRange` is exact where it is 0 and within `SKETCH_RANK_ERROR` elsewhere. */
export interface ProfileReport extends BatchReport {
  /** before and after of each column */
  distributions: BeforeAfter[];
  /** what was not looked at, and why: a sentence each */
  limits: string[];
}

/**
 * @param options by what the columns are compared; `images`: the model takes images, of whose looks a profile of an earlier predictor says nothing
 * @throws UserError where the profile has no row, or is not of the version that the reference is of
 */
export function compareProfile(
  reference: ReferenceProfile,
  profile: Profile,
  { methods, thresholds, images = false }: Pick<BatchOptions, 'methods' | 'thresholds'> & { images?: boolean } = {},
): ProfileReport {
  if (profile.rows === 0) throw new UserError('missing', `rows of the profile of ${quote(profile.model.id)}: it has seen none. Score a file first`); // prettier-ignore
  const looks = !images || profile.columns.length > 0;
  const byName = new Map(profile.columns.map((column) => [column.name, column]));
  const pairs = (looks ? reference.columns : []).map((known) => {
    const column = byName.get(known.sample.name);
    if (column?.kind !== known.sample.kind) {
      throw new UserError(
        'invalid',
        `profile of ${quote(profile.model.id)}: it has no ${known.sample.kind} column ${quote(known.sample.name)}, as the reference has. Choose a profile of this version`,
      );
    }
    return { known, column, reference: known.sample, current: sampleOf(column) };
  });
  const report = {
    rows: profile.rows,
    columns: pairs.map(({ known, column }) => stateOf(known, column, profile.rows)),
    drift: compareColumns(pairs, methods, thresholds),
    ...compareOutputs(reference.outputs, profile),
    ...{ duplicates: null, domain: null, reconstruction: null, quality: null, estimate: null },
  };
  return {
    ...report,
    figures: figuresOf(report),
    distributions: compact(pairs.map((pair) => beforeAfter(pair.reference, pair.current))),
    limits: limitsOf(profile, images, looks),
  };
}

/** What a column of a profile looks like to a comparison. */
function sampleOf(column: ColumnProfile): ColumnSample {
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

function compareOutputs(known: ReferenceOutputs, { model, rows, outputs }: Profile): OutputReport {
  if (known.kind === 'value' && outputs.kind === 'value') {
    const [reference, current] = [known.predictions, valuesOf(outputs.values)].map((values) => numbers('prediction', values)); // prettier-ignore
    const [outputDrift] = compareColumns([{ reference, current }]).columns;
    return { outputDrift, confidenceDrift: null, said: null, predictions: compact([beforeAfter(reference, current)]) };
  }
  if (known.kind !== 'classes' || outputs.kind !== 'classes' || !sameLabels(known.labels, outputs)) {
    throw new UserError(
      'invalid',
      `profile of ${quote(model.id)}: it predicts other classes than the reference. Choose a profile of this version`,
    );
  }
  const { labels } = known;
  const { counts, confidence, entropy } = outputs;
  const ofCounts = (each: readonly number[]) => shareSample(labels, each);
  const shares = { reference: ofCounts(known.counts), current: ofCounts(counts.map(([, count]) => count)) };
  const sure = { reference: numbers('confidence', known.confidence), current: numbers('confidence', valuesOf(confidence)) }; // prettier-ignore
  return {
    outputDrift: compareColumns([shares]).columns[0],
    confidenceDrift: compareColumns([sure]).columns[0],
    said: {
      labels,
      shares: counts.map(([, count]) => count / rows),
      confidence: { before: meanOf(known.confidence), now: createSketch(0, confidence).mean() },
      entropy: {
        before: known.entropy ? meanOf(known.entropy) : null,
        now: entropy ? createSketch(0, entropy).mean() : null,
      },
    },
    predictions: compact([
      beforeAfter(shares.reference, shares.current),
      beforeAfter(sure.reference, sure.current),
      known.entropy && entropy && beforeAfter(numbers('entropy', known.entropy), numbers('entropy', valuesOf(entropy))),
    ]),
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

function limitsOf({ columns, outputs }: Profile, images: boolean, looks: boolean): string[] {
  const limits = [
    ...(images ? [`${looks ? 'Embeddings' : 'Brightness, contrast, sharpness, size and embeddings'} need the images themselves.`] : []), // prettier-ignore
    'Several columns at once, duplicate rows, the worst slices and the quality to be expected need the rows themselves, which a profile does not hold.',
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
