import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import type { Column } from '../../src/data/table.ts';
import { type Batch, examineBatch } from '../../src/monitor/batch.ts';
import { profileReference } from '../../src/monitor/reference.ts';
import { figureKey } from '../../src/monitor/rules.ts';

/** Rows whose class follows from x, which a model knows; `shift` moves x, `noise` replaces `city` by an unseen one. */
function draw(seed: number, rows: number, { shift = 0, unseen = 0 } = {}) {
  const random = createRandom(seed);
  const x = new Float64Array(rows);
  const y = new Float64Array(rows);
  const codes = new Int32Array(rows);
  const probabilities = new Float64Array(rows * 2);
  const actual = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    x[i] = random.normal() + shift;
    y[i] = random.normal();
    codes[i] = random.next() < unseen ? 2 : random.below(2);
    const p = 1 / (1 + Math.exp(-2 * x[i]));
    probabilities.set([1 - p, p], 2 * i);
    actual[i] = Number(random.next() < p);
  }
  const columns: Column[] = [
    { name: 'x', type: 'number', values: x },
    { name: 'y', type: 'number', values: y },
    { name: 'city', type: 'category', codes, categories: ['Rome', 'Bern', 'Oslo'] },
  ];
  return { rows, columns, outputs: { kind: 'classes' as const, probabilities, actual } };
}

const training = draw(1, 2000);
const [train, heldOut] = [Int32Array.from({ length: 1400 }, (_, i) => i), Int32Array.from({ length: 600 }, (_, i) => 1400 + i)]; // prettier-ignore
const reference = profileReference(
  training.columns,
  train,
  heldOut,
  {
    kind: 'classes',
    labels: ['no', 'yes'],
    probabilities: training.outputs.probabilities.subarray(2800),
    actual: training.outputs.actual.subarray(1400),
  },
  1,
);
const examine = (batch: Batch) => examineBatch(reference, batch, { seed: 1 });

describe('a batch like the reference', () => {
  const report = examine(draw(2, 800));

  it('has no drift, nothing unseen, nothing missing', () => {
    expect(report.drift.columns.every(({ drifted }) => !drifted)).toBe(true);
    expect(report.columns.map(({ missing, unseen }) => missing + unseen)).toEqual([0, 0, 0]);
    expect(report.outputDrift.drifted).toBe(false);
    expect(report.domain!.low).toBeLessThan(0.5);
    expect(report.duplicates).toBe(0);
  });

  it('is as good as is foreseen', () => {
    expect(Math.abs(report.estimate!.metrics.accuracy - report.quality!.metrics.accuracy)).toBeLessThan(0.03);
  });

  it('gives each figure once', () => {
    const keys = report.figures.map(figureKey);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toContain('lathe_column_drift_p_value{column="x"}');
    expect(keys).toContain('lathe_prediction_ratio{class="yes"}');
    expect(report.figures.every(({ value }) => Number.isFinite(value))).toBe(true);
  });
});

describe('a batch that moved', () => {
  const report = examine(draw(3, 800, { shift: 0.8, unseen: 0.2 }));

  it('drifts in the columns that did and not in the other', () => {
    expect(report.drift.columns.map(({ column, drifted }) => [column, drifted])).toEqual([
      ['x', true],
      ['y', false],
      ['city', true],
    ]);
    expect(report.outputDrift.drifted).toBe(true);
    expect(report.domain!.low).toBeGreaterThan(0.5);
  });

  it('names what is new', () => {
    expect(report.columns[2]).toMatchObject({ unseenNames: ['Oslo'] });
    const fresh = draw(3, 800);
    const city = { name: 'city', type: 'category' as const, codes: new Int32Array(800), categories: ['Lima'] };
    expect(examine({ ...fresh, columns: [...fresh.columns.slice(0, 2), city] }).columns[2]).toMatchObject({ unseen: 1, unseenNames: ['Lima'] }); // prettier-ignore
  });

  it('has its quality foreseen without labels all the same', () => {
    const { estimate, quality } = examine({ ...draw(4, 4000, { shift: 0.8 }) });
    expect(Math.abs(estimate!.metrics.accuracy - quality!.metrics.accuracy)).toBeLessThan(0.02);
    expect(examine({ ...draw(4, 500), outputs: { ...draw(4, 500).outputs, actual: null } }).quality).toBeNull();
  });
});

describe('a batch that is not as it should be', () => {
  it('that lacks a column, has one of another kind and one more, is examined in the rest', () => {
    const batch = draw(5, 200);
    const [x, , city] = batch.columns;
    const wrong: Column = { name: 'y', type: 'category', codes: new Int32Array(200), categories: ['a'] };
    const report = examine({ ...batch, columns: [wrong, city, { ...x, name: 'extra' } as Column] });
    expect(report.columns.map(({ column, absent }) => [column, absent])).toEqual([['x', true], ['y', false], ['city', false]]); // prettier-ignore
    expect(report.surplus).toEqual(['extra']);
    expect(report.drift.columns.map(({ column }) => column)).toEqual(['city']);
    expect(report.domain).toBeNull();
  });

  it('of one row, of equal rows, of no value, gives figures all the same', () => {
    expect(examine(draw(6, 1)).rows).toBe(1);
    const batch = draw(6, 100);
    const columns = batch.columns.map((column): Column => 'values' in column ? { ...column, values: new Float64Array(100).fill(NaN) } : { ...column, codes: new Int32Array(100).fill(-1) }); // prettier-ignore
    const report = examine({ ...batch, columns });
    expect(report.duplicates).toBe(0.99);
    expect(report.columns.map(({ missing }) => missing)).toEqual([1, 1, 1]);
    expect(() => examine({ ...batch, rows: 0 })).toThrow(RangeError);
  });
});

it('a model of a number is foreseen by its errors', () => {
  const random = createRandom(8);
  const make = (rows: number, from: number) => {
    const values = Float64Array.from({ length: rows }, () => from + random.next());
    const predictions = values.map((value) => 2 * value);
    const actual = predictions.map((prediction, i) => prediction + random.normal() * (0.2 + values[i]));
    return { columns: [{ name: 'x', type: 'number' as const, values }], predictions, actual };
  };
  const all = make(3000, 0);
  const profile = profileReference(
    all.columns,
    Int32Array.from({ length: 1500 }, (_, i) => i),
    Int32Array.from({ length: 1500 }, (_, i) => 1500 + i),
    { kind: 'value', predictions: all.predictions.subarray(1500), actual: all.actual.subarray(1500) },
    1,
  );
  const { predictions, actual, columns } = make(1000, 0);
  const report = examineBatch(profile, { rows: 1000, columns, outputs: { kind: 'value', predictions, actual } }, { seed: 1 }); // prettier-ignore
  expect(Math.abs(report.estimate!.metrics.mae / report.quality!.metrics.mae - 1)).toBeLessThan(0.1);
  expect(report.domain).not.toBeNull();
});
