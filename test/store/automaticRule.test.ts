import { expect, test } from 'vitest';
import type { Severity } from '../../src/monitor/rules.ts';
import { noteAlerts, NO_RULE, type Automatic } from '../../src/store/automaticRule.ts';
import type { BatchFacts } from '../../src/store/batches.ts';

const batch = (id: string, severity: Severity | null, { labelled = 5, seen = false } = {}): BatchFacts =>
  ({
    id,
    name: `${id}.csv`,
    labelled,
    alerts: severity ? [{ rule: { name: 'A column drifts', severity }, labels: { column: 'x' }, acknowledged: seen ? { note: '', at: 1 } : null }] : [], // prettier-ignore
  }) as unknown as BatchFacts;

const rule = { ...NO_RULE, enabled: true, severity: 'warning' as const };
const automatic: Automatic = { rule, before: ['old'], log: [] };

test('an open alert of enough severity in a labelled batch that came later is noted, once', () => {
  const quiet = [
    batch('old', 'critical'),
    batch('calm', null),
    batch('minor', 'info'),
    batch('blind', 'critical', { labelled: 0 }),
    batch('known', 'critical', { seen: true }),
  ];
  expect(noteAlerts(automatic, quiet, 7)).toBeNull();
  const noted = noteAlerts(automatic, [...quiet, batch('new', 'warning')], 7)!;
  expect(noted.log).toEqual([
    { id: 'new', at: 7, batchName: 'new.csv', alert: 'A column drifts: x', state: 'waiting', version: null, note: '' },
  ]);
  expect(noteAlerts(noted, [...quiet, batch('new', 'warning')], 8)).toBeNull();
  expect(noteAlerts({ ...automatic, rule: NO_RULE }, [batch('new', 'critical')], 7)).toBeNull();
});

test('what comes while an update waits is learned from with it', () => {
  const waiting = noteAlerts(automatic, [batch('a', 'critical')], 1)!;
  const joined = noteAlerts(waiting, [batch('a', 'critical'), batch('b', 'critical')], 2)!;
  expect(joined.log.map(({ id, state, note }) => [id, state, note])).toEqual([
    ['a', 'waiting', ''],
    ['b', 'done', "Learned from together with 'a.csv'."],
  ]);
});
