import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { compareOutputs } from '../../src/export/agreement.ts';
import { THREE, TWO } from './models.ts';

const RUNTIME = 'a runtime 1.0';

describe('the comparison of a file with the page', () => {
  it('gives the largest difference over all rows and classes', () => {
    const comparison = compareOutputs(RUNTIME, THREE, 2, new Float32Array([0.5, 0.25, 0.25, 1, 0, 0]));
    comparison.take(0, 1, new Float32Array([0.5, 0.25, 0.25]));
    comparison.take(1, 2, new Float32Array([1 - 2 ** -15, 2 ** -15, 0]));
    expect(comparison.verdict()).toEqual({ runtime: RUNTIME, rows: 2, maxAbsDiff: 2 ** -15 });
  });

  it('refuses more than 1e-4, and names the row', () => {
    const comparison = compareOutputs(RUNTIME, TWO, 2, new Float32Array([0.5, 0.5, 0.5, 0.5]));
    comparison.take(0, 2, new Float32Array([0.5, 0.5, 0.4998, 0.5002]));
    expect(() => comparison.verdict()).toThrow(UserError);
    expect(() => comparison.verdict()).toThrow(/a runtime 1.0 differs from the page by 0.0002\d* in row 1/);
  });

  it('refuses what is not finite on either side', () => {
    const one = () => compareOutputs(RUNTIME, TWO, 1, new Float32Array([0.5, 0.5]));
    expect(() => one().take(0, 1, new Float32Array([NaN, 0.5]))).toThrow(/gives NaN in row 0/);
    expect(() => one().take(0, 1, new Float32Array([0.5, Infinity]))).toThrow(/gives Infinity/);
    const broken = compareOutputs(RUNTIME, TWO, 1, new Float32Array([NaN, NaN]));
    expect(() => broken.take(0, 1, new Float32Array([NaN, NaN]))).toThrow(UserError);
  });

  it('refuses another number of outputs, and no rows at all', () => {
    expect(() => compareOutputs(RUNTIME, TWO, 1, new Float32Array(3))).toThrow(/invalid check of the file/);
    expect(() => compareOutputs(RUNTIME, TWO, 0, new Float32Array(0))).toThrow(/missing rows/);
    const comparison = compareOutputs(RUNTIME, TWO, 1, new Float32Array([0.5, 0.5]));
    expect(() => comparison.take(0, 1, new Float32Array(1))).toThrow(/gives 1 numbers/);
    expect(() => comparison.takeLabels(0, 1, [])).toThrow(/gives 0 labels/);
  });

  it('takes either label of a tie, and refuses a less probable or an unknown one', () => {
    const verdict = (label: string) => {
      const comparison = compareOutputs(RUNTIME, THREE, 1, new Float32Array([0.4, 0.4, 0.2]));
      comparison.takeLabels(0, 1, [label]);
      return comparison.verdict();
    };
    expect(verdict('a').maxAbsDiff).toBe(0);
    expect(verdict('b').maxAbsDiff).toBe(0);
    expect(() => verdict('c')).toThrow(/label 'c' in row 0 where the page gives 'a'/);
    expect(() => verdict('d')).toThrow(/label 'd'/);
  });

  it('measures a value in units of its target, less one rounding to float32', () => {
    const price = { kind: 'value', center: 200_000, scale: 80_000 } as const;
    const comparison = compareOutputs(RUNTIME, price, 1, new Float32Array([250_000]));
    comparison.take(0, 1, new Float32Array([250_004]));
    expect(comparison.verdict().maxAbsDiff).toBeCloseTo(5e-5, 6);
    const micrometres = { kind: 'value', center: 0, scale: 1e-6 } as const;
    const small = compareOutputs(RUNTIME, micrometres, 1, new Float32Array([1e-6]));
    small.take(0, 1, new Float32Array([1.01e-6]));
    expect(() => small.verdict()).toThrow(/differs/);
    const year = { kind: 'value', center: 1e6, scale: 1 } as const;
    const rounded = compareOutputs(RUNTIME, year, 1, new Float32Array([1e6]));
    rounded.take(0, 1, new Float32Array([1e6 + 0.0625]));
    expect(rounded.verdict().maxAbsDiff).toBe(0);
  });
});
