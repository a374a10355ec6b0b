// Aliases and the history of their moves, by which a promotion is rolled back. Pure: records in, records out; moving one in
// the workspace is aliases.ts.

import type { GateResult } from '../evaluate/gate.ts';
import type { ModelRecord } from './models.ts';

/** The version that is in use. */
export const CHAMPION = 'champion';
/** The one that may replace it. */
export const CHALLENGER = 'challenger';

export interface Alias {
  /** such as `champion`; `[\w-]{1,255}`, not `latest`, not `v<digits>` */
  name: string;
  /** of the version */
  number: number;
}

/** What the gate said when a version was promoted. */
export interface GateDigest {
  result: GateResult;
  /** ids of its rules, by what became of them */
  passed: string[];
  failed: string[];
  unknown: string[];
}

export interface AliasMove {
  alias: string;
  /** number of the version that it stood on, and of the one it went to; null for none */
  from: number | null;
  to: number | null;
  /** milliseconds since 1970 */
  at: number;
  /** `removed`: with its version; `restored`: from a backup */
  why: 'set' | 'promoted' | 'rolledBack' | 'removed' | 'restored';
  /** of a promotion of the champion that was held against another */
  gate?: GateDigest;
  note?: string;
}

/** The number of the version that an alias stands on, or null. */
export function numberOf({ aliases }: Pick<ModelRecord, 'aliases'>, alias: string): number | null {
  return aliases.find(({ name }) => name === alias)?.number ?? null;
}

/** The record with an alias moved, and the move in its history; as it is where the alias stands there already. */
export function moveAlias(record: ModelRecord, move: Omit<AliasMove, 'from'>): ModelRecord {
  const { alias, to, ...told } = move;
  const from = numberOf(record, alias);
  if (from === to) return record;
  const others = record.aliases.filter(({ name }) => name !== alias);
  const aliases = to === null ? others : [...others, { name: alias, number: to }].sort(byName);
  return { ...record, aliases, history: [...(record.history ?? []), { alias, from, to, ...told }] };
}

/** The record without the aliases that stand on a version that goes. */
export function dropAliases(record: ModelRecord, number: number, at: number): ModelRecord {
  const own = record.aliases.filter((alias) => alias.number === number);
  return own.reduce((left, { name }) => moveAlias(left, { alias: name, to: null, at, why: 'removed' }), record);
}

/**
 * Where a roll back would lead; null where there is nowhere. What was rolled back stands no more, so that the next one goes
 * further.
 * @param isKept whether there still is a version of this number
 */
export function findRollBack(
  record: Pick<ModelRecord, 'aliases' | 'history'>,
  isKept: (number: number) => boolean,
): { champion: number; challenger: number | null } | null {
  const { history = [] } = record;
  /** places in the history of the moves of the champion that stand and left a version */
  const standing: number[] = [];
  history.forEach(({ alias, from, to, why }, i) => {
    if (alias !== CHAMPION) return;
    if (why !== 'rolledBack') return void (from !== null && standing.push(i));
    while (standing.length > 0 && history[standing.pop()!].from !== to); // versions that were gone were passed over
  });
  const now = numberOf(record, CHAMPION);
  for (let i = standing.pop(); i !== undefined; i = standing.pop()) {
    const { from, to, at } = history[i];
    if (from === now || !isKept(from!)) continue;
    const follower = history[i + 1];
    const was = follower?.alias === CHALLENGER && follower.why === 'promoted' && follower.at === at;
    const returns = was && to !== null && isKept(to) && numberOf(record, CHALLENGER) === null;
    return { champion: from!, challenger: returns ? to : null };
  }
  return null;
}

function byName(a: Alias, b: Alias): number {
  return a.name < b.name ? -1 : 1;
}
