// A run as TensorBoard draws it: losses, the metric and the learning rate by epoch, and the figures of the test part at
// the epoch that the weights are from.

import type { EpochLog } from '../model/epochLog.ts';
import type { Task } from '../model/recipe.ts';
import { encodeEvents, type ScalarEvent } from './tensorboard.ts';

export interface RunFacts {
  task: Task;
  /** milliseconds since 1970 */
  startedAt: number;
  log: readonly EpochLog[];
  bestEpoch: number;
  /** of the test part */
  metrics: Record<string, number>;
}

/** The events of a run, one an epoch; each at the moment when its epoch had ended, pauses left out. */
export function runEvents({ task, startedAt, log, bestEpoch, metrics }: RunFacts): ScalarEvent[] {
  const metric = task === 'regression' ? 'mae' : 'accuracy';
  let time = startedAt;
  return log.map((line) => {
    time += line.durationMs;
    const scalars: Record<string, number> = {
      'loss/train': line.loss,
      [`${metric}/train`]: line.metric,
      learningRate: line.learningRate,
    };
    if (line.valLoss !== null) scalars['loss/validation'] = line.valLoss;
    if (line.valMetric !== null) scalars[`${metric}/validation`] = line.valMetric;
    if (line.epoch === bestEpoch) {
      for (const [name, value] of Object.entries(metrics)) scalars[`test/${name}`] = value;
    }
    return { wallTime: time / 1000, step: line.epoch, scalars };
  });
}

/** The bytes of the event file of a run. */
export function writeRunEvents(run: RunFacts): Uint8Array<ArrayBuffer> {
  return encodeEvents(run.startedAt / 1000, runEvents(run));
}
