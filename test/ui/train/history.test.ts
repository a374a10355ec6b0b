import { describe, expect, it } from 'vitest';
import { GrowingLine, History } from '../../../src/ui/train/history.ts';

describe('GrowingLine', () => {
  it('keeps every point until its bound and averages neighbours beyond it', () => {
    const line = new GrowingLine(1024);
    for (let i = 0; i < 1024; i++) line.push(i, i);
    expect(line.length).toBe(1024);
    line.push(1024, 1024);
    expect(line.length).toBe(513);
    expect(line.x[0]).toBe(0.5);
    expect(line.x[512]).toBe(1024);
    expect([...line.x]).toEqual([...line.x].sort((a, b) => a - b));
  });
});

describe('History', () => {
  const epoch = (n: number, loss: number, valLoss: number | null) => ({
    epoch: n,
    loss,
    metric: 0.5,
    valLoss,
    valMetric: valLoss === null ? null : 0.5,
    learningRate: 0.01,
    durationMs: 1,
  });

  it('knows the best epoch by validation loss, else by training loss', () => {
    expect(History.of([epoch(1, 3, 2), epoch(2, 2, 1), epoch(3, 1, 4)]).bestEpoch).toBe(2);
    expect(History.of([epoch(1, 3, null), epoch(2, 2, null)]).bestEpoch).toBe(2);
    expect(new History().bestEpoch).toBe(0);
  });

  it('places a batch at its fraction of the epochs', () => {
    const history = new History();
    history.addStep({ step: 15, steps: 100, epoch: 2, epochs: 10, loss: 0.7, rowsPerSecond: 1, remainingMs: 1 });
    expect([...history.batchLoss.x]).toEqual([1.5]);
  });
});
