import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sortLabels } from '../../src/data/labels.ts';
import { type SplitSpec, splitRows } from '../../src/data/split.ts';

const spec: SplitSpec = { train: 0.7, validation: 0.15, test: 0.15, stratify: true };
const upTo = (n: number) => Int32Array.from({ length: n }, (_, i) => i);

test('parts share the rows out exactly, whatever the classes and the seed', () => {
  const classes = fc.array(fc.nat(4), { minLength: 12, maxLength: 300 });
  fc.assert(
    fc.property(classes, fc.integer(), fc.boolean(), (of, seed, stratify) => {
      const usable = upTo(of.length).map((i) => 3 * i + 1);
      const { train, validation, test } = splitRows(usable, Int32Array.from(of), { ...spec, stratify }, seed);
      const all = [...train, ...validation, ...test];
      expect(all.sort((a, b) => a - b)).toEqual([...usable]);
      for (const part of [train, validation, test]) expect(part).toEqual(part.slice().sort());
    }),
  );
});

test('each class is in each part where it has a row for each, and keeps its share to a row', () => {
  const sizes = fc.array(fc.integer({ min: 3, max: 60 }), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(sizes, fc.integer(), (counts, seed) => {
      const classes = Int32Array.from(counts.flatMap((count, label) => new Array<number>(count).fill(label)));
      const parts = splitRows(upTo(classes.length), classes, spec, seed);
      counts.forEach((count, label) => {
        for (const part of ['train', 'validation', 'test'] as const) {
          const held = parts[part].filter((row) => classes[row] === label).length;
          expect(held).toBeGreaterThan(0);
          expect(Math.abs(held - count * spec[part])).toBeLessThan(2);
        }
      });
    }),
  );
});

test('the whole keeps its shares to a row or two, over many small classes too', () => {
  const classes = upTo(1000).map((i) => i % 100);
  const { train, validation, test } = splitRows(upTo(1000), classes, spec, 1);
  expect([train.length, validation.length, test.length]).toEqual([700, 150, 150]);
});

test('a class of one row is learned from, one of two is tested too', () => {
  const classes = Int32Array.of(0, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2);
  const { train, test } = splitRows(upTo(13), classes, spec, 5);
  expect(train).toContain(0);
  expect([...test].filter((row) => row === 1 || row === 2)).toHaveLength(1);
});

test('the same seed gives this very split for ever', () => {
  const classes = upTo(20).map((i) => i % 2);
  const { train, validation, test } = splitRows(upTo(20), classes, spec, 42);
  expect({ train: [...train], validation: [...validation], test: [...test] }).toMatchInlineSnapshot(`
    {
      "test": [
        8,
        10,
        19,
      ],
      "train": [
        0,
        2,
        4,
        5,
        6,
        7,
        9,
        11,
        12,
        13,
        14,
        15,
        16,
        17,
      ],
      "validation": [
        1,
        3,
        18,
      ],
    }
  `);
  const plain = splitRows(upTo(10), null, { ...spec, stratify: false }, 42);
  expect([[...plain.train], [...plain.validation], [...plain.test]]).toMatchInlineSnapshot(`
    [
      [
        0,
        1,
        2,
        3,
        6,
        7,
        8,
      ],
      [
        9,
      ],
      [
        4,
        5,
      ],
    ]
  `);
  expect(splitRows(upTo(20), classes, spec, 43).train).not.toEqual(train);
});

test('without a validation part there is none', () => {
  const { train, validation, test } = splitRows(
    upTo(10),
    null,
    { train: 0.8, validation: 0, test: 0.2, stratify: false },
    1,
  );
  expect([train.length, validation.length, test.length]).toEqual([8, 0, 2]);
});

test('fractions that are none, and too few rows, are named', () => {
  expect(() => splitRows(upTo(9), null, { ...spec, train: 0.9 }, 1)).toThrow(/^invalid split: .* add up to 1\.2/);
  expect(() => splitRows(upTo(9), null, { ...spec, test: -1 }, 1)).toThrow(/^invalid split 'test': -1/);
  expect(() => splitRows(upTo(9), null, { ...spec, test: NaN }, 1)).toThrow(/^invalid split 'test': NaN/);
  expect(() => splitRows(upTo(2), null, spec, 1)).toThrow(/^missing rows: 2 with a target/);
  expect(() => splitRows(upTo(5), upTo(5), spec, 1)).toThrow(/^missing rows for the test part/);
});

test('the first segment falls into the parts that it had alone, whatever comes after it', () => {
  const label = fc.constantFrom('1', '2', '10', null); // null: a row that was dropped
  const first = fc.array(label, { minLength: 30, maxLength: 120 });
  const later = fc.array(fc.oneof(label, fc.constant('other')), { maxLength: 60 }); // `other` turns the order of labels
  fc.assert(
    fc.property(first, later, fc.integer(), fc.boolean(), (old, fresh, seed, stratify) => {
      const parts = (rows: (string | null)[], segments?: number[]) => {
        const labels = sortLabels(new Set(rows.filter((row) => row !== null)));
        const usable = upTo(rows.length).filter((row) => rows[row] !== null);
        const classes = usable.map((row) => labels.indexOf(rows[row]!));
        return splitRows(usable, classes, { ...spec, stratify, segments }, seed, labels);
      };
      const alone = parts(old);
      const all = fresh.length > 0 ? parts([...old, ...fresh], [old.length, fresh.length]) : parts(old, [old.length]);
      for (const part of ['train', 'validation', 'test'] as const) {
        expect(all[part].filter((row) => row < old.length)).toEqual(alone[part]);
      }
      expect(all.train.length + all.validation.length + all.test.length).toBe(
        [...old, ...fresh].filter((row) => row !== null).length,
      );
    }),
  );
});

test('replay keeps a share of the training rows of earlier segments, each class in it, and the other parts whole', () => {
  const classes = upTo(100).map((i) => i % 4);
  const labels = ['a', 'b', 'c', 'd'];
  const segments = [80, 20];
  const whole = splitRows(upTo(100), classes, { ...spec, segments }, 7, labels);
  const replayed = (replay: number) => splitRows(upTo(100), classes, { ...spec, segments, replay }, 7, labels);
  const [half, tenth, none] = [replayed(0.5), replayed(0.1), replayed(0)];
  const old = ({ train }: { train: Int32Array }) => [...train.filter((row) => row < 80)];
  expect(old(half)).toHaveLength(Math.ceil(old(whole).length / 2));
  expect(new Set(old(tenth).map((row) => classes[row])).size).toBe(4);
  expect(old(half)).toEqual(expect.arrayContaining(old(tenth)));
  expect(old(none)).toEqual([]);
  for (const { train, validation, test } of [half, tenth, none]) {
    expect(train.filter((row) => row >= 80)).toEqual(whole.train.filter((row) => row >= 80));
    expect([validation, test]).toEqual([whole.validation, whole.test]);
  }
});
