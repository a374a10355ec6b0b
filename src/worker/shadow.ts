// A challenger in the shadow: the version with the alias `challenger` scores a batch beside the one that is in use. What it
// says is kept and held against the champion and the truth; nothing is decided by it, and a challenger that fails fails alone.

import { UserError } from '../base/errors.ts';
import { alignOutputs } from '../data/labels.ts';
import { around, type Bounds, errorOfMean, wilson } from '../evaluate/intervals.ts';
import { mostProbable } from '../evaluate/metrics.ts';
import { type Quality, qualityOf } from '../monitor/quality.ts';
import type { Figure } from '../monitor/rules.ts';
import { readModel } from '../store/models.ts';
import { listVersions, type Version } from '../store/versions.ts';
import type { Context } from './context.ts';
import { openVersion } from './enginePredict.ts';
import { scoreRows, truthOf } from './readBatchFiles.ts';
import { asOutputs, type Subject } from './subject.ts';

export interface ShadowReport {
  /** as it was called then */
  versionId: string;
  runId: number;
  /** why it could not score the batch; then it says nothing else */
  problem: string | null;
  /** probabilities [rows, classes of the challenger], or values [rows]; left out where a report is handed out */
  outputs?: Float32Array;
  /** share of the rows predicted the same; null for values */
  agreement: (Bounds & { value: number }) | null;
  /** of values: mean absolute difference from the champion's */
  difference: number | null;
  /** of the rows whose truth is known */
  quality: Pick<Quality, 'rows' | 'metrics' | 'intervals'> | null;
  /** by how much it is better in the metric that the task is judged by, row by row on the same rows; below 0: worse */
  gain: (Bounds & { value: number }) | null;
}

/** What the challenger says of a batch. @returns null where there is none, or it is the version itself */
export async function scoreInShadow(context: Context, subject: Subject): Promise<ShadowReport | null> {
  const { version, content } = subject;
  const { aliases } = await readModel(context.workspace, version.model);
  const challenger = aliases.find(({ name }) => name === 'challenger');
  if (!challenger || challenger.number === version.number) return null;
  try {
    const { version: second, trained } = await openVersion(context, `${version.model}@${challenger.number}`);
    const problem = mismatch(version, second);
    if (problem) return nothing(second, problem);
    return compareShadow(subject, second, await scoreRows(context, second, trained, content));
  } catch (error) {
    if (!(error instanceof UserError)) console.error(error);
    return nothing({ id: `${version.model}@${challenger.number}`, runId: 0 }, (error as Error).message);
  }
}

/** The same of outputs that are kept, as when labels have come; what was, where the challenger is gone. */
export async function judgeShadowAgain(
  context: Context,
  subject: Subject,
  kept: ShadowReport,
): Promise<ShadowReport | null> {
  const second = (await listVersions(context.workspace)).find(({ runId }) => runId === kept.runId);
  return second && kept.outputs ? compareShadow(subject, second, kept.outputs) : kept;
}

/** The figures of a report. */
export function shadowFigures(shadow: ShadowReport | null): Figure[] {
  if (!shadow) return [];
  const { agreement, difference, quality } = shadow;
  const figures: Figure[] = [];
  if (agreement) figures.push({ name: 'lathe_challenger_agreement_ratio', labels: {}, ...agreement });
  if (difference !== null) figures.push({ name: 'lathe_challenger_difference_mean', labels: {}, value: difference });
  for (const [metric, value] of Object.entries(quality?.metrics ?? {})) {
    figures.push({
      name: 'lathe_challenger_quality',
      labels: { metric },
      value,
      ...quality!.intervals.metrics[metric],
    });
  }
  return figures;
}

function mismatch(first: Version, second: Version): string | null {
  if (first.recipe.target !== second.recipe.target) return `it predicts '${second.recipe.target}', not '${first.recipe.target}'`; // prettier-ignore
  if (first.labels.length > 0 !== second.labels.length > 0) return 'one of the two predicts classes, the other a number'; // prettier-ignore
  return null;
}

function nothing({ id, runId }: Pick<Version, 'id' | 'runId'>, problem: string): ShadowReport {
  return { versionId: id, runId, problem, agreement: null, difference: null, quality: null, gain: null };
}

function compareShadow(subject: Subject, second: Version, outputs: Float32Array): ShadowReport {
  const { version: first, content, rows } = subject;
  // one order where both tell the same apart, so that the positive class of two is the champion's
  const same = second.labels.length === first.labels.length && second.labels.every((own) => first.labels.includes(own));
  const labels = same ? first.labels : second.labels;
  const { actual } = truthOf({ ...second, labels }, content);
  const quality = qualityOf(labels, asOutputs(second, alignOutputs(outputs, second.labels, labels), actual));
  const report: ShadowReport = {
    ...nothing(second, ''),
    problem: null,
    outputs,
    quality: quality && { rows: quality.rows, metrics: quality.metrics, intervals: quality.intervals },
  };
  if (first.labels.length === 0) {
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += Math.abs(outputs[i] - subject.outputs[i]);
    const gains = pairedGains(subject, (i) => Math.abs(outputs[i] - subject.actual![i]), (i) => Math.abs(subject.outputs[i] - subject.actual![i])); // prettier-ignore
    return { ...report, difference: sum / rows, gain: gains && meanBounds(gains) };
  }
  const said = mostProbable(subject.outputs, first.labels.length);
  const place = second.labels.map((label) => first.labels.indexOf(label));
  const shadow = mostProbable(outputs, second.labels.length).map((c) => place[c]);
  let alike = 0;
  for (let i = 0; i < rows; i++) if (said[i] === shadow[i]) alike++;
  const wrong = (predicted: Int32Array) => (i: number) => Number(predicted[i] !== subject.actual![i]);
  const gains = pairedGains(subject, wrong(shadow), wrong(said));
  return {
    ...report,
    agreement: { value: alike / rows, ...wilson(alike / rows, rows) },
    gain: gains && meanBounds(gains),
  };
}

/** [rows whose truth is known]: what the champion loses by a row, less what the challenger does; null where none is known. */
function pairedGains(
  { actual }: Subject,
  second: (row: number) => number,
  first: (row: number) => number,
): Float64Array | null {
  if (!actual) return null;
  const known = Array.from(actual.keys()).filter((i) => (actual instanceof Int32Array ? actual[i] >= 0 : !Number.isNaN(actual[i]))); // prettier-ignore
  return known.length > 0 ? Float64Array.from(known, (i) => first(i) - second(i)) : null;
}

function meanBounds(values: Float64Array): Bounds & { value: number } {
  const value = values.reduce((sum, one) => sum + one, 0) / values.length;
  return { value, ...around(value, errorOfMean(values), -Infinity, Infinity) };
}
