import { describe, expect, it } from 'vitest';
import { describeLoss, ERRORS, lossFor, startLoss } from '../../../src/ui/train/losses.ts';

describe('a loss', () => {
  it('stays where the task takes it, and gives way where it does not', () => {
    expect(lossFor('regression', ERRORS.huber.start)).toBe(ERRORS.huber.start);
    expect(lossFor('binary', ERRORS.huber.start)).toEqual(startLoss('binary'));
    expect(lossFor('regression', { kind: 'crossEntropy', labelSmoothing: 0.1 })).toEqual(startLoss('regression'));
    expect(lossFor('multiclass', undefined)).toEqual(startLoss('multiclass'));
  });

  it('is said in a few words', () => {
    expect(describeLoss({ kind: 'crossEntropy' })).toBe('Cross-entropy');
    expect(describeLoss({ kind: 'crossEntropy', labelSmoothing: 0.1 })).toBe('Cross-entropy, smoothing 0.1');
    expect(describeLoss({ kind: 'huber', delta: 2 })).toBe('Huber, delta 2');
  });
});
