import { afterEach, describe, expect, it, vi } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import type { Checkpoint, Learner } from '../../src/train/learner.ts';
import { beginning } from '../../src/train/learner.ts';
import { createSteadyLearner, type Place } from '../../src/train/recovery.ts';

const lost = () => new UserError('missing', 'webgpu device: it was lost while it worked (unplugged); train again');
const order = Int32Array.of(0, 1, 2, 3);
const { signal } = new AbortController();
const more = { score: false, clear: false };

/** A learner whose only weight is the sum of all learning rates; `lose` makes its next run fail. */
function fake(opened: Checkpoint[]) {
  const state = { lose: false, steps: 0, disposed: 0 };
  const place: Place = {
    inUse: { backend: 'webgpu', adapter: 'fake', reason: null },
    async open(begin) {
      opened.push(begin);
      let sum = begin.weights[0].data[0];
      let kept = begin.kept?.[0].data[0] ?? null;
      let { steps } = begin;
      const weight = (value: number) => [{ name: 'sum', shape: [1], data: Float32Array.of(value) }];
      const learner: Learner = {
        beginEpoch: async () => {},
        async run(rates) {
          if (state.lose) {
            state.lose = false;
            throw lost();
          }
          for (const rate of rates) sum += rate;
          steps += rates.length;
          state.steps += rates.length;
          return { seen: { loss: sum, metric: 0, weight: 1, rows: 1 }, validation: null };
        },
        async keep() {
          kept = sum;
        },
        readKept: async () => weight(kept!),
        save: async () => ({
          steps,
          weights: weight(sum),
          slots: [],
          kept: kept === null ? null : weight(kept),
          pass: null,
          sums: null,
        }),
        dispose: () => state.disposed++,
      };
      return learner;
    },
  };
  return { state, place };
}

const begin = () => beginning([{ name: 'sum', shape: [1], data: Float32Array.of(0) }]);
afterEach(() => vi.restoreAllMocks());

describe('a learner whose device is lost', () => {
  it('does again what came after the checkpoint, and answers as if nothing had been', async () => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const opened: Checkpoint[] = [];
    const { state, place } = fake(opened);
    const learner = await createSteadyLearner(place, begin(), async () => place, signal);
    await learner.beginEpoch(order);
    await learner.run([1, 1], more);
    await learner.keep();
    now = 5000; // a checkpoint is due
    await learner.run([4], more);
    await learner.run([8], more);
    state.lose = true;
    expect((await learner.run([16], more)).seen.loss).toBe(30);
    expect(opened.map(({ steps }) => steps)).toEqual([0, 3]);
    expect(state.steps).toBe(4 + 2); // two of the steps were done again or anew
    expect((await learner.readKept())[0].data[0]).toBe(2);
    learner.dispose();
    expect(state.disposed).toBe(2);
  });

  it('moves on when it is lost again while it recovers, and counts the losses', async () => {
    const opened: Checkpoint[] = [];
    const { state, place } = fake(opened);
    const elsewhere: Place = { ...place, inUse: { ...place.inUse, backend: 'cpu' } };
    const losses: number[] = [];
    const learner = await createSteadyLearner(
      place,
      begin(),
      async (count) => {
        losses.push(count);
        state.lose = count < 3; // and once more, in the steps that are done again
        return count < 3 ? place : elsewhere;
      },
      signal,
    );
    await learner.run([1], more);
    state.lose = true;
    expect((await learner.run([2], more)).seen.loss).toBe(3);
    expect(losses).toEqual([1, 2, 3]);
    expect(learner.inUse.backend).toBe('cpu');
  });

  it('any other error ends it, and so does a place that cannot be found', async () => {
    const { state, place } = fake([]);
    const nowhere = new Error('nowhere left');
    const learner = await createSteadyLearner(place, begin(), () => Promise.reject(nowhere), signal);
    state.lose = true;
    await expect(learner.run([1], more)).rejects.toBe(nowhere);
    const other = { ...place, open: () => Promise.reject(new RangeError('a bug')) };
    await expect(createSteadyLearner(other, begin(), async () => place, signal)).rejects.toThrow('a bug');
  });
});
