// Compares nested plain values: the same keys and lengths, numbers within a tolerance (relative above 1).

import { expect } from 'vitest';

/** @param path names the place in a failure */
export function expectClose(actual: unknown, expected: unknown, tolerance: number, path = 'value'): void {
  if (typeof expected === 'number' && typeof actual === 'number') {
    const difference = Math.abs(actual - expected);
    expect(difference <= tolerance * Math.max(1, Math.abs(expected)), `${path}: ${actual} is not ${expected}`).toBe(
      true,
    );
  } else if (isObject(expected) && isObject(actual)) {
    expect(Object.keys(actual).sort(), path).toEqual(Object.keys(expected).sort());
    for (const key of Object.keys(expected)) expectClose(actual[key], expected[key], tolerance, `${path}.${key}`);
  } else {
    expect(actual, path).toEqual(expected);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
