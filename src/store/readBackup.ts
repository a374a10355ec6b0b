// Reads a backup: whether it is one, what is in it, its records and, one at a time, its blobs. Nothing of it is believed
// before its hash is right, and nothing is kept here: that is restore.ts.

import { UserError } from '../base/errors.ts';
import { parse, stringify } from '../base/json.ts';
import { openArchive, type ArchiveEntry } from '../data/formats/zipArchive.ts';
import type { Refusals } from '../data/formats/zipDirectory.ts';
import { contentsOf } from './backup.ts';
import {
  MANIFEST,
  noBackup,
  parseJson,
  parseManifest,
  SEAL_HEADER,
  type BackupContents,
  type Manifest,
} from './backupManifest.ts';
import { emptyMaps, nameKey, soundPart, type Damage, type RecordMaps } from './backupScope.ts';
import { SCHEMA } from './db.ts';
import { STEPS, type SchemaStep } from './earlier.ts';
import { sha256 } from './hash.ts';
import { KINDS } from './kinds.ts';
import { faultOfRecord } from './recordShapes.ts';
import { openSeal, sealedSize, unsealBytes, unsealStream, type SealKey } from './seal.ts';

type Bytes = Uint8Array<ArrayBuffer>;

export interface Backup {
  manifest: Manifest;
  contents: BackupContents;
  /** those that are whole by themselves; whether their blobs are is seen when those are read */
  records: RecordMaps;
  damaged: Damage[];
  /** What a blob holds, unsealed and not yet hashed; null where it is not there. @throws UserError, also from the stream */
  openBlob(sha256: string): Promise<ReadableStream<Bytes> | null>;
}

/** What a file is before a passphrase is given. */
export interface BackupFile {
  sealed: boolean;
  /** @throws UserError where the passphrase is missing or wrong, or the backup damaged or of a newer Lathe */
  open(passphrase?: string): Promise<Backup>;
}

const MAX_HEADER_BYTES = 2 ** 16;
const MAX_MANIFEST_BYTES = 2 ** 26;
/** A record is light; this is a log of a million epochs. */
const MAX_RECORD_BYTES = 2 ** 28;

/** @throws UserError where the file is no backup */
export async function readBackup(file: Blob, steps = STEPS): Promise<BackupFile> {
  const what = `backup '${(file as File).name ?? ''}'`;
  const refusals: Refusals = {
    broken: (detail, options) =>
      new UserError(
        'invalid',
        `${what}: it is no backup of Lathe, or is damaged: ${detail}. Choose a whole copy.`,
        options,
      ),
    tooLarge: (detail) => new UserError('unsupported', `${what}: ${detail}. Choose a backup that Lathe wrote.`),
  };
  const entries = await openArchive(file, refusals);
  const header = entries.get(SEAL_HEADER);
  if (!entries.has(MANIFEST)) throw noBackup(what, `it has no ${MANIFEST}`);
  return {
    sealed: header !== undefined,
    async open(passphrase) {
      if (header && !passphrase) {
        throw new UserError('missing', `passphrase: ${what} is sealed. Give the passphrase that it was made with.`);
      }
      const key = header ? await openHeader(header, passphrase!) : null;
      return openUnsealed(entries, key, what, steps);
    },
  };
}

async function openHeader(header: ArchiveEntry, passphrase: string): Promise<SealKey> {
  const text = new TextDecoder().decode(await header.read(MAX_HEADER_BYTES));
  return openSeal(parseJson(text) ?? null, passphrase);
}

async function openUnsealed(
  entries: Map<string, ArchiveEntry>,
  key: SealKey | null,
  what: string,
  steps: Record<number, SchemaStep>,
): Promise<Backup> {
  const raw = await entries.get(MANIFEST)!.read(MAX_MANIFEST_BYTES);
  const text = new TextDecoder().decode(key ? await unsealBytes(key, MANIFEST, raw, what) : raw);
  const manifest = parseManifest(text, what);

  /** Null where it is not there, or has another size than it should. */
  async function open(name: string, sizeBytes: number): Promise<ReadableStream<Bytes> | null> {
    const entry = entries.get(name);
    if (entry?.sizeBytes !== (key ? sealedSize(sizeBytes) : sizeBytes)) return null;
    const stream = await entry.open();
    return key ? stream.pipeThrough(unsealStream(key, name, `${what}, '${name}'`)) : stream;
  }

  const read = await readRecords(manifest, open, steps, what);
  const blobs = new Map(manifest.blobs.map((blob) => [blob.sha256, blob]));
  const { sound, damaged } = soundPart(read.records, (hash) => blobs.has(hash));
  return {
    manifest,
    contents: contentsOf(manifest, sound),
    records: sound,
    damaged: [...read.damaged, ...damaged],
    async openBlob(hash) {
      const blob = blobs.get(hash);
      return blob ? open(blob.entry, blob.sizeBytes) : null;
    },
  };
}

/** Every record whose hash is right, led to the schema of this Lathe, and whose content is what its kind asks for. */
async function readRecords(
  manifest: Manifest,
  open: (name: string, sizeBytes: number) => Promise<ReadableStream<Bytes> | null>,
  steps: Record<number, SchemaStep>,
  what: string,
): Promise<{ records: RecordMaps; damaged: Damage[] }> {
  const damaged: Damage[] = [];
  const read = new Map<string, Map<string, unknown>>();
  for (const [kind, { entry, items }] of Object.entries(manifest.records)) {
    const values = new Map<string, unknown>();
    read.set(kind, values);
    const size = items.reduce((sum, { sizeBytes }) => sum + sizeBytes + 1, 0);
    const lost = (key: string, why: string) => damaged.push({ what: nameKey(kind, key), why });
    let at = 0;
    try {
      const stream = await open(entry, size);
      if (!stream) throw noBackup(what, `entry '${entry}' is not there, or not whole`);
      const take = taker(stream);
      for (; at < items.length; at++) {
        const { key, sha256: hash, sizeBytes } = items[at];
        if (sizeBytes > MAX_RECORD_BYTES) throw noBackup(what, `a record of ${sizeBytes} bytes is none`);
        const json = new TextDecoder().decode((await take(sizeBytes + 1)).subarray(0, sizeBytes));
        const value = (await sha256(json)) === hash ? parseRecord(json) : null;
        if (value === null) lost(key, 'its hash is not right');
        else if (value === undefined) lost(key, 'it is no record');
        else values.set(key, value);
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      for (const { key } of items.slice(at)) lost(key, 'it cannot be read');
    }
  }
  for (let schema = manifest.schema; schema < SCHEMA; schema++) {
    const step = steps[schema];
    if (!step) throw noBackup(what, `there are no backups of schema ${manifest.schema}`);
    step(read);
  }
  return { records: await checkShapes(read, damaged), damaged };
}

async function checkShapes(read: Map<string, Map<string, unknown>>, damaged: Damage[]): Promise<RecordMaps> {
  const records = emptyMaps();
  for (const kind of KINDS) {
    for (const [key, value] of read.get(kind) ?? []) {
      const fault = await faultOfRecord(kind, key, value);
      if (fault) damaged.push({ what: nameKey(kind, key), why: fault });
      else (records[kind] as Map<string, unknown>).set(key, value);
    }
  }
  return records;
}

/** Undefined where it is not as Lathe writes records: the same value must come to the same hash wherever it is kept. */
function parseRecord(json: string): unknown {
  if (parseJson(json) === undefined) return undefined;
  try {
    const value = parse(json);
    return stringify(value) === json ? value : undefined;
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError) return undefined; // tags that are none
    throw error;
  }
}

/** Gives the next so many bytes of a stream. */
function taker(stream: ReadableStream<Bytes>): (count: number) => Promise<Bytes> {
  const reader = stream.getReader();
  let rest: Bytes = new Uint8Array();
  return async (count) => {
    const taken: Bytes = new Uint8Array(count);
    for (let filled = 0; filled < count;) {
      if (rest.length === 0) {
        const { value, done } = await reader.read();
        if (done) throw new UserError('invalid', 'records: they end too early. Use another copy.');
        rest = value;
      }
      const part = rest.subarray(0, count - filled);
      taken.set(part, filled);
      filled += part.length;
      rest = rest.subarray(part.length);
    }
    return taken;
  };
}
