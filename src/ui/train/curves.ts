// A training's log as chart series and as sentences. Pure; the charts draw what this gives.

import type { EpochLog } from '../../model/epochLog.ts';
import type { Task } from '../../model/recipe.ts';
import type { Series } from '../charts/series.ts';
import { loggedMetricName } from '../evaluate/metrics.ts';
import { formatNumber, formatPercent, formatQuantity } from '../parts/format.ts';

/** Loss of the steps, to lie faintly behind the lines. */
export interface StepLoss {
  step: ArrayLike<number>;
  loss: ArrayLike<number>;
  stepsPerEpoch: number;
}

type Key = 'loss' | 'valLoss' | 'metric' | 'valMetric';

/** One curve of a log, epochs from 1 as x; an epoch without the figure is a gap. */
export function curveOf(
  log: readonly EpochLog[],
  key: Key,
  look: { name: string; tone: number; dash: number },
): Series {
  const x = Float64Array.from(log, (entry) => entry.epoch);
  const y = Float64Array.from(log, (entry) => entry[key] ?? NaN);
  return { ...look, x, y, style: 'line' };
}

/** Training and validation loss, with the loss of the steps behind them where it is known. */
export function lossSeries(log: readonly EpochLog[], steps: StepLoss | null): Series[] {
  const lines = pair(log, 'loss', 'valLoss');
  if (!steps || steps.step.length === 0) return lines;
  const x = Float64Array.from(steps.step, (step) => step / steps.stepsPerEpoch);
  const y = Float64Array.from(steps.loss);
  return [...lines, { name: 'Training, by step', x, y, style: 'faint', tone: 0 }];
}

/** Training and validation accuracy or mean absolute error. */
export function metricSeries(log: readonly EpochLog[]): Series[] {
  return pair(log, 'metric', 'valMetric');
}

function pair(log: readonly EpochLog[], train: Key, validation: Key): Series[] {
  const line = curveOf(log, train, { name: 'Training', tone: 0, dash: 0 });
  if (!log.some((entry) => entry[validation] !== null)) return [line];
  return [line, curveOf(log, validation, { name: 'Validation', tone: 1, dash: 1 })];
}

/** The epoch of the least validation loss, else of the least training loss; 0 before the first. */
export function bestEpochOf(log: readonly EpochLog[]): number {
  let best: EpochLog | null = null;
  const loss = (entry: EpochLog) => entry.valLoss ?? entry.loss;
  for (const entry of log) if (!best || loss(entry) < loss(best)) best = entry;
  return best?.epoch ?? 0;
}

/** What the loss chart shows, in words. */
export function describeLoss(log: readonly EpochLog[], bestEpoch: number): string {
  const last = log[log.length - 1];
  if (!last) return 'Nothing to see before the first epoch ends.';
  const validation = last.valLoss === null ? '' : `, the validation loss ${formatNumber(last.valLoss)}`;
  const best = log.find((entry) => entry.epoch === bestEpoch);
  const bestText = best ? ` The best epoch is ${bestEpoch}, with ${formatNumber(best.valLoss ?? best.loss)}.` : '';
  return `After ${formatQuantity(last.epoch, 'epoch')} the training loss is ${formatNumber(last.loss)}${validation}.${bestText}`;
}

/** What the metric chart shows, in words. */
export function describeMetric(log: readonly EpochLog[], task: Task): string {
  const last = log[log.length - 1];
  if (!last) return 'Nothing to see before the first epoch ends.';
  const format = (value: number) => (task === 'regression' ? formatNumber(value) : formatPercent(value));
  const validation = last.valMetric === null ? '' : `, on validation ${format(last.valMetric)}`;
  return `${loggedMetricName(task)} after ${formatQuantity(last.epoch, 'epoch')}: on training ${format(last.metric)}${validation}.`;
}
