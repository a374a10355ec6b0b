// The rule by which updates of a model begin by themselves, off until a person sets it, and what has come of it. It looks
// at labelled batches that come, or get their labels, after it was set. Pure.

import type { Severity } from '../monitor/rules.ts';
import type { BatchFacts } from './batches.ts';

export interface AutomaticRule {
  enabled: boolean;
  /** alerts of less do nothing */
  severity: Severity;
  how: 'retrain' | 'fineTune';
  /** the new version becomes the champion where its gate passes; else it is the challenger */
  promote: boolean;
}

export interface AutomaticUpdate {
  /** of the batch that raised the alert */
  id: string;
  /** milliseconds since 1970 */
  at: number;
  batchName: string;
  /** name of the rule that raised the alert, and of what */
  alert: string;
  /** `waiting`: for a training that goes on */
  state: 'waiting' | 'training' | 'done' | 'failed';
  /** id of the version that came of it, as it was then */
  version: string | null;
  /** what became of it, or why it failed */
  note: string;
}

export interface Automatic {
  rule: AutomaticRule;
  /** batches that were labelled before the rule was set, or have gone from the log */
  before: string[];
  /** the oldest first */
  log: AutomaticUpdate[];
}

export const NO_RULE: AutomaticRule = { enabled: false, severity: 'critical', how: 'fineTune', promote: false };

const SEVERITIES: readonly Severity[] = ['info', 'warning', 'critical'];
/** Updates that are remembered. */
const LONGEST_LOG = 100;

/**
 * Takes note of the batches that are to begin an update. While one waits, others that come join it: it learns from all
 * labelled batches that there are.
 * @param batches of the model, the oldest first
 * @returns null where there is none
 */
export function noteAlerts(automatic: Automatic, batches: readonly BatchFacts[], at: number): Automatic | null {
  const { rule, before, log } = automatic;
  if (!rule.enabled) return null;
  const known = new Set([...before, ...log.map(({ id }) => id)]);
  const open = batches.flatMap((batch): AutomaticUpdate[] => {
    if (batch.labelled === 0 || known.has(batch.id)) return [];
    const alert = batch.alerts.find(
      (each) => !each.acknowledged && SEVERITIES.indexOf(each.rule.severity) >= SEVERITIES.indexOf(rule.severity),
    );
    if (!alert) return [];
    const subject = alert.labels.column ?? alert.labels.class ?? '';
    const name = subject ? `${alert.rule.name}: ${subject}` : alert.rule.name;
    return [{ id: batch.id, at, batchName: batch.name, alert: name, state: 'waiting', version: null, note: '' }];
  });
  if (open.length === 0) return null;
  const first = log.find(({ state }) => state === 'waiting') ?? open[0];
  const joined = open.map((each): AutomaticUpdate =>
    each === first ? each : { ...each, state: 'done', note: `Learned from together with '${first.batchName}'.` },
  );
  const all = [...log, ...joined];
  const forgotten = all.slice(0, -LONGEST_LOG).map(({ id }) => id);
  return { ...automatic, before: [...before, ...forgotten], log: all.slice(-LONGEST_LOG) };
}
