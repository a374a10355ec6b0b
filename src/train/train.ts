// The training loop: epochs of shuffled batches, what is measured and said meanwhile, and when it ends. It runs on the
// backend that `useBackend` chose, by a learner that it knows through learner.ts alone.
//
// The loss of a batch is the weighted mean sum(w l) / sum(w), w being a row's weight times its class's; that of an
// epoch is the same over its rows. Training figures are added up over the batches while the network learns (dropout
// on, weights moving), validation figures are of the weights at the end of the epoch. Accuracy and MAE are unweighted.

import { abortError, UserError } from '../base/errors.ts';
import type { EpochLog } from '../model/epochLog.ts';
import { headClasses } from '../model/head.ts';
import type { TrainingSpec } from '../model/recipe.ts';
import type { Network, Weight } from '../model/spec.ts';
import { initialWeights } from '../model/weights.ts';
import { checkRows, checkStopping, classWeights, epochOrder, rowWeights, type TrainRows } from './batches.ts';
import { createClock } from './clock.ts';
import type { StepProgress, TrainEvent, TrainResult } from './events.ts';
import { beginning, type LearnerInput, type Sums } from './learner.ts';
import { createPace } from './pace.ts';
import { openLearner } from './places.ts';
import { scheduleFactor } from './schedule.ts';
import {
  CHECKPOINT_TIMES,
  checkState,
  createCheckpointSchedule,
  STATE_FORMAT,
  type CheckpointTimes,
  type TrainState,
} from './state.ts';

export type { TrainRows } from './batches.ts';

export interface TrainInput {
  network: Network;
  training: TrainingSpec;
  seed: number;
  train: TrainRows;
  validation: TrainRows | null;
  /** weights to go on from; seeded ones otherwise */
  initial?: Weight[];
  /** names of layers whose weights stay as they are: see `LearnerInput` */
  frozen?: readonly string[];
  /** class names in the order of their indices; needed where class weights are given by name */
  labels?: string[];
  /** what one scaled unit of a value is in the target's own unit, for the MAE; 1 where left out */
  metricScale?: number;
  /** where it was before: it goes on from there */
  resume?: TrainState;
  checkpoints?: CheckpointTimes;
}

export interface TrainControl {
  /** aborted: the training is thrown away, with an AbortError */
  signal: AbortSignal;
  /** true: it ends and gives the best weights so far */
  stop: () => boolean;
  /** a promise of the end of a pause, or null */
  paused: () => Promise<void> | null;
  /** how many milliseconds it took whoever keeps the checkpoints to keep the last one */
  keepingMs?: () => number;
}

/** About how often the loss is read back, and at most how often a step event is given. */
const READ_EVERY_MS = 100;
/**
 * Steps of an epoch whose sums the device adds up in float32, before they are added in float64. They begin at fixed steps,
 * so that an epoch's figures do not depend on how its steps were grouped, nor on where it was taken up.
 */
const STEPS_PER_SUM = 4096;
const NONE: Sums = { loss: 0, metric: 0, weight: 0, rows: 0 };

/**
 * Trains a network. Gives at most some ten step events a second, one epoch event each epoch, a checkpoint event as often
 * as `checkpoints` says and where it is paused, and a backend event where it had to go on elsewhere.
 * @returns the weights of the best epoch by validation loss where early stopping is on, else those of the end
 * @throws UserError where the loss is no number, the rows cannot be learned from, or the device fails
 */
export async function* train(input: TrainInput, control: TrainControl): AsyncGenerator<TrainEvent, TrainResult> {
  const { network, training, seed } = input;
  const { earlyStopping, epochs } = training;
  const parts = checkParts(input);
  const { rows } = parts.train;
  const { resume } = input;
  if (resume) checkState(resume, network, rows);
  const stepsPerEpoch = Math.ceil(rows / Math.min(training.batchSize, rows));
  const scale = network.head.kind === 'value' ? (input.metricScale ?? 1) : 1;
  const rateAt = (step: number) =>
    training.optimizer.learningRate * scheduleFactor(training.schedule, step, stepsPerEpoch, epochs);
  const clock = createClock(control, resume?.elapsedMs);
  const schedule = createCheckpointSchedule(input.checkpoints ?? CHECKPOINT_TIMES, clock.now);
  const breathe = createPace();
  const history: EpochLog[] = [...(resume?.history ?? [])];
  let best = resume?.best ?? null;
  let ended: TrainResult['ended'] = 'epochs';
  let [epoch, step, savedStep] = [resume?.epoch ?? 1, resume?.learner.steps ?? 0, resume?.learner.steps ?? 0];
  let [stepsPerRead, lastEvent] = [1, -READ_EVERY_MS];
  /** how long the latest run took, and the latest that ended an epoch */
  let [runMs, lastRunMs] = [0, 0];
  /** of the epoch in progress, up to where the learner's own sums begin */
  let added = resume?.seen ?? NONE;
  let epochStart = clock.now() - (resume?.epochMs ?? 0);

  const learner = await openLearner(
    { network, training, seed, ...parts, frozen: input.frozen, signal: control.signal },
    resume?.learner ?? beginning(input.initial ?? initialWeights(network, seed)),
  );
  try {
    let { inUse } = learner;
    epochs: for (; epoch <= epochs; epoch++) {
      if (earlyStopping && best && epoch - 1 - best.epoch >= earlyStopping.patience) {
        ended = 'earlyStopping';
        break;
      }
      const firstStep = (epoch - 1) * stepsPerEpoch;
      const rateOfEpoch = rateAt(firstStep);
      let seen = added;
      let validation: Sums | null = null;
      if (step === firstStep) await learner.beginEpoch(epochOrder(rows, seed, epoch));

      for (let left = firstStep + stepsPerEpoch - step; left > 0;) {
        const isDue = control.paused() !== null || schedule.isDue(left === stepsPerEpoch, nextRunMs(left));
        if (step > savedStep && isDue) yield { kind: 'checkpoint', state: await save(left === stepsPerEpoch) };
        if (await shouldEnd()) {
          ended = 'stopped';
          break epochs;
        }
        const untilSum = STEPS_PER_SUM - ((stepsPerEpoch - left) % STEPS_PER_SUM);
        const count = Math.min(stepsPerRead, left, untilSum);
        const clear = count === left || count === untilSum;
        const begin = clock.now();
        const reading = await learner.run(
          Array.from({ length: count }, (_, i) => rateAt(step + i)),
          { score: count === left, clear },
        );
        step += count;
        left -= count;
        seen = add(added, reading.seen);
        if (clear) added = seen;
        if (!Number.isFinite(seen.loss)) throw lossError(seen.loss, 'training', count);
        ({ validation } = reading);
        if (validation && !Number.isFinite(validation.loss)) throw lossError(validation.loss, 'validation', 1);

        const now = clock.now();
        const fitting = Math.round((count / Math.max(now - begin, 0.01)) * READ_EVERY_MS);
        // scoring takes time too, and says nothing of the steps
        if (left > 0) stepsPerRead = Math.max(1, Math.min(STEPS_PER_SUM, 2 * stepsPerRead, fitting));
        if (left > 0) runMs = now - begin;
        else lastRunMs = now - begin;
        if (learner.inUse !== inUse) {
          ({ inUse } = learner);
          yield { kind: 'backend', inUse };
        }
        if (now - lastEvent >= READ_EVERY_MS) {
          lastEvent = now;
          yield { kind: 'step', progress: progressOf(seen, now) };
        }
      }

      const log: EpochLog = {
        epoch,
        loss: meanLoss(seen),
        metric: (seen.metric / seen.rows) * scale,
        valLoss: validation && meanLoss(validation),
        valMetric: validation && (validation.metric / validation.rows) * scale,
        learningRate: rateOfEpoch,
        durationMs: clock.now() - epochStart,
      };
      history.push(log);
      epochStart += log.durationMs;
      added = NONE;
      if (earlyStopping && (!best || log.valLoss! < best.loss - earlyStopping.minDelta)) {
        await learner.keep();
        best = { epoch, loss: log.valLoss! };
      }
      yield { kind: 'epoch', log };
    }

    if (!best) await learner.keep();
    const bestEpoch = best?.epoch ?? Math.min(epoch, epochs);
    const weights = await learner.readKept();
    const wrong = weights.find(({ data }) => !data.every(Number.isFinite));
    if (wrong) throw lossError(NaN, `weight ${wrong.name}`, 1);
    return { weights, history, bestEpoch, ended };
  } finally {
    learner.dispose();
  }

  async function shouldEnd(): Promise<boolean> {
    await breathe();
    if (control.signal.aborted) throw abortError();
    if (control.stop()) return true;
    await clock.waitWhilePaused();
    if (control.signal.aborted) throw abortError();
    return control.stop();
  }

  /** About how long it is until the learner can be saved again: the last run of an epoch scores too. */
  function nextRunMs(left: number): number {
    return Math.max(READ_EVERY_MS, runMs, stepsPerRead >= left ? lastRunMs : 0);
  }

  async function save(betweenEpochs: boolean): Promise<TrainState> {
    const elapsedMs = clock.now();
    const saved = await learner.save();
    schedule.saved(elapsedMs, control.keepingMs?.());
    savedStep = step;
    return {
      format: STATE_FORMAT,
      learner: betweenEpochs ? { ...saved, pass: null, sums: null } : saved,
      epoch,
      seen: added,
      epochMs: elapsedMs - epochStart,
      best,
      rows,
      history: [...history],
      elapsedMs,
      inUse: learner.inUse,
    };
  }

  function progressOf(seen: Sums, elapsed: number): StepProgress {
    const steps = stepsPerEpoch * epochs;
    const rowsPerSecond = (((epoch - 1) * rows + seen.rows) / elapsed) * 1000;
    const remainingMs = (elapsed / step) * (steps - step);
    return { step, steps, epoch, epochs, loss: meanLoss(seen), rowsPerSecond, remainingMs };
  }

  function lossError(loss: number, what: string, steps: number): UserError {
    const place = steps > 1 ? `between steps ${step - steps + 1} and ${step}` : `at step ${step}`;
    return new UserError(
      'invalid',
      `loss: ${loss} (${what}) in epoch ${epoch}, ${place}; lower the learning rate (it is ${training.optimizer.learningRate}), scale the features and the target, and look for extreme values in them`,
    );
  }
}

const add = (a: Sums, b: Sums): Sums => ({
  loss: a.loss + b.loss,
  metric: a.metric + b.metric,
  weight: a.weight + b.weight,
  rows: a.rows + b.rows,
});

/** Of rows that all weigh nothing: 0. */
const meanLoss = ({ loss, weight }: Sums): number => loss / (weight || 1);

/** The two parts with the weights of their classes in those of their rows. @throws UserError where they cannot be learned from */
function checkParts({
  network,
  training,
  train,
  validation,
  labels,
}: TrainInput): Pick<LearnerInput, 'train' | 'validation'> {
  const { head } = network;
  const width = network.inputShape.reduce((product, size) => product * size, 1);
  checkRows('training', train, width, head);
  if (validation) checkRows('validation', validation, width, head);
  checkStopping(training, validation?.rows ?? 0);
  const byClass = classWeights(training.classWeights, headClasses(head), labels ?? null, train.y);
  const weigh = (part: TrainRows): TrainRows => ({ ...part, weights: rowWeights(part, byClass) });
  return { train: weigh(train), validation: validation && weigh(validation) };
}
