import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parse, stringify } from '../../src/base/json.ts';

it('gives equal values equal text, in whatever order their fields were set', () => {
  expect(stringify({ b: 1, a: [true, null, 'x'], c: undefined })).toBe('{"a":[true,null,"x"],"b":1}');
  expect(stringify({ a: [true, null, 'x'], b: 1 })).toBe('{"a":[true,null,"x"],"b":1}');
});

it('keeps every value that JSON has, and gives it back', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => void expect(parse(stringify(value))).toEqual(value)));
});

it('keeps the numbers that JSON loses', () => {
  const numbers = [NaN, Infinity, -Infinity, -0, 0, 5e-324, 0.1];
  expect(parse(stringify(numbers))).toEqual(numbers);
});

it('takes hostile keys as keys', () => {
  for (const key of ['__proto__', 'constructor', '$', '$$', '$$$', '$x', '']) {
    const value = Object.fromEntries([[key, ['number', NaN]]]);
    const back = parse(stringify(value)) as object;
    expect(Object.keys(back)).toEqual([key]);
    expect(Object.values(back)).toEqual([['number', NaN]]);
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
  }
});

it('refuses what it would lose', () => {
  for (const value of [() => 1, Symbol('x'), 1n, new Map(), new Date(), Uint8Array.of(1)]) {
    expect(() => stringify({ value })).toThrow(TypeError);
  }
});

it('keeps what a caller has a tag for', () => {
  const text = stringify({ at: new Date(5) }, (value) =>
    value instanceof Date ? ['date', value.getTime()] : undefined,
  );
  expect(parse(text, (_, value) => new Date(value as number))).toEqual({ at: new Date(5) });
  expect(() => parse(text)).toThrow(SyntaxError);
});
