import { expect, it } from 'vitest';
import { respellBooleans } from '../../src/data/booleans.ts';
import { createRepairLog } from '../../src/data/repairs.ts';
import type { LabelColumn } from '../../src/data/table.ts';

const column = (name: string, ...cells: (string | null)[]): LabelColumn => {
  const categories = [...new Set(cells.filter((cell) => cell !== null))];
  return { name, type: 'boolean', codes: Int32Array.from(cells, (cell) => (cell === null ? -1 : categories.indexOf(cell))), categories }; // prettier-ignore
};
const respell = (own: LabelColumn, ...pair: string[]) => {
  const log = createRepairLog();
  const [{ codes, categories }] = respellBooleans([own], new Map([['ok', pair]]), log) as LabelColumn[];
  return { cells: Array.from(codes, (code) => (code < 0 ? null : categories[code])), repairs: log.list() };
};

it('spells truth values as the model does, counts them, and leaves anything else as it is', () => {
  const cells = ['true', null, 'false', 'True', 'true'];
  const { cells: spelled, repairs } = respell(column('ok', ...cells), 'False', 'True');
  expect(spelled).toEqual(['True', null, 'False', 'True', 'True']);
  expect(repairs).toMatchObject([{ kind: 'booleanSpellings', count: 3 }]);
  expect(repairs[0].message).toContain("'true' as 'True' in column 'ok'");
  expect(respell(column('ok', 'off', 'on'), 'yes', 'no').cells).toEqual(['no', 'yes']);
  for (const [own, ...pair] of [
    [column('ok', 'yes'), 'no', 'yes'],
    [column('ok', 'true', 'perhaps'), 'no', 'yes'],
    [column('ok', 'true', 'constructor'), 'no', 'yes'],
    [column('other', 'true'), 'no', 'yes'],
    [column('ok', 'true'), 'red', 'green'],
    [column('ok', 'true'), 'no', 'yes', 'perhaps'],
  ] as [LabelColumn, ...string[]][]) {
    const { categories, codes } = own;
    expect(respell(own, ...pair)).toEqual({ cells: Array.from(codes, (code) => categories[code]), repairs: [] });
  }
});
