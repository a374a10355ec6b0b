import { beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import type { Network } from '../../src/model/spec.ts';
import { initialWeights } from '../../src/model/weights.ts';
import { memory, useBackend } from '../../src/train/backend.ts';
import { createPredictor } from '../../src/train/predictor.ts';
import type { EpochLog } from '../../src/model/epochLog.ts';
import type { TrainEvent } from '../../src/train/events.ts';
import { train } from '../../src/train/train.ts';
import { clouds, control, finish, MLP, PLAIN } from './samples.ts';

const CNN: Network = {
  inputShape: [6, 6, 1],
  layers: [
    { kind: 'conv2d', filters: 4, kernelSize: 3, activation: 'relu' },
    { kind: 'batchNorm' },
    { kind: 'maxPool2d', poolSize: 2 },
    { kind: 'flatten' },
    { kind: 'dropout', rate: 0.3 },
  ],
  head: { kind: 'sigmoid' },
};
const images = () => {
  const { x } = clouds(9 * 30, 5); // 36 numbers an image
  return { x, y: Float32Array.from({ length: 30 }, (_, i) => i % 2), weights: null, rows: 30 };
};
const early = { ...PLAIN, epochs: 60, earlyStopping: { patience: 4, minDelta: 0 } };

beforeAll(async () => {
  await useBackend('cpu');
});

describe('a training', () => {
  it('lowers the loss and learns to tell three clouds apart', async () => {
    const { history } = await finish({
      network: MLP,
      training: { ...PLAIN, epochs: 20 },
      seed: 1,
      train: clouds(200, 1),
      validation: clouds(100, 2),
    });
    expect(history).toHaveLength(20);
    expect(history[19].loss).toBeLessThan(history[0].loss / 2);
    expect(history[19].valMetric).toBeGreaterThan(0.8);
  });

  it.each([
    ['a multi-layer perceptron', MLP, clouds(50, 1)],
    ['a convolutional network with batch normalisation and dropout', CNN, images()],
  ])('gives the same weights, bit for bit, for the same seed: %s', async (_, network, rows) => {
    const input = { network, training: PLAIN, train: rows, validation: null };
    const first = await finish({ ...input, seed: 3 });
    const second = await finish({ ...input, seed: 3 });
    const other = await finish({ ...input, seed: 4 });
    expect(second.weights).toEqual(first.weights);
    expect(other.weights).not.toEqual(first.weights);
  });

  it('gives one epoch event an epoch, and step events with what is done and what is left', async () => {
    const events: TrainEvent[] = [];
    await finish({ network: MLP, training: PLAIN, seed: 1, train: clouds(100, 1), validation: null }, control(), (e) =>
      events.push(e),
    );
    expect(events.filter(({ kind }) => kind === 'epoch')).toHaveLength(3);
    const step = events.find((event) => event.kind === 'step');
    expect(step?.progress).toMatchObject({ step: 1, steps: 39, epoch: 1, epochs: 3 });
    expect(step?.progress.rowsPerSecond).toBeGreaterThan(0);
    expect(step?.progress.remainingMs).toBeGreaterThan(0);
  });

  it('takes the last, short batch of an epoch too', async () => {
    const rows = clouds(9, 1);
    const input = { network: MLP, training: { ...PLAIN, epochs: 1 }, seed: 1, validation: null };
    const short = await finish({ ...input, train: rows });
    const cut = { x: rows.x.slice(0, 32), y: rows.y.slice(0, 8), weights: null, rows: 8 };
    expect(short.weights).not.toEqual((await finish({ ...input, train: cut })).weights);
    expect(short.history[0].metric * 9).toBeCloseTo(Math.round(short.history[0].metric * 9), 5);
  });

  it('reports the mean absolute error in the unit of the target', async () => {
    const train = { x: new Float32Array(40), y: new Float32Array(10).fill(3), weights: null, rows: 10 };
    const network: Network = { inputShape: [4], layers: [], head: { kind: 'value' } };
    const training = { ...PLAIN, epochs: 1, optimizer: { kind: 'sgd', learningRate: 1e-9 } as const };
    const { history } = await finish({ network, training, seed: 1, train, validation: train, metricScale: 10 });
    expect(history[0].loss).toBeCloseTo(9, 5);
    expect(history[0].valMetric).toBeCloseTo(30, 5);
  });
});

describe('early stopping', () => {
  it('ends after its patience and gives back the weights of the best epoch', async () => {
    const input = { network: MLP, seed: 1, train: clouds(24, 1), validation: clouds(40, 2) };
    const training = { ...early, optimizer: { kind: 'sgd', learningRate: 1 } as const };
    const { weights, history, bestEpoch, ended } = await finish({ ...input, training });
    expect(ended).toBe('earlyStopping');
    expect(history).toHaveLength(bestEpoch + 4);
    const losses = history.map(({ valLoss }) => valLoss!);
    expect(losses[bestEpoch - 1]).toBe(Math.min(...losses));
    const { loss } = await lossOf(weights, input.validation);
    expect(loss).toBeCloseTo(losses[bestEpoch - 1], 5);
  });

  it('without it, the weights are those of the last epoch', async () => {
    const validation = clouds(40, 2);
    const training = { ...PLAIN, epochs: 12, optimizer: { kind: 'sgd', learningRate: 1 } as const };
    const { weights, history, bestEpoch, ended } = await finish({
      network: MLP,
      training,
      seed: 1,
      train: clouds(24, 1),
      validation,
    });
    expect([bestEpoch, ended]).toEqual([12, 'epochs']);
    expect((await lossOf(weights, validation)).loss).toBeCloseTo(history[11].valLoss!, 5);
  });

  it('is refused where there is nothing to go by', async () => {
    const input = { network: MLP, training: early, seed: 1, train: clouds(9, 1), validation: null };
    await expect(finish(input)).rejects.toThrow(/^invalid training\.earlyStopping: .*validation/);
  });

  async function lossOf(weights: Parameters<typeof createPredictor>[1], rows: ReturnType<typeof clouds>) {
    const predictor = await createPredictor(MLP, weights);
    const probabilities = await predictor.predict(rows.x, rows.rows);
    predictor.dispose();
    let loss = 0;
    rows.y.forEach((label, row) => (loss -= Math.log(probabilities[row * 3 + label]) / rows.rows));
    return { loss };
  }
});

describe('the controls of a training', () => {
  const input = { network: MLP, training: { ...PLAIN, epochs: 500 }, seed: 1, train: clouds(64, 1), validation: null };

  it('stop gives the weights so far', async () => {
    let stop = false;
    const { ended, weights, history, bestEpoch } = await finish(
      input,
      control({ stop: () => stop }),
      (event) => (stop = event.kind === 'epoch' && event.log.epoch === 3),
    );
    expect([ended, history.length, bestEpoch]).toEqual(['stopped', 3, 4]);
    const three = await finish({ ...input, training: { ...PLAIN, epochs: 3 } });
    expect(weights).toEqual(three.weights);
  });

  it('stop with early stopping on gives the best weights so far', async () => {
    let stop = false;
    const training = { ...early, optimizer: { kind: 'sgd', learningRate: 1 } as const };
    const log: EpochLog[] = [];
    const { ended, bestEpoch } = await finish(
      { ...input, training: { ...training, earlyStopping: { patience: 50, minDelta: 0 } }, validation: clouds(20, 2) },
      control({ stop: () => stop }),
      (event) => {
        if (event.kind === 'epoch') log.push(event.log);
        stop = log.length === 30;
      },
    );
    expect(ended).toBe('stopped');
    expect(log[bestEpoch - 1].valLoss).toBe(Math.min(...log.map(({ valLoss }) => valLoss!)));
  });

  it('an aborted signal throws the training away', async () => {
    const abort = new AbortController();
    const run = finish(input, control({ signal: abort.signal }), () => abort.abort());
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('a pause holds it until it is ended, and changes nothing', async () => {
    let paused: Promise<void> | null = null;
    let atPause = 0;
    let epochs = 0;
    const training = { ...PLAIN, epochs: 6 };
    const result = await finish({ ...input, training }, control({ paused: () => paused }), (event) => {
      if (event.kind !== 'epoch') return;
      epochs++;
      if (event.log.epoch !== 2) return;
      paused = new Promise((resolve) =>
        setTimeout(() => {
          atPause = epochs;
          paused = null;
          resolve();
        }, 150),
      );
    });
    expect(atPause).toBe(2);
    expect(result.weights).toEqual((await finish({ ...input, training })).weights);
  });

  it('can be stopped while it is paused', async () => {
    let stop = false;
    setTimeout(() => (stop = true), 100);
    const { ended } = await finish(input, control({ stop: () => stop, paused: () => new Promise<void>(() => {}) }));
    expect(ended).toBe('stopped');
  });

  it('lets timers and messages in while it works', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await finish({ ...input, train: clouds(2_000, 1), training: { ...PLAIN, epochs: 4 } });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(1);
  });
});

describe('a training that cannot go on', () => {
  it('says in which epoch and step the loss ceased to be a number, and what to change', async () => {
    const network: Network = { inputShape: [4], layers: [], head: { kind: 'value' } };
    const train = clouds(64, 1);
    const training = { ...PLAIN, epochs: 200, optimizer: { kind: 'sgd', learningRate: 50 } as const };
    const run = finish({ network, training, seed: 1, train, validation: null });
    await expect(run).rejects.toThrow(UserError);
    await expect(finish({ network, training, seed: 1, train, validation: null })).rejects.toThrow(
      /^invalid loss: (NaN|Infinity) .* epoch \d+, .*step.*lower the learning rate \(it is 50\)/,
    );
  });

  it.each([
    ['no rows', { rows: 0, x: new Float32Array(0), y: new Float32Array(0) }, /^missing rows in the training part/],
    ['a feature that is no number', { x: new Float32Array(24).fill(NaN) }, /^invalid features of the training part/],
    ['weights that are all 0', { weights: new Float32Array(6) }, /^invalid row weights .* all are 0/],
    ['a negative weight', { weights: new Float32Array(6).fill(-1) }, /^invalid row weight -1/],
  ])('refuses %s', async (_, change, message) => {
    const rows = { x: new Float32Array(24), y: new Float32Array(6), weights: null, rows: 6, ...change };
    const run = finish({ network: MLP, training: PLAIN, seed: 1, train: rows, validation: null });
    await expect(run).rejects.toThrow(message);
  });
});

describe('the memory of TensorFlow.js', () => {
  it('is where it was after 200 trainings, however they ended', async () => {
    const before = (await memory()).numTensors;
    const rows = clouds(16, 1);
    for (let i = 0; i < 200; i++) {
      const training = { ...PLAIN, epochs: 3, earlyStopping: i % 2 ? { patience: 1, minDelta: 0 } : null };
      const validation = i % 2 ? clouds(8, 2) : null;
      const input = { network: i % 20 ? MLP : CNN, training, seed: i, train: i % 20 ? rows : images(), validation };
      if (input.network === CNN) input.validation = i % 2 ? images() : null;
      let events = 0;
      if (i % 5 === 1) await finish(input, control({ stop: () => events > 1 }), () => events++);
      else if (i % 5 === 2) {
        const abort = new AbortController();
        await finish(input, control({ signal: abort.signal }), () => abort.abort()).catch(() => {});
      } else if (i % 5 === 3) {
        const wild = { ...training, optimizer: { kind: 'sgd', learningRate: 1e38 } as const };
        await finish({ ...input, training: wild }).catch(() => {});
      } else if (i % 5 === 4) {
        const run = train(input, control());
        await run.next();
        await run.return(undefined as never); // left in the middle
      } else await finish(input);
    }
    expect((await memory()).numTensors).toBe(before);
  });

  it('is where it was after a predictor was made, used, and disposed', async () => {
    const before = (await memory()).numTensors;
    const predictor = await createPredictor(CNN, initialWeights(CNN, 1));
    const probabilities = await predictor.predict(images().x, 30);
    expect(probabilities).toHaveLength(60);
    predictor.dispose();
    expect((await memory()).numTensors).toBe(before);
  });
});
