import { describe, expect, it } from 'vitest';
import { faultAt, faultOf } from '../../../src/ui/train/faults.ts';

describe('faultOf', () => {
  it('finds the field that a message names', () => {
    const fault = faultOf(new Error('invalid recipe.training.epochs: 0; it must be a whole number from 1 to 100000'));
    expect(fault.path).toBe('training.epochs');
    expect(fault.layer).toBeNull();
    expect(faultAt(fault, 'training.epochs')).toContain('must be a whole number');
    expect(faultAt(fault, 'training.batchSize')).toBe('');
  });

  it('finds the layer, by its path or by its name', () => {
    expect(faultOf(new Error('invalid recipe.model.layers.2.rate: 1; it must be below 1')).layer).toBe(2);
    expect(faultOf(new Error('invalid layer 1_dense: it takes a flat input')).layer).toBe(1);
  });

  it('is about no field where none is named', () => {
    expect(faultOf(new Error("invalid target 'a': one class"))).toMatchObject({ path: '', layer: null });
  });
});
