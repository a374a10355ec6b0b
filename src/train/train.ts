// The training loop: epochs of shuffled batches, what is measured and said meanwhile, and when it ends. It runs on the
// backend that `useBackend` chose. The step itself is learner.ts, what a layer does network.ts.
//
// The loss of a batch is the weighted mean sum(w l) / sum(w), w being a row's weight times its class's; that of an
// epoch is the same over its rows. Training figures are added up over the batches while the network learns (dropout
// on, weights moving), validation figures are of the weights at the end of the epoch. Accuracy and MAE are unweighted.

import { abortError, UserError } from '../base/errors.ts';
import { headClasses } from '../model/head.ts';
import type { TrainingSpec } from '../model/recipe.ts';
import type { Network, Weight } from '../model/spec.ts';
import { activeTf } from './backend.ts';
import { checkRows, classWeights, epochOrder, gatherBatch, rowWeights, type Batch, type TrainRows } from './batches.ts';
import type { BackendName, EpochLog, StepProgress, TrainEvent, TrainResult } from './events.ts';
import { checkDevice, explainFailure, whileDeviceWorks } from './faults.ts';
import { createLearner, disposeSnapshot, type Learner, type Snapshot } from './learner.ts';
import { createPace } from './pace.ts';
import { scheduleFactor } from './schedule.ts';
import type { Tensor } from './tf.ts';

export type { TrainRows } from './batches.ts';

export interface TrainInput {
  network: Network;
  training: TrainingSpec;
  seed: number;
  train: TrainRows;
  validation: TrainRows | null;
  /** weights to go on from; seeded ones otherwise */
  initial?: Weight[];
  /** class names in the order of their indices; needed where class weights are given by name */
  labels?: string[];
  /** what one scaled unit of a value is in the target's own unit, for the MAE; 1 where left out */
  metricScale?: number;
}

export interface TrainControl {
  /** aborted: the training is thrown away, with an AbortError */
  signal: AbortSignal;
  /** true: it ends and gives the best weights so far */
  stop: () => boolean;
  /** a promise of the end of a pause, or null */
  paused: () => Promise<void> | null;
}

/** About how often the loss is read back, and at most how often a step event is given. */
const READ_EVERY_MS = 100;

/**
 * Trains a network. Gives at most some ten step events a second and one epoch event each epoch.
 * @returns the weights of the best epoch by validation loss where early stopping is on, else those of the end
 * @throws UserError where the loss is no number, the rows cannot be learned from, or the device fails
 */
export async function* train(input: TrainInput, control: TrainControl): AsyncGenerator<TrainEvent, TrainResult> {
  const { network, training, seed } = input;
  const { head } = network;
  const width = network.inputShape.reduce((product, size) => product * size, 1);
  checkRows('training', input.train, width, head);
  if (input.validation) checkRows('validation', input.validation, width, head);
  const { earlyStopping } = training;
  if (earlyStopping && !input.validation) {
    throw new UserError(
      'invalid',
      'training.earlyStopping: there are no validation rows to go by; switch it off, or give the validation part a fraction',
    );
  }

  const tf = await activeTf();
  const backend = tf.getBackend() as BackendName;
  const byClass = classWeights(training.classWeights, headClasses(head), input.labels ?? null, input.train.y);
  const trainPart = { rows: input.train, weights: rowWeights(input.train, byClass) };
  const validationPart = input.validation && {
    rows: input.validation,
    weights: rowWeights(input.validation, byClass),
  };
  const rows = input.train.rows;
  const batchSize = Math.min(training.batchSize, rows);
  const stepsPerEpoch = Math.ceil(rows / batchSize);
  const steps = stepsPerEpoch * training.epochs;
  const evaluationSize = network.inputShape.length === 1 ? Math.max(batchSize, 256) : batchSize;
  const scale = head.kind === 'value' ? (input.metricScale ?? 1) : 1;
  const clock = createClock();
  const breathe = createPace();
  const history: EpochLog[] = [];
  let learner: Learner | null = null;
  let best: { snapshot: Snapshot; epoch: number; loss: number } | null = null;

  const shouldEnd = async (): Promise<boolean> => {
    await breathe();
    if (control.signal.aborted) throw abortError();
    if (control.stop()) return true;
    if (control.paused()) await clock.pause(() => waitForResume(control));
    if (control.signal.aborted) throw abortError();
    checkDevice();
    return control.stop();
  };

  try {
    learner = createLearner(tf, network, training, seed, input.initial);
    let step = 0;
    let epoch = 1;
    let ended: TrainResult['ended'] = 'epochs';
    let stepsPerRead = 1;
    let lastEvent = -READ_EVERY_MS;

    epochs: for (; epoch <= training.epochs; epoch++) {
      const order = epochOrder(rows, seed, epoch);
      const epochStart = clock.now();
      const learningRate = () =>
        training.optimizer.learningRate * scheduleFactor(training.schedule, step, stepsPerEpoch, training.epochs);
      const rateOfEpoch = learningRate();
      const seen = { loss: 0, metric: 0, weight: 0, rows: 0 };
      let unread = 0;
      let lastRead = clock.now();
      const read = async () => {
        const [loss, metric] = await readSums(learner!.takeSums());
        seen.loss += loss;
        seen.metric += metric;
        if (!Number.isFinite(seen.loss)) throw lossError(seen.loss, 'training', epoch, step, unread, training);
        // the device is given about as many steps ahead as it does between two reads
        const elapsed = Math.max(clock.now() - lastRead, 0.01);
        stepsPerRead = Math.max(1, Math.min(1000, 2 * stepsPerRead, Math.round((unread / elapsed) * READ_EVERY_MS)));
        unread = 0;
        lastRead = clock.now();
      };

      for (let from = 0; from < rows; from += batchSize) {
        if (await shouldEnd()) {
          ended = 'stopped';
          break epochs;
        }
        const to = Math.min(from + batchSize, rows);
        const batch = gatherBatch(trainPart.rows, trainPart.weights, head, order, from, to);
        learner.step(batch, learningRate());
        step++;
        unread++;
        seen.weight += batch.weight;
        seen.rows += batch.rows;
        if (unread >= stepsPerRead && to < rows) {
          await read();
          if (clock.now() - lastEvent >= READ_EVERY_MS) {
            lastEvent = clock.now();
            yield { kind: 'step', progress: progressOf((epoch - 1) * rows + to) };
          }
        }
      }
      await read();

      const validation = validationPart ? await evaluate(validationPart) : null;
      if (validation && !Number.isFinite(validation.loss)) {
        throw lossError(validation.loss, 'validation', epoch, step, 1, training);
      }
      const log: EpochLog = {
        epoch,
        loss: seen.loss / seen.weight,
        metric: (seen.metric / seen.rows) * scale,
        valLoss: validation && validation.loss,
        valMetric: validation && validation.metric * scale,
        learningRate: rateOfEpoch,
        durationMs: clock.now() - epochStart,
      };
      history.push(log);
      if (earlyStopping && validation && (!best || validation.loss < best.loss - earlyStopping.minDelta)) {
        disposeSnapshot(best && best.snapshot);
        best = { snapshot: learner.snapshot(), epoch, loss: validation.loss };
      }
      yield { kind: 'epoch', log };
      if (earlyStopping && best && epoch - best.epoch >= earlyStopping.patience && epoch < training.epochs) {
        ended = 'earlyStopping';
        break;
      }

      function progressOf(rowsDone: number): StepProgress {
        const elapsed = clock.now();
        return {
          step,
          steps,
          epoch,
          epochs: training.epochs,
          loss: seen.loss / seen.weight,
          rowsPerSecond: (rowsDone / elapsed) * 1000,
          remainingMs: (elapsed / step) * (steps - step),
        };
      }
    }

    best ??= { snapshot: learner.snapshot(), epoch: Math.min(epoch, training.epochs), loss: NaN };
    const weights = await whileDeviceWorks(learner.readWeights(best.snapshot));
    for (const { name, data } of weights) {
      if (!data.every(Number.isFinite)) throw lossError(NaN, `weight ${name}`, best.epoch, step, 1, training);
    }
    return { weights, history, bestEpoch: best.epoch, ended };
  } catch (error) {
    throw explainFailure(error, backend);
  } finally {
    disposeSnapshot(best && best.snapshot);
    learner?.dispose();
  }

  /** Weighted mean loss and mean metric of a part, by a forward pass. */
  async function evaluate(part: {
    rows: TrainRows;
    weights: Float32Array | null;
  }): Promise<{ loss: number; metric: number }> {
    const sums = { loss: 0, metric: 0, weight: 0 };
    for (let from = 0; from < part.rows.rows; from += evaluationSize) {
      await breathe();
      if (control.signal.aborted) throw abortError();
      const to = Math.min(from + evaluationSize, part.rows.rows);
      const batch: Batch = gatherBatch(part.rows, part.weights, head, null, from, to);
      const [loss, metric] = await readSums(learner!.evaluate(batch));
      sums.loss += loss;
      sums.metric += metric;
      sums.weight += batch.weight;
    }
    return { loss: sums.loss / sums.weight, metric: sums.metric / part.rows.rows };
  }
}

async function readSums(sums: Tensor): Promise<[number, number]> {
  try {
    checkDevice();
    const [loss, metric] = await whileDeviceWorks(sums.data());
    return [loss, metric];
  } finally {
    sums.dispose();
  }
}

/** Waits until the pause ends, or the training is stopped or aborted meanwhile. */
async function waitForResume(control: TrainControl): Promise<void> {
  for (let pause = control.paused(); pause; pause = control.paused()) {
    if (control.stop() || control.signal.aborted) return;
    const tick = new Promise((resolve) => setTimeout(resolve, 50));
    await Promise.race([pause, tick]);
  }
}

/** Milliseconds of training, pauses not counted. */
function createClock() {
  let start = performance.now();
  return {
    now: () => performance.now() - start,
    async pause(wait: () => Promise<void>): Promise<void> {
      const from = performance.now();
      await wait();
      start += performance.now() - from;
    },
  };
}

function lossError(
  loss: number,
  what: string,
  epoch: number,
  step: number,
  steps: number,
  training: TrainingSpec,
): UserError {
  const place = steps > 1 ? `between steps ${step - steps + 1} and ${step}` : `at step ${step}`;
  return new UserError(
    'invalid',
    `loss: ${loss} (${what}) in epoch ${epoch}, ${place}; lower the learning rate (it is ${training.optimizer.learningRate}), scale the features and the target, and look for extreme values in them`,
  );
}
