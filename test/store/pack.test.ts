import { expect, it } from 'vitest';
import { pack, unpack } from '../../src/store/pack.ts';

const value = {
  weights: [
    { name: 'a', shape: [3], data: Float32Array.of(1, NaN, -0) },
    { name: 'b', shape: [1], data: Float64Array.of(Math.PI) },
  ],
  bytes: Uint8Array.of(1, 2, 3),
  codes: Int32Array.of(-1, 7),
  empty: new Float32Array(),
  deep: { note: '💥', rate: Infinity, array: ['array', ['Int32Array', 0, 1]], $: 1 },
};

it('gives back what it was given, arrays bit for bit', async () => {
  expect(await unpack(pack(value))).toEqual(value);
});

it('gives equal values equal bytes', async () => {
  const { weights, ...rest } = value;
  const [one, other] = await Promise.all([pack(value).bytes(), pack({ ...rest, weights }).bytes()]);
  expect(one).toEqual(other);
});

it('packs only the part of a buffer that an array shows', async () => {
  const part = new Float32Array(1000).subarray(4, 6);
  expect(pack(part).size).toBeLessThan(100);
  expect(await unpack(pack(part))).toEqual(Float32Array.of(0, 0));
});

it('names bytes that are none of it, or are cut off', async () => {
  const whole = pack(value);
  for (const bytes of [new Blob(['hello']), new Blob(), whole.slice(0, 20), whole.slice(0, whole.size - 9)]) {
    await expect(unpack(bytes)).rejects.toThrow(/^invalid packed values/);
  }
});

it('refuses what it would lose', () => {
  expect(() => pack({ columns: [() => 1] })).toThrow(TypeError);
  expect(() => pack(new DataView(new ArrayBuffer(1)))).toThrow(TypeError);
});
