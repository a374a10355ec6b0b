// What stands in a backup: an archive with a manifest that has the SHA-256 of everything else in it, the records of each
// kind one after the other in one entry, and each blob in an entry of its own. Here is the manifest, and what of it is
// believed when it comes from a file. Writing is backup.ts, reading readBackup.ts, putting back restore.ts.

import * as v from 'valibot';
import { UserError } from '../base/errors.ts';
import { SCHEMA } from './db.ts';
import { KINDS, type Kind } from './kinds.ts';

export interface Manifest {
  format: 'lathe-backup';
  /** of this form of archive */
  version: 1;
  /** of the records */
  schema: number;
  /** version of the Lathe that wrote it */
  app: string;
  /** milliseconds since 1970 */
  createdAt: number;
  /** the models that it was made of; null: the whole workspace */
  models: string[] | null;
  /** the last number given to a run, so that none is given twice where it is restored */
  lastRun: number;
  /** by kind: their JSON, each followed by a line feed, in the order in which they were made */
  records: Record<string, RecordsEntry>;
  blobs: BlobEntry[];
  /** records of each kind, and blobs */
  counts: Record<string, number>;
  /** what was to be in it and could not be read when it was written; a sentence each */
  missing: string[];
}

export interface RecordsEntry {
  /** name of the entry */
  entry: string;
  items: { key: string; sha256: string; sizeBytes: number }[];
}

export interface BlobEntry {
  entry: string;
  sha256: string;
  sizeBytes: number;
}

/** What is in a backup, for people. */
export interface BackupContents extends Pick<Manifest, 'schema' | 'app' | 'createdAt' | 'missing' | 'counts'> {
  /** it was made of these models; null: of the whole workspace */
  chosen: string[] | null;
  datasets: { id: string; name: string; rows: number }[];
  models: { name: string; versions: number[] }[];
  /** of the blobs */
  sizeBytes: number;
}

/** A file as a backup: nothing of a file is sealed but what lies in entries of these names, which are in the clear. */
export const MANIFEST = 'manifest.json';
export const SEAL_HEADER = 'seal.json';

/** Deeper than this no record is; recursion ends in an overflow only thousands of levels later. */
const MAX_DEPTH = 100;
/** More lists and objects than this are in no manifest: it has one for a record or a blob, and a million take a second. */
const MAX_NODES = 2e6;

const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const manifest = v.object({
  format: v.literal('lathe-backup'),
  version: v.literal(1),
  schema: size,
  app: v.string(),
  createdAt: v.pipe(v.number(), v.finite()),
  models: v.nullable(v.array(v.string())),
  lastRun: v.pipe(size, v.maxValue(2 ** 40)),
  records: v.record(
    v.string(),
    v.object({ entry: v.string(), items: v.array(v.object({ key: v.string(), sha256: hash, sizeBytes: size })) }),
  ),
  blobs: v.array(v.object({ entry: v.string(), sha256: hash, sizeBytes: size })),
  /** compared with what is there, which is less than what could be written here */
  counts: v.custom<Record<string, number>>((counts) => typeof counts === 'object' && counts !== null),
  missing: v.array(v.string()),
});

/** @param what the backup, for errors @throws UserError where it is none, is damaged, or of a newer Lathe */
export function parseManifest(text: string, what: string): Manifest {
  const value = parseJson(text) as Partial<Manifest> | null | undefined;
  if (value?.format !== 'lathe-backup') throw noBackup(what, `its ${MANIFEST} is none of Lathe`);
  const isNumber = (number: unknown): number is number => typeof number === 'number';
  if ((isNumber(value.version) && value.version > 1) || (isNumber(value.schema) && value.schema > SCHEMA)) {
    throw new UserError(
      'unsupported',
      `${what}: it was written by a newer Lathe (schema ${String(value.schema)}, this one knows ${SCHEMA}). Reload this page to get the newest, or open it there.`,
    );
  }
  const parsed = v.safeParse(manifest, value);
  if (!parsed.success) {
    const path = v.getDotPath(parsed.issues[0]) ?? 'format';
    throw new UserError('invalid', `${what}: its manifest is damaged at '${path}'. Use another copy.`);
  }
  const { output } = parsed;
  const counts = Object.fromEntries(Object.entries(output.records).map(([kind, { items }]) => [kind, items.length]));
  counts.blobs = output.blobs.length;
  for (const [kind, count] of Object.entries(counts)) {
    if (kind !== 'blobs' && !KINDS.includes(kind as Kind) && output.schema === SCHEMA) {
      throw new UserError('invalid', `${what}: its manifest is damaged, there are no '${kind}'. Use another copy.`);
    }
    if (output.counts[kind] !== count) {
      throw new UserError(
        'invalid',
        `${what}: its manifest is damaged, it lists ${count} of ${String(output.counts[kind])} ${kind}. Use another copy.`,
      );
    }
  }
  return { ...output, counts }; // those that belong to nothing are left out
}

/** The value, or undefined where it is no JSON, or nested so deeply that it can only be meant to do harm. */
export function parseJson(text: string): unknown {
  if (!isSane(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function noBackup(what: string, why: string): UserError {
  return new UserError('invalid', `${what}: it is no backup of Lathe, or is damaged: ${why}. Choose a whole copy.`);
}

/** Whether it opens no more brackets than a record or a manifest does, those in strings left out. */
function isSane(text: string): boolean {
  let [depth, nodes] = [0, 0];
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) quoted = !quoted;
    else if (quoted) i += code === 0x5c ? 1 : 0;
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > MAX_DEPTH || ++nodes > MAX_NODES) return false;
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return true;
}
