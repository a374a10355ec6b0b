// The gate that a version passes before it becomes the champion: rules over what a comparison has found. Pure: figures
// in, an outcome out. A rule whose figure is not there neither passes nor fails.

import type { WorseSlice } from '../monitor/slices.ts';
import type { PairedFigure } from './paired.ts';

/** The rows that a rule is about: those held out, or those of the model's newest batch with labels. */
export type GateRows = 'heldOut' | 'newestBatch';

export type GateRule = { id: string; enabled: boolean } & (
  | {
      /** the second is better than the first in a figure by this much at least; below 0 it may be worse */
      kind: 'uplift';
      on: GateRows;
      metric: string;
      least: number;
      /** `least` is a share of the first's figure, not in its unit */
      relative: boolean;
      /** and the whole 95 % interval of the difference is on the better side of 0 */
      significant: boolean;
    }
  | {
      /** no part of the rows is worse by more than this, beyond chance: share of rows wrong, or of the first's mean error */
      kind: 'slice';
      on: GateRows;
      leastRows: number;
      mostWorse: number;
    }
  | {
      /** of the second's weights */
      kind: 'size';
      mostBytes: number;
    }
  | {
      /** the second's time for a row by the first's */
      kind: 'latency';
      mostFactor: number;
    }
);

export type GateResult = 'pass' | 'fail' | 'unknown';

export interface GateCheck {
  rule: GateRule;
  result: GateResult;
  /** what the rule looks at: the improvement, how much worse the worst part is, bytes, or the factor */
  value: number | null;
  /** why there is no telling; '' where there is */
  why: string;
  /** the part of the rows that fails a rule on slices */
  slice: WorseSlice | null;
}

/** `fail` where a rule fails, else `unknown` where one cannot be told. */
export interface GateOutcome {
  result: GateResult;
  /** of every rule that is on */
  checks: GateCheck[];
}

/** What a rule on some rows needs; a text says why there are none to compare. */
export type RowsEvidence =
  | {
      figures: readonly PairedFigure[];
      /** parts of at least so many rows that are worse beyond chance, by difference of loss */
      worseSlices: (leastRows: number) => WorseSlice[];
      /** the first's mean loss on all rows */
      loss: number;
      isValue: boolean;
    }
  | string;

export interface Evidence extends Record<GateRows, RowsEvidence> {
  /** of the second's weights */
  weightBytes: number;
  /** the second's time for a row by the first's; a text says why it was not measured */
  latencyFactor: number | string;
}

const LOWER_IS_BETTER = new Set(['logLoss', 'mae', 'rmse']);

/** Whether a model with a higher figure is the better one. */
function isHigherBetter(metric: string): boolean {
  return !LOWER_IS_BETTER.has(metric);
}

/** What a model has until its own rules are set: not worse on either rows, and no part of them much worse. */
export function presetGate(metric: string): GateRule[] {
  const uplift = { kind: 'uplift', metric, least: 0, relative: false, significant: false } as const;
  return [
    { id: 'uplift-held-out', enabled: true, on: 'heldOut', ...uplift },
    { id: 'uplift-batch', enabled: true, on: 'newestBatch', ...uplift },
    { id: 'slices', enabled: true, kind: 'slice', on: 'heldOut', leastRows: 30, mostWorse: 0.1 },
    { id: 'size', enabled: false, kind: 'size', mostBytes: 10e6 },
    { id: 'latency', enabled: false, kind: 'latency', mostFactor: 2 },
  ];
}

/** @param rules those that are off are left out */
export function judgeGate(rules: readonly GateRule[], evidence: Evidence): GateOutcome {
  const checks = rules.filter(({ enabled }) => enabled).map((rule) => check(rule, evidence));
  const has = (result: GateResult) => checks.some((each) => each.result === result);
  return { result: has('fail') ? 'fail' : has('unknown') ? 'unknown' : 'pass', checks };
}

function check(rule: GateRule, evidence: Evidence): GateCheck {
  const unknown = (why: string): GateCheck => ({ rule, result: 'unknown', value: null, why, slice: null });
  const told = (passes: boolean, value: number, slice: WorseSlice | null = null): GateCheck => ({
    rule,
    result: passes ? 'pass' : 'fail',
    value,
    why: '',
    slice,
  });
  if (rule.kind === 'size') return told(evidence.weightBytes <= rule.mostBytes, evidence.weightBytes);
  if (rule.kind === 'latency') {
    const { latencyFactor } = evidence;
    return typeof latencyFactor === 'string'
      ? unknown(latencyFactor)
      : told(latencyFactor <= rule.mostFactor, latencyFactor);
  }
  const rows = evidence[rule.on];
  if (typeof rows === 'string') return unknown(rows);
  if (rule.kind === 'slice') {
    const scale = rows.isValue ? rows.loss : 1;
    const [worst] = rows.worseSlices(rule.leastRows).toSorted((a, b) => b.difference.value - a.difference.value);
    const value = worst ? worst.difference.value / scale : 0;
    const passes = value <= rule.mostWorse;
    return told(passes, value, passes ? null : worst);
  }
  const figure = rows.figures.find(({ metric }) => metric === rule.metric);
  if (!figure) return unknown(`'${rule.metric}' is not defined on these rows`);
  const sign = isHigherBetter(rule.metric) ? 1 : -1;
  const gain = (sign * figure.difference.value) / (rule.relative ? Math.abs(figure.first.value) : 1);
  const value = Number.isNaN(gain) ? 0 : gain; // nothing to nothing
  const surely = sign > 0 ? figure.difference.low > 0 : figure.difference.high < 0;
  return told(value >= rule.least && (!rule.significant || surely), value);
}
