// What each figure is called, says, and which way is better. Words only; the figures come from the worker.

import type { Task } from '../../model/recipe.ts';
import { formatNumber, formatPercent } from '../parts/format.ts';

export interface Metric {
  key: string;
  name: string;
  /** one plain sentence */
  meaning: string;
  better: 'higher' | 'lower';
  /** shown as a percentage */
  share: boolean;
}

const share = (key: string, name: string, meaning: string): Metric => ({
  key,
  name,
  meaning,
  better: 'higher',
  share: true,
});
const score = (key: string, name: string, meaning: string): Metric => ({
  key,
  name,
  meaning,
  better: 'higher',
  share: false,
});
const error = (key: string, name: string, meaning: string): Metric => ({
  key,
  name,
  meaning,
  better: 'lower',
  share: false,
});

/** Every figure of an evaluation, the most telling first. */
export const METRICS: readonly Metric[] = [
  share('accuracy', 'Accuracy', 'The share of rows whose predicted class is the actual one.'),
  share(
    'balancedAccuracy',
    'Balanced accuracy',
    'The mean over the classes of the share of each class that was found, so that a rare class counts as much as a common one.',
  ),
  share('precision', 'Precision', 'Of the rows predicted as one of the positive class, the share that is one.'),
  share('recall', 'Recall', 'Of the rows of the positive class, the share that was found.'),
  score('f1', 'F1', 'The harmonic mean of precision and recall of the positive class.'),
  score(
    'f1Macro',
    'F1, macro',
    'The harmonic mean of precision and recall of each class, averaged with every class counting the same.',
  ),
  score(
    'rocAuc',
    'ROC area',
    'The chance that a random row of a class gets a higher probability for it than a random row of the others: 0.5 is guessing, 1 is perfect.',
  ),
  score(
    'averagePrecision',
    'Average precision',
    'The area under the precision-recall curve: how pure the predictions stay as more of the class is found.',
  ),
  error(
    'logLoss',
    'Log loss',
    'How surprised the model is by the actual classes; a confident mistake costs most, 0 is perfect.',
  ),
  share('precisionMacro', 'Precision, macro', 'Of the rows predicted as a class, the share that is it; mean over the classes.'), // prettier-ignore
  share('recallMacro', 'Recall, macro', 'Of the rows of a class, the share that was found; mean over the classes.'),
  score('f1Weighted', 'F1, weighted', 'F1 averaged with each class counting by its number of rows.'),
  share('precisionWeighted', 'Precision, weighted', 'Precision averaged with each class counting by its number of rows.'), // prettier-ignore
  share('recallWeighted', 'Recall, weighted', 'Recall averaged with each class counting by its number of rows.'),
  score(
    'r2',
    'R²',
    'The share of the target’s variation that the predictions explain: 1 is perfect, 0 is no better than the mean.',
  ),
  error('rmse', 'RMSE', 'The typical size of an error in the target’s unit, with large errors weighing more.'),
  error('mae', 'MAE', 'The mean size of an error in the target’s unit.'),
];

const BY_KEY = new Map(METRICS.map((metric) => [metric.key, metric]));

/** The words for a figure; one that has none yet is shown under its own key. */
export function metricOf(key: string): Metric {
  return BY_KEY.get(key) ?? { key, name: key, meaning: '', better: 'higher', share: false };
}

/**
 * What a figure says of a version: of two labels it names the positive one, the second.
 * @param thing what is judged: `row` or `image`
 */
export function meaningOf({ meaning }: Metric, labels: readonly string[], thing: string): string {
  const said = meaning.replace(/\brow(?=s?\b)/g, thing);
  return labels.length === 2 ? said.replace('the positive class', () => `the positive class, “${labels[1]}”`) : said;
}

/** Its name within a sentence: `accuracy`, `log loss`, but `MAE` and `R²`. */
export function metricNoun(key: string): string {
  const { name } = metricOf(key);
  return /^[A-Z][a-z]/.test(name) ? name[0].toLowerCase() + name.slice(1) : name;
}

/** The figures that are there, in order of telling. */
export function orderedMetrics(metrics: Record<string, number>): Metric[] {
  const known = METRICS.filter((metric) => metric.key in metrics);
  const others = Object.keys(metrics).filter((key) => !BY_KEY.has(key));
  return [...known, ...others.map(metricOf)];
}

/** The one figure that stands for a model of this task. */
export function mainMetric(task: Task): Metric {
  return metricOf(task === 'regression' ? 'r2' : 'accuracy');
}

/** What `metric` in a training's log is. */
export function loggedMetricName(task: Task): string {
  return task === 'regression' ? 'Mean absolute error' : 'Accuracy';
}

/** A figure as it is shown: percentages with one digit, others with four significant ones. */
export function formatMetric(metric: Metric, value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  return metric.share ? formatPercent(value) : formatNumber(value);
}

/** A difference as it is shown, always with its sign; percentages differ in points. */
export function formatDifference(metric: Metric, value: number, than: number | undefined): string {
  if (than === undefined) return '–';
  const difference = value - than;
  const size = metric.share ? `${(Math.abs(difference) * 100).toFixed(1)} points` : formatNumber(Math.abs(difference));
  return difference === 0 ? '±0' : `${difference > 0 ? '+' : '−'}${size}`;
}

/** Whether `value` is better than, worse than or the same as `than`. */
export function verdict(metric: Metric, value: number, than: number): 'better' | 'worse' | 'same' {
  if (value === than) return 'same';
  return value > than === (metric.better === 'higher') ? 'better' : 'worse';
}

/** The class of `base.css` that an outcome is shown in; `open` is a difference that may be chance. */
export const TONES = { better: 'good', worse: 'bad', same: '', open: 'soft' } as const;
