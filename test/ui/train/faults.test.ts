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
    expect(faultOf(new Error('invalid recipe.model.layers[2].rate: 1; it must be below 1')).layer).toEqual([2]);
    expect(faultOf(new Error('invalid layer 1_dense: it takes a flat input')).layer).toEqual([1]);
    expect(faultOf(new Error('invalid layer head: it takes a flat input')).layer).toBeNull();
  });

  it('finds the layer inside others, by its path or by its name', () => {
    const path = faultOf(new Error('invalid recipe.model.layers[2].branches[1][0].conv2d.units: 0; it must be'));
    expect(path.path).toBe('model.layers[2].branches[1][0].conv2d.units');
    expect(path.layer).toEqual([2, 1, 0]);
    expect(faultOf(new Error('invalid layer 2_concatenate/1/0_conv2d: kernelSize is 0')).layer).toEqual([2, 1, 0]);
    expect(faultOf(new Error('missing field recipe.model.layers[10].layers[3].units: give it')).layer).toEqual([10, 3]);
  });

  it('is about no field where none is named', () => {
    expect(faultOf(new Error("invalid target 'a': one class"))).toMatchObject({ path: '', layer: null });
  });
});
