import { describe, expect, it } from 'vitest';
import { headOf, toProbabilities } from '../../src/model/head.ts';

describe('the head of a network', () => {
  it('is a sigmoid for two classes, a softmax for more, one number for a value', () => {
    expect(headOf({ kind: 'classes', labels: ['no', 'yes'] })).toEqual({ kind: 'sigmoid' });
    expect(headOf({ kind: 'classes', labels: ['a', 'b', 'c'] })).toEqual({ kind: 'softmax', units: 3 });
    expect(headOf({ kind: 'value', center: 1, scale: 2 })).toEqual({ kind: 'value' });
  });

  it('is refused for a target with one class, which is named', () => {
    expect(() => headOf({ kind: 'classes', labels: ['no'] })).toThrow(/^invalid target: it has one class \('no'\)/);
  });

  it('gives [1 - p, p] for a sigmoid, the second label being the one that p is of', () => {
    const p = Float32Array.from([0.25, 1]);
    expect([...toProbabilities({ kind: 'sigmoid' }, p, 2)]).toEqual([0.75, 0.25, 0, 1]);
    expect(toProbabilities({ kind: 'softmax', units: 2 }, p, 1)).toEqual(p);
  });
});
