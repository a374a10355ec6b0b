// The rules by which a variant is chosen before anything is measured.

import { expect, test } from 'vitest';
import type { Gpu } from '../../src/gpu/device.ts';
import type { ProductShape } from '../../src/gpu/passes.ts';
import { candidates, chooseVariant } from '../../src/gpu/tune.ts';

const gpu = (o: Partial<Gpu>): Gpu => ({
  device: null as never,
  adapter: 'a',
  quads: true,
  software: false,
  threads: 1,
  ...o,
});
const shape = (rows: number, columns: number, depth: number, wholeRows = false): ProductShape => ({
  key: `${rows} ${columns} ${depth}`,
  rows,
  columns,
  depth,
  parts: 1,
  wholeRows,
});

test('a software adapter is never given a barrier', () => {
  for (const size of [1, 10, 100, 1000, 10_000]) {
    const kinds = candidates(gpu({ software: true }), shape(size, size, size)).map(({ kind }) => kind);
    expect(kinds).not.toContain('tiled');
    expect(kinds.length).toBeGreaterThan(0);
  }
});

test('threads share what they read where the adapter lets them, and the work is worth it', () => {
  const large = shape(4096, 64, 288);
  expect(candidates(gpu({ software: true }), large)[0].kind).toBe('quad');
  expect(candidates(gpu({ software: true, quads: false }), large)[0].kind).toBe('direct');
  expect(candidates(gpu({ software: true }), shape(8, 4, 4))[0].kind).toBe('direct');
});

test('a GPU begins with workgroup memory for what is large, and without for what is small', () => {
  expect(candidates(gpu({}), shape(1024, 512, 512))[0].kind).toBe('tiled');
  expect(candidates(gpu({}), shape(32, 64, 20))[0].kind).toBe('direct');
});

test('only a thread that holds whole rows stores whole rows', () => {
  expect(candidates(gpu({}), shape(32, 10, 64, true))).toEqual([{ kind: 'direct', tileRows: 1, tileColumns: 10 }]);
});

test('what was measured on this adapter goes before the rules', () => {
  const variant = { kind: 'tiled' as const, tile: 32 };
  const large = shape(1024, 512, 512);
  expect(chooseVariant(gpu({}), { [`a | ${large.key}`]: variant }, large)).toEqual(variant);
  expect(chooseVariant(gpu({ adapter: 'b' }), { [`a | ${large.key}`]: variant }, large)).toEqual({
    kind: 'tiled',
    tile: 64,
  });
});
