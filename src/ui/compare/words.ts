// Rules of the gate and what became of them, in a person's words.

import type { GateCheck, GateResult, GateRows, GateRule } from '../../worker/api.ts';
import { describeConditions } from '../evaluate/conditions.ts';
import { formatDifference, metricOf } from '../evaluate/metrics.ts';
import { formatBytes, formatNumber, formatPercent, formatPValue, formatQuantity } from '../parts/format.ts';

export const ROWS: Record<GateRows, string> = {
  heldOut: 'held-out rows',
  newestBatch: 'the newest labelled batch',
};

export const RESULTS: Record<GateResult, { sign: string; word: string; tone: 'good' | 'bad' | 'warn' }> = {
  pass: { sign: '✓', word: 'passes', tone: 'good' },
  fail: { sign: '✗', word: 'fails', tone: 'bad' },
  unknown: { sign: '?', word: 'cannot be told', tone: 'warn' },
};

/** `Accuracy on held-out rows is not lower` */
export function describeRule(rule: GateRule): string {
  if (rule.kind === 'size') return `Its weights take ${formatBytes(rule.mostBytes)} at most`;
  if (rule.kind === 'latency') return `A row takes ${formatNumber(rule.mostFactor)} times as long at most`;
  if (rule.kind === 'slice') {
    return `No part of ${ROWS[rule.on]} with ${formatQuantity(rule.leastRows, 'row')} or more is worse by more than ${formatPercent(rule.mostWorse)}`;
  }
  const metric = metricOf(rule.metric);
  const amount = sizeOf(rule, Math.abs(rule.least));
  const how =
    rule.least === 0
      ? 'is no worse'
      : rule.least > 0
        ? `is better by ${amount} or more`
        : `is worse by ${amount} at most`;
  return `${metric.name} on ${ROWS[rule.on]} ${how}${rule.significant ? ', beyond chance' : ''}`;
}

/** What was found: `better by 3.2 points` */
export function describeCheck({ rule, value, why, slice }: GateCheck): string {
  if (value === null) return sentence(why);
  if (rule.kind === 'size') return formatBytes(value);
  if (rule.kind === 'latency') return `${formatNumber(value)} times as long`;
  if (rule.kind === 'slice') {
    if (slice) return `worse by ${formatPercent(value)} where ${describeConditions(slice.conditions)}, ${formatQuantity(slice.rows, 'row')}`; // prettier-ignore
    return value === 0 ? 'no part is worse beyond chance' : `the worst by ${formatPercent(value)}`;
  }
  if (value === 0) return 'the same';
  return `${value > 0 ? 'better' : 'worse'} by ${sizeOf(rule, Math.abs(value))}`;
}

function sizeOf({ metric, relative }: GateRule & { kind: 'uplift' }, size: number): string {
  return relative ? formatPercent(size) : formatDifference(metricOf(metric), size, 0).replace('+', '');
}

/** An error's message as words: without its code, which is for programs. */
function sentence(why: string): string {
  return why.replace(/^(missing|invalid|unknown|unsupported) /, '');
}

/** `p = 0.012` */
export function formatChance(pValue: number): string {
  const shown = formatPValue(pValue);
  return shown.startsWith('<') ? `p ${shown}` : `p = ${shown}`;
}
