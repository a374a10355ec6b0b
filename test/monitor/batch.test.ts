import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import type { Column } from '../../src/data/table.ts';
import { type Batch, examineBatch } from '../../src/monitor/batch.ts';
import { profileReference } from '../../src/monitor/reference.ts';
import { figureKey } from '../../src/monitor/rules.ts';
import { compareSchemas } from '../../src/monitor/schema.ts';
import { faultOf, methodsOf, type MonitorSettings } from '../../src/monitor/settings.ts';
import { trustOf } from '../../src/monitor/trust.ts';

/** Rows whose class follows from x, which a model knows; `shift` moves x, `noise` replaces `city` by an unseen one. */
function draw(seed: number, rows: number, { shift = 0, unseen = 0 } = {}) {
  const random = createRandom(seed);
  const x = new Float64Array(rows);
  const y = new Float64Array(rows);
  const codes = new Int32Array(rows);
  const probabilities = new Float32Array(rows * 2);
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

  it('has a band around the foreseen quality that holds the true one about as often as it says', () => {
    let inside = 0;
    for (let seed = 100; seed < 160; seed++) {
      const { estimate, quality } = examineBatch(reference, draw(seed, 200, { shift: 0.8 }), { seed, several: false });
      for (const metric of ['accuracy', 'f1', 'logLoss']) {
        const { low, high } = estimate!.intervals[metric];
        if (quality!.metrics[metric] >= low && quality!.metrics[metric] <= high) inside++;
      }
    }
    expect(inside / 180).toBeGreaterThan(0.88);
    expect(inside / 180).toBeLessThan(1);
  });

  it('of one row is right or wrong, and both were foreseen as possible', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { estimate, quality } = examine(draw(seed, 1));
      const { accuracy } = estimate!.intervals;
      expect([accuracy.low <= quality!.metrics.accuracy, quality!.metrics.accuracy <= accuracy.high]).toEqual([true, true]); // prettier-ignore
      expect(trustOf(1000, estimate!, null, true).close).toBe(false);
    }
  });

  it('is held against what was said of the held-out rows', () => {
    const { said, confidenceDrift, predictions } = report;
    expect(said!.shares.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    expect(said!.confidence.now).toBeGreaterThan(said!.confidence.before!);
    expect(said!.entropy.now).toBeLessThan(said!.entropy.before!);
    expect(confidenceDrift!.drifted).toBe(true);
    expect(predictions.map(({ column }) => column).sort()).toEqual([
      'confidence',
      'entropy',
      'no',
      'prediction',
      'yes',
    ]);
  });
});

describe('a batch that is not as it should be', () => {
  it('that lacks a column, has one of another kind and one more, is examined in the rest', () => {
    const batch = draw(5, 200);
    const [x, , city] = batch.columns;
    const wrong: Column = { name: 'y', type: 'category', codes: new Int32Array(200), categories: ['a'] };
    const report = examine({ ...batch, columns: [wrong, city, { ...x, name: 'extra' } as Column] });
    expect(report.columns.map(({ column, absent }) => [column, absent])).toEqual([['x', true], ['y', false], ['city', false]]); // prettier-ignore
    expect(report.drift.columns.map(({ column }) => column)).toEqual(['city']);
    expect(report.domain).toBeNull();
  });

  it('that lacks a class says nothing of it, and leaves no figure of it', () => {
    const batch = draw(7, 300);
    const actual = batch.outputs.actual.map((c) => (c === 1 ? -1 : c));
    const { quality, figures } = examine({ ...batch, outputs: { ...batch.outputs, actual } });
    expect(quality!.classes![1].support).toBe(0);
    const recalls = figures.filter(({ name, labels }) => name === 'lathe_class_quality' && labels.metric === 'recall');
    expect(recalls.map(({ labels }) => labels.class)).toEqual(['no']);
    expect(figures.every(({ low = 0, value, high = value }) => low <= value && value <= high)).toBe(true);
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

it('columns are compared as it is wished, where the method suits them', () => {
  const settings: MonitorSettings = {
    method: 'psi',
    columns: [{ column: 'y', method: 'hellinger', threshold: 0.5 }],
    shadow: false,
  };
  const wished = methodsOf(settings, ['x', 'y', 'city']);
  const { drift } = examineBatch(reference, draw(3, 800, { shift: 0.8 }), { seed: 1, ...wished });
  expect(drift.columns.map(({ method, threshold }) => [method, threshold])).toEqual([['psi', 0.1], ['hellinger', 0.5], ['psi', 0.1]]); // prettier-ignore
  expect(drift.columns[0].drifted).toBe(true);
  const kinds = new Map([['y', 'number'], ['city', 'category']] as const); // prettier-ignore
  expect(faultOf(settings, kinds)).toBeNull();
  expect(faultOf({ ...settings, columns: [{ column: 'city', method: 'ks' }] }, kinds)).toMatch(/not by 'ks'/);
  expect(faultOf({ ...settings, columns: [{ column: 'age', method: 'psi' }] }, kinds)).toMatch(/no column 'age'/);
});

it('what became of the columns is told: gone, new, of another type', () => {
  const specs = training.columns.map(({ name, type }) => ({ name, type, role: 'feature' as const }));
  const [x, y, city] = draw(9, 50).columns;
  const none: Column = { name: 'x', type: 'number', values: new Float64Array(50).fill(NaN) };
  const codes: Column = { name: 'city', type: 'category', codes: new Int32Array(50), categories: ['1', '2'] };
  expect(compareSchemas([...specs, { name: 'class', type: 'category', role: 'target' }], [x, y, city], reference.columns)).toEqual([]); // prettier-ignore
  expect(compareSchemas(specs, [none, codes, { ...x, name: 'z' } as Column], reference.columns)).toEqual([
    { kind: 'type', column: 'x', was: 'number', now: 'unreadable' },
    { kind: 'gone', column: 'y', was: 'number' },
    { kind: 'type', column: 'city', was: 'category', now: 'number' },
    { kind: 'new', column: 'z', now: 'number' },
  ]);
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
  for (const metric of ['mae', 'rmse']) {
    const { low, high } = report.estimate!.intervals[metric];
    expect([low < report.quality!.metrics[metric], report.quality!.metrics[metric] < high]).toEqual([true, true]);
  }
});
