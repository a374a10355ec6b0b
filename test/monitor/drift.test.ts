import { describe, expect, it } from 'vitest';
import { createRandom, type Random } from '../../src/base/random.ts';
import { chooseMethod, type ColumnSample, compareColumns } from '../../src/monitor/drift.ts';

const numbers = (name: string, values: Iterable<number>): ColumnSample => ({
  kind: 'number',
  name,
  values: Float64Array.from(values).sort(),
  missing: 0,
});
const classes = (name: string, values: string[]): ColumnSample => {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return { kind: 'category', name, counts, missing: 0 };
};
const normals = (random: Random, rows: number, shift = 0) =>
  Float64Array.from({ length: rows }, () => shift + random.normal());

describe('the test of a column is Evidently’s default', () => {
  const random = createRandom(1);
  it.each([
    ['ks', numbers('x', normals(random, 1000))],
    ['wasserstein', numbers('x', normals(random, 1001))],
    [
      'chiSquared',
      numbers(
        'x',
        Array.from({ length: 50 }, (_, i) => i % 5),
      ),
    ],
    [
      'ks',
      numbers(
        'x',
        Array.from({ length: 50 }, (_, i) => i % 6),
      ),
    ],
    [
      'proportions',
      numbers(
        'x',
        Array.from({ length: 50 }, (_, i) => i % 2),
      ),
    ],
    ['chiSquared', classes('x', ['a', 'b', 'c'])],
    ['proportions', classes('x', ['a', 'b', 'b'])],
    [
      'jensenShannon',
      classes(
        'x',
        Array.from({ length: 1001 }, (_, i) => String(i % 3)),
      ),
    ],
    [
      'jensenShannon',
      numbers(
        'x',
        Array.from({ length: 1001 }, (_, i) => i % 5),
      ),
    ],
  ] as const)('%s', (method, sample) => expect(chooseMethod(sample)).toBe(method));
});

describe('a verdict', () => {
  const random = createRandom(2);
  const verdict = (reference: ColumnSample, current: ColumnSample, method?: 'psi' | 'hellinger') =>
    compareColumns([{ reference, current }], method ? { x: method } : {}).columns[0];

  it('finds a new category, whose name may be that of a property of every object', () => {
    const found = verdict(classes('x', Array(90).fill('a').concat(Array(9).fill('b'))), classes('x', Array(40).fill('constructor'))); // prettier-ignore
    expect(found).toMatchObject({ drifted: true, rows: { reference: 99, current: 40 } });
  });

  it.each(['psi', 'hellinger'] as const)('by %s finds a shift and leaves chance alone', (method) => {
    const reference = numbers('x', normals(random, 2000));
    expect(verdict(reference, numbers('x', normals(random, 2000)), method).drifted).toBe(false);
    expect(verdict(reference, numbers('x', normals(random, 2000, 0.5)), method).drifted).toBe(true);
    // twenty rows lie far from the reference by chance alone: at its level it is raised once in twenty draws
    const few = Array.from({ length: 40 }, () => verdict(reference, numbers('x', normals(random, 20)), method));
    expect(few.every(({ value, threshold }) => value > threshold)).toBe(true);
    expect(few.filter(({ drifted }) => drifted).length).toBeLessThanOrEqual(7);
  });

  it('of a column without a value in the batch is left to the count of missing values', () => {
    const found = verdict(numbers('x', [1, 2, 3, 4, 5, 6, 7]), numbers('x', []));
    expect(found).toMatchObject({ drifted: false, pValue: 1 });
  });

  it('of a constant column that became another constant is drift', () => {
    expect(verdict(numbers('x', Array(2000).fill(5)), numbers('x', Array(500).fill(6))).drifted).toBe(true);
  });

  it('of no columns is no drift', () => {
    expect(compareColumns([])).toEqual({ columns: [], driftedShare: 0, datasetDrifted: false });
  });
});

describe('the alarm is calibrated, over 1,000 seeded batches by ten columns', { timeout: 180_000 }, () => {
  const COLUMNS = 10;
  const BATCHES = 1000;
  // 99.9 % of the binomial distribution of 1,000 at 0.05
  const [LOW, HIGH] = [0.028, 0.074];

  type Draw = (random: Random, name: string, rows: number, shift: number) => ColumnSample;
  const list = <T>(rows: number, draw: () => T): T[] => Array.from({ length: rows }, draw);
  const normal: Draw = (random, name, rows, shift) => numbers(name, normals(random, rows, shift));
  const even: Draw = (random, name, rows) => classes(name, list(rows, () => 'abcd'[random.below(4)])); // prettier-ignore
  const age: Draw = (random, name, rows) =>
    numbers(
      name,
      list(rows, () => Math.round(45 + 12 * random.normal())),
    );
  /** of 200 categories, the k-th about as common as 1 / k */
  const town: Draw = (random, name, rows) =>
    classes(
      name,
      list(rows, () => `town ${Math.floor(200 ** random.next())}`),
    );
  const rare: Draw = (random, name, rows) =>
    classes(
      name,
      list(rows, () => (random.next() < 0.01 ? 'yes' : 'no')),
    );

  /** The share of batches in which any column is said to drift. @param draws of the columns, over and over */
  function alarms(draws: readonly Draw[], referenceRows: number, rows: number, shift: number): number {
    const random = createRandom(7);
    // a fresh reference for each batch, for a rate that does not hang on one draw
    let alarmed = 0;
    for (let b = 0; b < BATCHES; b++) {
      const pairs = Array.from({ length: COLUMNS }, (_, c) => {
        const draw = draws[c % draws.length];
        return {
          reference: draw(random, `x${c}`, referenceRows, 0),
          current: draw(random, `x${c}`, rows, c === 0 ? shift : 0),
        };
      });
      if (compareColumns(pairs).columns.some(({ drifted }) => drifted)) alarmed++;
    }
    return alarmed / BATCHES;
  }
  const plain = [normal, normal, even];

  it('without drift it is raised as often as its level says', () => {
    const rate = alarms(plain, 400, 500, 0); // Holm's adjustment stays a little below the level
    expect(rate).toBeGreaterThan(LOW);
    expect(rate).toBeLessThan(HIGH);
  });

  it('by distances, which must be large besides, it is raised no more often', () => {
    expect(alarms(plain, 1001, 500, 0)).toBeLessThan(HIGH);
  });

  it.each([30, 300])('nor with ties, rare categories and %d rows', (rows) => {
    expect(alarms([age, town, rare], 400, rows, 0)).toBeLessThan(HIGH);
  });

  it('a shift of half a standard deviation in one column is found in 95 % of the batches of 500 at least', () => {
    expect(alarms(plain, 400, 500, 0.5)).toBeGreaterThanOrEqual(0.95);
    expect(alarms(plain, 1001, 500, 0.5)).toBeGreaterThanOrEqual(0.95);
  });
});
