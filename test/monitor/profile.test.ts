import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import type { Column, Table } from '../../src/data/table.ts';
import { examineBatch } from '../../src/monitor/batch.ts';
import { createProfiler, mergeProfiles, MOST_NAMES, type Profile, type ProfileLayout } from '../../src/monitor/profile.ts'; // prettier-ignore
import { compareProfile } from '../../src/monitor/profileDrift.ts';
import { parseProfile } from '../../src/monitor/readProfile.ts';
import { profileReference } from '../../src/monitor/reference.ts';
import { createSketch, SKETCH_RANK_ERROR } from '../../src/monitor/sketch.ts';
import { exactly } from './exactly.ts';
import { takeRows } from '../../src/data/rows.ts';

const LABELS = ['no', 'yes'];
const LAYOUT: ProfileLayout = {
  model: { id: 'loans@2', fingerprint: 'ab'.repeat(32) },
  columns: [
    { kind: 'number', name: 'income' },
    { kind: 'category', name: '__proto__', known: ['car', 'home', 'trip'] },
  ],
  outputs: { kind: 'classes', labels: LABELS },
};

/** Rows with missing values, known categories and so many unknown ones. */
function draw(rows: number, seed: number, { shift = 0, strangers = 300 } = {}): Table {
  const random = createRandom(seed);
  const categories = ['trip', 'car', 'home', ...Array.from({ length: strangers }, (_, i) => `new ${i}`)];
  const code = () => (random.next() < 0.05 ? -1 : random.next() < 0.8 ? random.below(3) : random.below(categories.length)); // prettier-ignore
  return {
    rows,
    columns: [
      { name: 'unused', type: 'number', values: new Float64Array(rows) },
      { name: '__proto__', type: 'category', codes: Int32Array.from({ length: rows }, code), categories },
      { name: 'income', type: 'number', values: Float64Array.from({ length: rows }, () => (random.next() < 0.1 ? NaN : shift + random.normal())) }, // prettier-ignore
    ],
  };
}

/** Probabilities [rows, 2] that follow from the income. */
function say({ columns, rows }: Table): Float32Array {
  const { values } = columns[2] as Column & { values: Float64Array };
  return Float32Array.from({ length: rows * 2 }, (_, i) => {
    const yes = 1 / (1 + Math.exp(-(values[i >> 1] || 0)));
    return i % 2 ? yes : 1 - yes;
  });
}

function profileOf(table: Table, at: number, from?: Profile): Profile {
  const profiler = createProfiler(LAYOUT, from);
  profiler.add({ rows: table.rows, columns: table.columns, outputs: say(table), at });
  return profiler.profile();
}

const rowsOf = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, i) => from + i);
const throughJson = (profile: Profile) => parseProfile(JSON.stringify(profile), 'x.json');

describe('profiles of parts', () => {
  const all = draw(50_000, 1);
  const cuts = [0, 40, 40, 9_000, 9_500, 31_000, 50_000];
  const parts = cuts.slice(1).map((to, k) => throughJson(profileOf(takeRows(all, rowsOf(cuts[k], to)), 1000 + k)));

  it('merge to the profile of all rows: counts exact in any order and grouping, quantiles within the stated error', () => {
    const whole = { ...profileOf(all, 0), firstAt: 1000, lastAt: 1005 };
    const grouped = mergeProfiles([mergeProfiles(parts.slice(3)), mergeProfiles([parts[2], parts[0]]), parts[1]]);
    const inTurn = parts.reduce((sum, part) => mergeProfiles([sum, part]));
    const goneOnWith = profileOf(takeRows(all, rowsOf(9_000, 50_000)), 1005, mergeProfiles(parts.slice(0, 3)));
    const sorted = (all.columns[2] as Column & { values: Float64Array }).values.filter((x) => !Number.isNaN(x)).sort();
    for (const merged of [mergeProfiles(parts), grouped, inTurn, goneOnWith]) {
      expect(exactly(merged)).toEqual(exactly(whole));
      const { sketch } = merged.columns[0] as Profile['columns'][0] & { kind: 'number' };
      for (const share of [0.01, 0.1, 0.5, 0.9, 0.99]) {
        const value = createSketch(0, sketch).quantile(share);
        const rank = sorted.findLastIndex((x) => x <= value) / sorted.length;
        expect(Math.abs(rank - share)).toBeLessThan(SKETCH_RANK_ERROR);
      }
    }
    const column = whole.columns[1] as Profile['columns'][1] & { kind: 'category' };
    expect(column.known.map(([name]) => name)).toEqual(['car', 'home', 'trip']);
    expect(column.unseenNames).toHaveLength(MOST_NAMES);
    expect(column.unseen).toBeGreaterThan(column.unseenNames.reduce((sum, [, rows]) => sum + rows, 0));
  });

  it('are not merged where they are of different weights or layouts', () => {
    const other = { ...parts[0], model: { id: 'loans@3', fingerprint: 'cd'.repeat(32) } };
    expect(() => mergeProfiles([parts[0], other])).toThrow(/^invalid profile of 'loans@3': its weights are not those of 'loans@2'/); // prettier-ignore
    const fewer = { ...parts[0], columns: parts[0].columns.slice(1) };
    expect(() => mergeProfiles([parts[0], fewer])).toThrow(/its columns or classes are not those/);
    expect(() => createProfiler(LAYOUT, other)).toThrow(/its weights/);
    expect(() => mergeProfiles([])).toThrow(/^missing profiles to merge/);
  });

  it('hold no more than counts, however many rows they saw', () => {
    expect(JSON.stringify(mergeProfiles([...parts, ...parts, ...parts])).length).toBeLessThan(120_000);
  });
});

describe('the file of a profile', () => {
  const profile = profileOf(draw(3_000, 2), 5);
  const change = (path: (string | number)[], value: unknown) => {
    const copy = JSON.parse(JSON.stringify(profile));
    let at = copy;
    for (const key of path.slice(0, -1)) at = at[key];
    at[path.at(-1)!] = value;
    return JSON.stringify(copy);
  };

  it('is read back as it was', () => {
    expect(throughJson(profile)).toEqual(profile);
  });

  it.each([
    ['a cut file', JSON.stringify(profile).slice(0, -9), /^invalid profile 'x': it is no JSON, or is cut off/],
    ['another JSON file', '[1]', /it is another kind of file. Choose the file that/],
    ['null', 'null', /it is another kind of file/],
    ['a later form', change(['version'], 2), /^unsupported profile 'x': it is of form 2/],
    ['another number of rows', change(['rows'], 2_999), /it is damaged: column 'income' has not as many values/],
    ['a count below zero', change(['columns', 0, 'missing'], -1), /columns.0.missing must not be below 0/],
    ['a level too many', change(['columns', 0, 'sketch', 'levels', 9], [1]), /it is damaged/],
    ['a sketch of text', change(['outputs', 'confidence', 'levels'], [['1']]), /outputs.confidence.levels.0.0 must be a number/], // prettier-ignore
    ['a category twice', change(['columns', 1, 'known', 1, 0], 'car'), /column '__proto__' has a category twice/],
    ['no fingerprint', change(['model', 'fingerprint'], ''), /model.fingerprint must be a SHA-256/],
    ['no time', change(['lastAt'], null), /its times do not go with its rows/],
  ])('is refused with a sentence where it is %s', (_, json, message) => {
    expect(() => parseProfile(json, 'x')).toThrow(message);
  });
});

describe('a profile beside the reference', () => {
  const reference = (rows: number) => {
    const table = draw(rows, 3, { strangers: 0 });
    const held = takeRows(table, rowsOf(0, 300));
    const actual = Int32Array.from({ length: 300 }, (_, i) => i % 2);
    const features = [table.columns[2], table.columns[1]];
    return profileReference(features, rowsOf(0, rows), rowsOf(0, 300), { kind: 'classes', labels: LABELS, probabilities: say(held), actual }, 1); // prettier-ignore
  };

  it('of few rows says what the rows themselves say', () => {
    const batch = draw(400, 4, { shift: 0.4, strangers: 3 });
    const known = reference(800);
    const rows = examineBatch(known, { rows: 400, columns: batch.columns, outputs: { kind: 'classes', probabilities: say(batch), actual: null } }, { seed: 1 }); // prettier-ignore
    const report = compareProfile(known, throughJson(profileOf(batch, 1)));
    expect(report.drift).toEqual(rows.drift);
    expect(report.columns).toEqual(rows.columns);
    expect(report.outputDrift).toEqual(rows.outputDrift);
    expect(report.limits).toHaveLength(1);
    const byKey = (list: typeof report.figures) => new Map(list.map((figure) => [JSON.stringify([figure.name, figure.labels]), figure.value])); // prettier-ignore
    const whole = byKey(rows.figures);
    for (const [key, value] of byKey(report.figures)) expect(value, key).toBeCloseTo(whole.get(key)!, 12);
  });

  it('of many rows finds the drift that is there and none that is not', () => {
    const still = compareProfile(reference(4_000), profileOf(draw(20_000, 5, { strangers: 0 }), 1));
    expect(still.drift.columns.filter(({ drifted }) => drifted)).toEqual([]);
    const moved = compareProfile(reference(4_000), profileOf(draw(20_000, 6, { shift: 0.5, strangers: 200 }), 1));
    expect(moved.drift.columns.map(({ drifted }) => drifted)).toEqual([true, true]);
    expect(moved.columns[0].outOfRange).toBeGreaterThan(0);
    expect(moved.columns[1].unseen).toBeGreaterThan(0.1);
    expect(moved.limits).toHaveLength(3);
  });

  it('of images by a predictor that noted nothing of their looks is held against what was predicted alone', () => {
    const profiler = createProfiler({ ...LAYOUT, columns: [] });
    const batch = draw(400, 8, { shift: 2 });
    profiler.add({ rows: 400, columns: [], outputs: say(batch), at: 1 });
    const report = compareProfile(reference(800), throughJson(profiler.profile()), { images: true });
    expect(report).toMatchObject({
      rows: 400,
      columns: [],
      distributions: [],
      drift: { columns: [] },
      outputDrift: { drifted: true },
    });
    expect(report.figures.map(({ name }) => name)).not.toContain('lathe_drifted_columns_ratio');
    expect(report.limits).toHaveLength(2);
    const noted = compareProfile(reference(800), profileOf(batch, 1), { images: true });
    expect(noted.drift.columns.map(({ drifted }) => drifted)).toEqual([true, true]);
    expect(noted.limits[0]).toBe('Embeddings need the images themselves.');
  });

  it('is refused where it has no row or other columns', () => {
    expect(() => compareProfile(reference(100), createProfiler(LAYOUT).profile())).toThrow(/it has seen none/);
    const other = { ...profileOf(draw(50, 7), 1), columns: [] };
    expect(() => compareProfile(reference(100), other)).toThrow(
      /it has no number column 'income', as the reference has/,
    );
  });
});
