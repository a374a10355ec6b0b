// Records in the IndexedDB: written with their hash, checked when they are read, changed together by a draft. How each
// lies is codec.ts. Where a draft goes from here, and who may commit one at a time, is workspace.ts.

import { stringify } from '../base/json.ts';
import { jsonOf, readRecord, writeRecord, type Codec } from './codec.ts';
import type { Database, StoredRecord, Summary } from './db.ts';
import { sha256, xor } from './hash.ts';
import { nameOf, type Kind, type Records } from './kinds.ts';

export interface Reader {
  /** undefined where it is not kept, or is damaged and has no second copy */
  read<K extends Kind>(kind: K, key: string): Promise<Records[K] | undefined>;
  /** As `read`, by name. */
  find<K extends Kind>(kind: K, name: string): Promise<Records[K] | undefined>;
  /** As `find`, all of that name, the oldest first. */
  named<K extends Kind>(kind: K, name: string): Promise<Records[K][]>;
  /** Every one, the oldest first: by the commits that made them, never by the clock. Those damaged in both copies are left out. */
  list<K extends Kind>(kind: K): Promise<Records[K][]>;
  /** As `list`, of several kinds as they were at one moment, by key. */
  maps<K extends Kind>(...kinds: K[]): Promise<{ [P in K]: Map<string, Records[P]> }>;
}

export interface Draft extends Pick<Reader, 'read' | 'find' | 'list'> {
  put<K extends Kind>(kind: K, key: string, value: Records[K]): void;
  remove(kind: Kind, key: string): void;
  /** A number that no run had before. */
  nextRun(): number;
  /** The last number given to a run; `atLeast` makes it that one, so that none up to there is given any more. */
  lastRun(atLeast?: number): number;
}

/** What a draft comes to. */
export interface Change {
  put: StoredRecord[];
  /** as they were */
  removed: StoredRecord[];
  /** of `put`, as they were before */
  replaced: StoredRecord[];
  summary: Summary;
}

/**
 * @param use runs a read on the database as it is open now
 * @param findCopy looks for a second copy of a record that is damaged
 */
export function createReader(
  use: <T>(work: (db: Database) => Promise<T>) => Promise<T>,
  findCopy: (record: StoredRecord) => Promise<StoredRecord | undefined>,
  codec: () => Promise<Codec>,
): Reader {
  async function revealEntry<K extends Kind>(
    record: StoredRecord,
  ): Promise<{ key: string; value: Records[K] } | undefined> {
    const sound = (await isSound(record)) ? record : await findCopy(record);
    return sound && readRecord(await codec(), sound);
  }
  async function reveal<K extends Kind>(record: StoredRecord | undefined): Promise<Records[K] | undefined> {
    return record && (await revealEntry<K>(record))?.value;
  }
  async function maps<K extends Kind>(...kinds: K[]): Promise<{ [P in K]: Map<string, Records[P]> }> {
    const found = await use((db) => {
      const { store } = db.transaction('records');
      return Promise.all(kinds.map((kind) => store.getAll(rangeOf(kind))));
    });
    const all = found.map(async (records, i) => {
      const entries = await Promise.all(records.sort(byAge).map((record) => revealEntry(record)));
      return [kinds[i], new Map(entries.flatMap((entry) => (entry ? [[entry.key, entry.value]] : [])))];
    });
    return Object.fromEntries(await Promise.all(all)) as { [P in K]: Map<string, Records[P]> };
  }
  return {
    async read(kind, key) {
      return reveal(await use(async (db) => db.get('records', [kind, await (await codec()).keyOf(kind, key)])));
    },
    async find(kind, name) {
      const stored = async () => (await codec()).nameOf(kind, name);
      return reveal(await use(async (db) => db.getFromIndex('records', 'name', [kind, await stored()])));
    },
    async named(kind, name) {
      const stored = async () => (await codec()).nameOf(kind, name);
      const found = await use(async (db) => db.getAllFromIndex('records', 'name', [kind, await stored()]));
      const values = await Promise.all(found.sort(byAge).map((record) => reveal<typeof kind>(record)));
      return values.filter((value) => value !== undefined);
    },
    list: async (kind) => [...(await maps(kind))[kind].values()],
    maps,
  };
}

/** Whether a record is what was written. */
export async function isSound(record: StoredRecord): Promise<boolean> {
  return (await sha256(record.json)) === record.sha256;
}

/** What records come to after some went and some came. */
export function summarize(before: Summary, sequence: number, gone: StoredRecord[], come: StoredRecord[]): Summary {
  const counts = { ...before.counts };
  let { digest } = before;
  for (const { kind, sha256 } of gone) {
    counts[kind] = (counts[kind] ?? 0) - 1;
    if (counts[kind] === 0) delete counts[kind];
    digest = xor(digest, sha256);
  }
  for (const { kind, sha256 } of come) {
    counts[kind] = (counts[kind] ?? 0) + 1;
    digest = xor(digest, sha256);
  }
  return { ...before, sequence, counts, digest };
}

/** A draft of the commit after `before`; `finish` says what it comes to, or null where it changes nothing. */
export function createDraft(
  db: Database,
  reader: Reader,
  before: Summary,
  codec: Codec,
): { draft: Draft; finish(): Promise<Change | null> } {
  const sequence = before.sequence + 1;
  /** undefined: removed */
  const changes = new Map<string, { kind: Kind; key: string; value: Records[Kind] | undefined }>();
  let { lastRun } = before;
  const idOf = (kind: Kind, key: string) => `${kind} ${key}`;

  const draft: Draft = {
    async read(kind, key) {
      const change = changes.get(idOf(kind, key));
      return change ? (change.value as Records[typeof kind] | undefined) : reader.read(kind, key);
    },
    async find(kind, name) {
      for (const { kind: changed, value } of changes.values()) {
        if (changed === kind && value && nameOf(kind, value as Records[typeof kind]) === name)
          return value as Records[typeof kind];
      }
      const key = await db.getKeyFromIndex('records', 'name', [kind, await codec.nameOf(kind, name)]);
      return key && !changes.has(idOf(...key)) ? reader.read(kind, key[1]) : undefined;
    },
    async list(kind) {
      const values: Map<string, Records[Kind] | undefined> = (await reader.maps(kind))[kind];
      for (const change of changes.values()) if (change.kind === kind) values.set(change.key, change.value);
      return [...values.values()].filter((value) => value !== undefined) as Records[typeof kind][];
    },
    put(kind, key, value) {
      changes.set(idOf(kind, key), { kind, key, value });
      if (kind === 'run') draft.lastRun(Number(key));
    },
    remove(kind, key) {
      changes.set(idOf(kind, key), { kind, key, value: undefined });
    },
    nextRun: () => ++lastRun,
    lastRun: (atLeast = 0) => (lastRun = Math.max(lastRun, atLeast)),
  };

  /** Recipes go with the last record that refers to them. */
  async function removeOrphans({ put, removed, replaced }: Change): Promise<void> {
    const kept = new Set(put.flatMap(({ refs }) => refs));
    const dropped = new Set([...removed, ...replaced].flatMap(({ refs }) => refs).filter((ref) => !kept.has(ref)));
    for (const ref of dropped) {
      const recipe = await db.get('records', ['recipe', ref]);
      if (!recipe) continue;
      const referrers = await db.getAllKeysFromIndex('records', 'refs', ref);
      if (referrers.every((key) => changes.has(idOf(...key)))) removed.push(recipe);
    }
  }

  async function finish(): Promise<Change | null> {
    const change: Change = { put: [], removed: [], replaced: [], summary: before };
    for (const [i, { kind, key, value }] of [...changes.values()].entries()) {
      const old = await db.get('records', [kind, await codec.keyOf(kind, key)]);
      if (value === undefined) {
        if (old) change.removed.push(old);
        continue;
      }
      const created = sequence + i / changes.size; // those of one commit stay in the order in which they were put
      const stamp = { created: old?.created ?? created, sequence };
      if (old && (await isSound(old)) && (await jsonOf(codec, old)) === stringify(value)) continue;
      if (old) change.replaced.push(old);
      change.put.push(await writeRecord(codec, kind, key, value, stamp));
    }
    await removeOrphans(change);
    const { put, removed, replaced } = change;
    if (put.length + removed.length === 0 && lastRun === before.lastRun) return null;
    change.summary = { ...summarize(before, sequence, [...removed, ...replaced], put), lastRun };
    return change;
  }
  return { draft, finish };
}

/** Every key of a kind. */
export function rangeOf(kind: Kind): IDBKeyRange {
  return IDBKeyRange.bound([kind], [kind, []]); // an array is above every string
}

function byAge(a: StoredRecord, b: StoredRecord): number {
  return a.created - b.created || a.key.localeCompare(b.key, 'en', { numeric: true });
}
