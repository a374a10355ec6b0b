// The samples and what is believed of them: the index says what is in the files, the split of each is for ever the same,
// and scikit-learn's figures are there to be compared with.

import { describe, expect, test } from 'vitest';
import quality from './quality.json';
import { readCsvSample, readIndex, readTargets, splitSample } from './sampleSplits.ts';
import splits from './splits.json';

describe.each(readIndex())('$id', (sample) => {
  test('has the rows, columns and classes that the index names', async () => {
    const targets = await readTargets(sample);
    expect(targets).toHaveLength(sample.rows);
    if (sample.classes) expect([...new Set(targets)].sort()).toEqual(sample.classes);
    if (sample.kind === 'images') return;
    const [header, ...rows] = readCsvSample(sample);
    expect(header.at(-1)).toBe(sample.target);
    for (const row of [header, ...rows]) expect(row).toHaveLength(sample.columns + 1);
    for (const row of rows)
      expect(row.slice(0, sample.columns).every((cell) => Number.isFinite(Number(cell)))).toBe(true);
  });

  test('is split into the same rows for ever, so that figures of one version can be compared with the next', async () => {
    expect(await splitSample(sample)).toEqual(splits[sample.id as keyof typeof splits]);
  });

  test('has each row in one part, and a share of every class in each', async () => {
    const parts = splits[sample.id as keyof typeof splits];
    const rows = [...parts.train, ...parts.validation, ...parts.test].sort((a, b) => a - b);
    expect(rows).toEqual(Array.from({ length: sample.rows }, (_, row) => row));
    const targets = await readTargets(sample);
    for (const label of sample.classes ?? []) {
      const rowsOf = (part: number[]) => part.filter((row) => targets[row] === label).length;
      const all = rowsOf(rows);
      for (const [part, share] of [
        [parts.train, 0.7],
        [parts.validation, 0.15],
        [parts.test, 0.15],
      ] as const) {
        expect(Math.abs(rowsOf(part) - share * all)).toBeLessThanOrEqual(1);
      }
    }
  });

  test('has figures of scikit-learn to be measured against', () => {
    for (const figures of Object.values(quality[sample.id as keyof typeof quality])) {
      const figure = 'r2' in figures ? figures.r2 : figures.accuracy;
      expect(figure).toBeGreaterThan(0.3);
      expect(figure).toBeLessThanOrEqual(1);
    }
  });
});
