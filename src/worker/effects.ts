// What the drift of each column is foreseen to do: some rows are scored again with the column's values drawn from the
// reference instead, all else being equal.

import { createRandom } from '../base/random.ts';
import { takeRows } from '../data/rows.ts';
import { type Column, isNumeric } from '../data/table.ts';
import { foresee } from '../monitor/batch.ts';
import type { DriftReport } from '../monitor/drift.ts';
import { drawRows, type ReferenceProfile } from '../monitor/reference.ts';
import { takeOutputs } from '../monitor/takeOutputs.ts';
import type { Context } from './context.ts';
import { tableOutputs } from './enginePredict.ts';
import { completed } from './readBatchFiles.ts';
import { asOutputs, type Subject } from './subject.ts';

/** Of fewer rows, chance says more than a column does. */
const LEAST_ROWS = 30;
/** Rows of a batch on which the effect of a column is foreseen. */
const EFFECT_ROWS = 2000;
/** Columns whose effect is foreseen, those that drift most surely. */
const MOST_EFFECTS = 10;

/** @returns by column that drifts: the metric with its values, less the metric with the reference's; images and very few rows have none */
export async function foreseeEffects(
  context: Context,
  { version, trained, reference: { profile }, content, rows, outputs }: Subject,
  columns: Column[],
  drift: DriftReport,
  metric: string,
): Promise<Record<string, number>> {
  const { preparation } = trained;
  if (content.kind !== 'table' || preparation.kind !== 'table' || rows < LEAST_ROWS) return {};
  const drifted = drift.columns.filter((column) => column.drifted).sort((a, b) => a.pValue - b.pValue).slice(0, MOST_EFFECTS); // prettier-ignore
  const { seed } = version.recipe;
  const index = drawRows(Int32Array.from({ length: rows }, (_, i) => i), EFFECT_ROWS, seed); // prettier-ignore
  const taken = takeRows({ rows, columns: completed(columns, preparation).columns }, index);
  const own = takeOutputs(asOutputs(version, outputs, null), rows, index);
  const now = foresee(profile, { ...taken, outputs: own }, seed);
  if (!now) return {};
  const effects: [string, number][] = [];
  for (const { column: name } of drifted) {
    const swapped = taken.columns.map((column) => (column.name === name ? drawnFrom(profile, column) : column));
    const said = await tableOutputs(context, version, trained, preparation, { rows: index.length, columns: swapped });
    const batch = { rows: index.length, columns: swapped, outputs: asOutputs(version, said, null) };
    const before = foresee(profile, batch, seed);
    if (before) effects.push([name, now.metrics[metric] - before.metrics[metric]]);
  }
  return Object.fromEntries(effects);
}

/** A column of the same length whose values are drawn from the reference. */
function drawnFrom({ columns }: ReferenceProfile, column: Column): Column {
  const known = columns.find(({ sample }) => sample.name === column.name)!;
  const random = createRandom(7);
  if (isNumeric(column) && known.sample.kind === 'number') {
    const { values } = known.sample;
    return { ...column, values: column.values.map(() => (values.length > 0 ? values[random.below(values.length)] : NaN)) }; // prettier-ignore
  }
  if (isNumeric(column) || known.sample.kind === 'number') return column;
  const [names, ends] = [[] as string[], [] as number[]];
  for (const [name, count] of known.sample.counts) {
    names.push(name);
    ends.push((ends.at(-1) ?? 0) + count);
  }
  const total = ends.at(-1) ?? 0;
  if (total === 0) return column;
  const codes = column.codes.map(() => {
    const at = random.below(total);
    return ends.findIndex((end) => at < end);
  });
  return { ...column, codes, categories: names };
}
