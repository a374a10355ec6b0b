import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import type { OptimizerSpec } from '../../src/model/recipe.ts';
import type { LayerSpec, Network } from '../../src/model/spec.ts';
import { useBackend } from '../../src/train/backend.ts';
import type { TrainState } from '../../src/train/state.ts';
import { train, type TrainInput } from '../../src/train/train.ts';
import { mockClock, trainKilled, untimed } from './killed.ts';
import { clouds, control, finish, PLAIN } from './samples.ts';

const NETWORK: Network = {
  inputShape: [4],
  layers: [{ kind: 'dense', units: 8, activation: 'tanh' }, { kind: 'batchNorm' }, { kind: 'dropout', rate: 0.3 }],
  head: { kind: 'softmax', units: 3 },
};
const OPTIMIZERS: OptimizerSpec[] = [
  { kind: 'sgd', learningRate: 0.1 },
  { kind: 'momentum', learningRate: 0.05, momentum: 0.9, nesterov: true },
  { kind: 'rmsprop', learningRate: 0.01, decay: 0.9, epsilon: 1e-7 },
  { kind: 'adamw', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0.1 },
];
const input: TrainInput = {
  network: NETWORK,
  training: {
    ...PLAIN,
    epochs: 12,
    schedule: { kind: 'cosine', minFactor: 0.1, warmupEpochs: 1 },
    l2: 1e-3,
    classWeights: 'balanced',
  },
  seed: 5,
  train: { ...clouds(93, 1), weights: Float32Array.from({ length: 93 }, (_, row) => 0.1 + (row % 7) / 3) },
  validation: clouds(31, 2),
};

beforeAll(() => useBackend('cpu'));
afterEach(() => vi.restoreAllMocks());

describe('a training that is killed three times and taken up', () => {
  it.each(OPTIMIZERS)(
    'ends with the weights and the log of an undisturbed one, bit for bit: $kind',
    async (optimizer) => {
      const training = { ...input.training, optimizer };
      const wanted = await finish({ ...input, training });
      const taken: number[] = [];
      for (let seed = 1; seed <= 5; seed++) {
        const random = createRandom(seed);
        mockClock(random);
        const killed = await trainKilled({ ...input, training }, random, 3);
        expect(killed.kills).toHaveLength(3);
        taken.push(...killed.kills.map(({ from }) => from % 12));
        expect(killed.weights).toEqual(wanted.weights);
        expect(untimed(killed.history)).toEqual(untimed(wanted.history));
        expect(killed.log).toEqual(killed.history);
        expect([killed.bestEpoch, killed.ended]).toEqual([wanted.bestEpoch, wanted.ended]);
        vi.restoreAllMocks();
      }
      expect(taken.filter((step) => step > 0).length).toBeGreaterThan(3); // in the middle of an epoch
    },
  );

  it('ends so with a recurrent layer', async () => {
    const layers: LayerSpec[] = [
      { kind: 'reshape', shape: [4, 1] },
      { kind: 'lstm', units: 5, returnSequences: true },
      { kind: 'dropout', rate: 0.2 },
      { kind: 'gru', units: 4 },
    ];
    const recurrent = { ...input, network: { ...NETWORK, layers } };
    const wanted = await finish(recurrent);
    const random = createRandom(3);
    mockClock(random);
    const killed = await trainKilled(recurrent, random, 3);
    expect(killed.weights).toEqual(wanted.weights);
    expect(untimed(killed.history)).toEqual(untimed(wanted.history));
  });

  it('in an epoch of so many steps that their sums are handed over in the middle of it', async () => {
    const network: Network = { inputShape: [4], layers: [], head: { kind: 'softmax', units: 3 } };
    const long = {
      network,
      training: { ...PLAIN, epochs: 1, batchSize: 1 },
      seed: 1,
      train: clouds(4500, 1),
      validation: null,
    };
    const wanted = await finish(long);
    mockClock(createRandom(2), 300);
    const states: TrainState[] = [];
    const checkpoints = { mostMs: 20_000, leastMs: 0, share: 0 };
    await finish({ ...long, checkpoints }, control(), (event) => {
      if (event.kind === 'checkpoint') states.push(event.state);
    });
    const late = states.filter(({ learner }) => learner.steps > 4096);
    expect(late.length).toBeGreaterThan(1);
    for (const resume of late.slice(0, 2)) {
      const again = await finish({ ...long, resume });
      expect(untimed(again.history)).toEqual(untimed(wanted.history));
      expect(again.weights).toEqual(wanted.weights);
    }
  });

  it.each([1, 2, 3, 4])('stops early where an undisturbed one does, with its best weights: seed %i', async (seed) => {
    const random = createRandom(seed);
    const training = {
      ...input.training,
      epochs: 60,
      optimizer: { kind: 'sgd', learningRate: 1 } as const,
      earlyStopping: { patience: 3, minDelta: 0 },
    };
    const wanted = await finish({ ...input, training });
    expect(wanted.ended).toBe('earlyStopping');
    mockClock(random);
    const killed = await trainKilled({ ...input, training }, random, 3);
    expect(killed.weights).toEqual(wanted.weights);
    expect([killed.bestEpoch, killed.ended, killed.history.length]).toEqual([
      wanted.bestEpoch,
      wanted.ended,
      wanted.history.length,
    ]);
  });

  it('goes on from a state in which all was done but the end', async () => {
    mockClock(createRandom(1));
    const training = { ...input.training, epochs: 60, earlyStopping: { patience: 1, minDelta: 10 } };
    const states: TrainState[] = [];
    const checkpoints = { mostMs: 0, leastMs: 0, share: 0 };
    const wanted = await finish({ ...input, training, checkpoints }, control(), (event) => {
      if (event.kind === 'checkpoint') states.push(event.state);
    });
    expect(wanted.history).toHaveLength(2);
    for (const resume of states) expect((await finish({ ...input, training, resume })).weights).toEqual(wanted.weights);
  });
});

describe('the time of a training', () => {
  it('is never negative, and goes on from that before', async () => {
    const random = createRandom(9);
    mockClock(random, 100);
    const { history, progress } = await trainKilled(input, random, 3);
    for (const { durationMs } of history) expect(durationMs).toBeGreaterThanOrEqual(0);
    for (const { remainingMs, rowsPerSecond } of progress) {
      expect(remainingMs).toBeGreaterThanOrEqual(0);
      expect(rowsPerSecond).toBeGreaterThanOrEqual(0);
    }
  });

  it.each([
    ['once a second where epochs are short', 1, 1000, 1100],
    ['after each epoch where they are longer', 30, 2880, 2880],
    ['every half minute where they are long', 900, 28_800, 28_800],
  ])('has a checkpoint %s', async (_, rowMs, least, most) => {
    const saved = await timesOfCheckpoints(rowMs);
    const between = saved.slice(1).map((time, i) => time - saved[i]);
    expect(between.length).toBeGreaterThan(3);
    expect(Math.min(...between)).toBeGreaterThanOrEqual(least);
    expect(Math.max(...between)).toBeLessThanOrEqual(most);
  });

  it('has one where it is paused', async () => {
    let paused: Promise<void> | null = null;
    const events = train(input, control({ paused: () => paused }));
    for (;;) {
      const { value, done } = await events.next();
      if (done) throw new Error('it was not paused');
      if (value.kind === 'step') {
        const wake = new Promise<void>((resolve) => setTimeout(resolve, 20));
        paused = wake.then(() => void (paused = null));
      }
      if (value.kind !== 'checkpoint') continue;
      expect(value.state.learner.steps).toBe(1);
      break;
    }
    await events.return(undefined as never);
  });

  /** By a clock that goes on with the rows that are learned from, 96 an epoch. */
  async function timesOfCheckpoints(rowMs: number): Promise<number[]> {
    let rows = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => rows * rowMs);
    const train = clouds(96, 1);
    class Counted extends Float32Array {
      override subarray(from?: number, to?: number): Float32Array<ArrayBuffer> {
        rows++;
        return (train.x as Float32Array<ArrayBuffer>).subarray(from, to);
      }
    }
    const saved: number[] = [];
    const training = { ...input.training, epochs: 60 };
    const rowsOf = { ...train, x: new Counted(train.x) };
    await finish({ ...input, training, train: rowsOf, validation: null }, control(), ({ kind }) => {
      if (kind === 'checkpoint') saved.push(rows * rowMs);
    });
    return saved;
  }
});
