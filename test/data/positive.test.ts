import { expect, test } from 'vitest';
import { importFiles } from '../../src/data/import.ts';
import { alignOutputs } from '../../src/data/labels.ts';
import { proposePositive, withPositive } from '../../src/data/positive.ts';
import { readTarget } from '../../src/data/prepare.ts';
import { profileTable } from '../../src/data/profile.ts';
import { splitRows } from '../../src/data/split.ts';

/** A table of one target, after a column of numbers. */
async function tableOf(values: readonly string[]) {
  const decode = () => Promise.reject(new Error('no image'));
  const csv = ['x,y', ...values.map((value, i) => `${i / 7},${value}`)].join('\n');
  const imported = await importFiles([new File([csv], 'a.csv')], { decode });
  if (imported.kind !== 'table') throw new Error('no table');
  return imported.table;
}
const times = (first: string, count: number, second: string, other: number) => [
  ...Array.from({ length: count }, () => first),
  ...Array.from({ length: other }, () => second),
];

test.each([
  ['the rarer one, even where it is the first', times('fraud', 3, 'legitimate', 17), 'fraud'],
  ['the rarer number', times('1', 3, '2', 17), '1'],
  ['the second of equally many', times('cat', 10, 'dog', 10), 'dog'],
  ['the true one, even where it is the commoner', times('No', 3, 'Yes', 17), 'Yes'],
  ['what is not 0', times('0', 3, '1', 17), '1'],
  ['what is not negative', times('Negative', 3, 'Other', 17), 'Other'],
  ['none of three', [...times('a', 3, 'b', 17), 'c'], undefined],
  ['none of many numbers', Array.from({ length: 20 }, (_, i) => String(i * 3)), undefined],
])('proposed as the positive class: %s', async (_, values, positive) => {
  const profile = profileTable(await tableOf(values)).find(({ name }) => name === 'y')!;
  expect(proposePositive(profile)).toBe(positive);
});

test('the positive class is the second label, and says nothing of which row is in which part', async () => {
  const table = await tableOf([...times('fraud', 9, 'legitimate', 21), '']);
  const plain = readTarget(table, 'y', 'binary');
  const turned = withPositive(plain, { positive: 'fraud', target: 'y' });
  if (plain.kind !== 'classes' || turned.kind !== 'classes') throw new Error('no classes');
  expect(plain.labels).toEqual(['fraud', 'legitimate']);
  expect(turned.labels).toEqual(['legitimate', 'fraud']);
  const named = ({ labels, classes }: typeof plain) => Array.from(classes, (c) => labels[c]);
  expect(named(turned)).toEqual(named(plain));

  const spec = { train: 0.6, validation: 0.2, test: 0.2, stratify: true };
  const split = ({ usable, labels, classes }: typeof plain) =>
    splitRows(
      usable,
      Int32Array.from(usable, (row) => classes[row]),
      spec,
      42,
      labels,
    );
  expect(split(turned)).toEqual(split(plain));
});

test('of more than two classes none is put last, and one that is not there is named', async () => {
  const three = readTarget(await tableOf(['a', 'b', 'c', 'a']), 'y', 'multiclass');
  expect(withPositive(three, { positive: 'a', target: 'y' })).toBe(three);
  expect(() => withPositive(three, { positive: 'd', target: 'y' })).toThrow(
    /^unknown recipe\.positive: 'd'; target 'y' has the classes 'a', 'b', 'c'/,
  );
});

test('outputs are put in the order of other labels, and have nothing for a class that they do not know', () => {
  const outputs = Float32Array.of(0.25, 0.75, 1, 0);
  expect(alignOutputs(outputs, ['a', 'b'], ['a', 'b'])).toBe(outputs);
  expect(alignOutputs(outputs, ['a', 'b'], ['b', 'a'])).toEqual(Float32Array.of(0.75, 0.25, 0, 1));
  expect(alignOutputs(outputs, ['a', 'b'], ['c', 'a', 'b'])).toEqual(Float32Array.of(0, 0.25, 0.75, 0, 1, 0));
});
