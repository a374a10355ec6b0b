// How often the rules to begin with raise an alarm where nothing has changed, with as few held-out rows as small data has.

import { expect, it } from 'vitest';
import { createRandom, type Random } from '../../src/base/random.ts';
import type { Column } from '../../src/data/table.ts';
import { examineBatch } from '../../src/monitor/batch.ts';
import { profileReference } from '../../src/monitor/reference.ts';
import { presetRules } from '../../src/monitor/presets.ts';
import { raiseAlerts } from '../../src/monitor/rules.ts';
import { spreadFor, spreadOf } from '../../src/monitor/spread.ts';

const REFERENCES = 50;
/** of each reference */
const BATCHES = 10;

/** Rows whose class follows from x, the more surely the sharper, and a column that lacks one value in fifty. */
function draw(random: Random, rows: number, sharpness: number) {
  const x = Float64Array.from({ length: rows }, () => random.normal());
  const y = Float64Array.from({ length: rows }, () => (random.next() < 0.02 ? NaN : random.normal()));
  const chances = Array.from(x, (value) => 1 / (1 + Math.exp(-sharpness * value)));
  const columns: Column[] = [
    { name: 'x', type: 'number', values: x },
    { name: 'y', type: 'number', values: y },
  ];
  const probabilities = Float32Array.from(chances.flatMap((p) => [1 - p, p]));
  return { rows, columns, outputs: { kind: 'classes' as const, probabilities, actual: Int32Array.from(chances, (p) => Number(random.next() < p)) } }; // prettier-ignore
}

it.each([
  { model: 'right in 8 of 10 rows', sharpness: 3, heldOut: 85, rows: 200 },
  { model: 'almost always right', sharpness: 30, heldOut: 60, rows: 200 },
])('three deviations are seldom passed by chance, by a model that is $model', ({ sharpness, heldOut, rows }) => {
  const random = createRandom(11);
  const raised: Record<string, number> = {};
  for (let r = 0; r < REFERENCES; r++) {
    const [training, held] = [draw(random, 2 * heldOut, sharpness), draw(random, heldOut, sharpness)];
    const columns = training.columns.map((column, c) => ({ ...column, values: Float64Array.from([...(column as { values: Float64Array }).values, ...(held.columns[c] as { values: Float64Array }).values]) }) as Column); // prettier-ignore
    const index = (from: number, count: number) => Int32Array.from({ length: count }, (_, i) => from + i);
    const reference = profileReference(columns, index(0, 2 * heldOut), index(2 * heldOut, heldOut), { ...held.outputs, labels: ['no', 'yes'] }, 1); // prettier-ignore
    const spread = spreadFor(spreadOf(reference, held, held.outputs, 1)!, rows);
    for (let b = 0; b < BATCHES; b++) {
      const { figures } = examineBatch(reference, draw(random, rows, sharpness), { seed: 1, several: false });
      const alerts = raiseAlerts(presetRules('accuracy'), [{ batch: 1, figures }], spread);
      for (const id of new Set(alerts.map(({ rule }) => rule.id))) raised[id] = (raised[id] ?? 0) + 1;
    }
  }
  const rate = (id: string) => (raised[id] ?? 0) / (REFERENCES * BATCHES);
  for (const id of ['missing', 'estimate', 'quality']) expect({ id, rate: rate(id) }).toSatisfy((own: { rate: number }) => own.rate <= 0.03); // prettier-ignore
  for (const id of ['drift-column', 'predictions']) expect({ id, rate: rate(id) }).toSatisfy((own: { rate: number }) => own.rate < 0.1); // prettier-ignore
});
