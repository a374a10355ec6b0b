// Writes a backup: records, blobs and last the manifest with the hash of each, as one archive, to a stream. With a
// passphrase every entry is sealed under a name that says nothing, and only the seal's header is in the clear. What
// cannot be read any more is left out and named. Of the archive's form see backupManifest.ts.

import { abortError, UserError } from '../base/errors.ts';
import { stringify } from '../base/json.ts';
import { MAX_ARCHIVE_ENTRIES, writeArchive } from '../data/formats/zipArchive.ts';
import { MANIFEST, SEAL_HEADER, type BackupContents, type BlobEntry, type Manifest } from './backupManifest.ts';
import { blobsOf, lineageOf, nameRecord, type RecordMaps } from './backupScope.ts';
import { SCHEMA, type Summary } from './db.ts';
import { nameWriteError } from './errors.ts';
import { sha256 } from './hash.ts';
import { KINDS, refsOf } from './kinds.ts';
import { createSeal, sealStream } from './seal.ts';
import type { Workspace } from './workspace.ts';

/** As `writeBackup`, of a workspace as it is at this moment, or of some models with their lineage. */
export async function backupWorkspace(
  ws: Workspace,
  to: WritableStream<Uint8Array>,
  facts: Omit<BackupFacts, 'createdAt'>,
): Promise<BackupContents> {
  try {
    return await writeWorkspace(ws, to, facts);
  } catch (error) {
    if (!to.locked) await to.abort(error).catch(() => {}); // it may have failed itself
    throw error;
  }
}

function writeWorkspace(
  ws: Workspace,
  to: WritableStream<Uint8Array>,
  facts: Omit<BackupFacts, 'createdAt'>,
): Promise<BackupContents> {
  return ws.holdBlobs(async () => {
    const { all, summary } = await readMoment(ws);
    const records = facts.models ? lineageOf(all, facts.models) : all;
    const missing = KINDS.flatMap((kind) => {
      const [found, count] = [all[kind].size, summary.counts[kind] ?? 0];
      return found < count ? [`${count - found} of ${count} records of the kind '${kind}' are damaged`] : [];
    });
    const names = new Map(
      KINDS.flatMap((kind) =>
        [...records[kind].values()].flatMap((value) =>
          refsOf(kind, value as never).map((ref) => [ref, nameRecord(kind, value as never)] as const),
        ),
      ),
    );
    const readBlob = (hash: string) => ws.readBlob(hash, names.get(hash) ?? '');
    return writeBackup({ records, missing, lastRun: summary.lastRun, readBlob }, to, { ...facts, createdAt: ws.now() });
  });
}

/** All records and what they come to, of one moment. */
async function readMoment(ws: Workspace): Promise<{ all: RecordMaps; summary: Summary }> {
  for (;;) {
    const summary = await ws.summary();
    const all = await ws.maps(...KINDS);
    if ((await ws.summary()).sequence === summary.sequence) return { all, summary };
  }
}

export interface BackupSource {
  records: RecordMaps;
  /** what could not be read of the records; a sentence each */
  missing: string[];
  lastRun: number;
  /** @throws UserError where it is gone or damaged */
  readBlob(sha256: string): Promise<Blob>;
}

export interface BackupFacts {
  /** version of this Lathe */
  app: string;
  /** milliseconds since 1970 */
  createdAt: number;
  /** what `source` was narrowed to; null: the whole workspace */
  models: string[] | null;
  passphrase?: string;
  signal?: AbortSignal;
  onProgress?: (progress: BackupProgress) => void;
}

export interface BackupProgress {
  doneBytes: number;
  doneBlobs: number;
  blobs: number;
}

const REPORT_BYTES = 4 << 20;

/**
 * Writes a backup and closes the stream; where it throws, the stream is aborted.
 * @throws UserError where there is no room; AbortError
 */
export async function writeBackup(
  source: BackupSource,
  to: WritableStream<Uint8Array>,
  facts: BackupFacts,
): Promise<BackupContents> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const abort = new AbortController();
  const written = readable.pipeTo(to, { signal: abort.signal });
  written.catch(() => {}); // told below
  try {
    const manifest = await writeEntries(source, writable, facts);
    await written;
    return contentsOf(manifest, source.records);
  } catch (error) {
    abort.abort(error);
    // where the disk below failed, that is the reason, and whatever the writer says of it is not
    const below = await written.then(
      () => error,
      (reason: unknown) => reason,
    );
    throw nameWriteError(below, 'the backup');
  }
}

async function writeEntries(
  { records, missing, lastRun, readBlob }: BackupSource,
  to: WritableStream<Uint8Array>,
  { app, createdAt, models, passphrase, signal, onProgress }: BackupFacts,
): Promise<Manifest> {
  const archive = await writeArchive(to);
  const seal = passphrase === undefined ? null : await createSeal(passphrase);
  if (seal) await archive.add(SEAL_HEADER, JSON.stringify(seal.header));
  const hashes = [...blobsOf(records)];
  if (hashes.length + KINDS.length + 2 > MAX_ARCHIVE_ENTRIES) {
    throw new UserError(
      'unsupported',
      `backup: it would have ${hashes.length} blobs, at most ${MAX_ARCHIVE_ENTRIES} fit. Back up some models at a time.`,
    );
  }
  let entries = 0;
  /** @returns the name under which it lies */
  async function add(name: string, content: ReadableStream<Uint8Array>): Promise<string> {
    const entry = seal && name !== MANIFEST ? `sealed/${++entries}` : name;
    await archive.add(entry, seal ? content.pipeThrough(sealStream(seal.key, entry)) : content);
    return entry;
  }

  const manifest: Manifest = {
    format: 'lathe-backup',
    version: 1,
    schema: SCHEMA,
    app,
    createdAt,
    models,
    lastRun,
    records: {},
    blobs: [],
    counts: {},
    missing: [...missing],
  };
  for (const kind of KINDS) {
    const items: Manifest['records'][string]['items'] = [];
    const lines = streamOf<unknown>(records[kind], async (key, value) => {
      const json = stringify(value);
      const bytes = new TextEncoder().encode(`${json}\n`);
      items.push({ key, sha256: await sha256(json), sizeBytes: bytes.length - 1 });
      return bytes;
    });
    manifest.records[kind] = { entry: await add(`records/${kind}.jsonl`, lines), items };
    manifest.counts[kind] = items.length;
    if (signal?.aborted) throw abortError();
  }

  let doneBytes = 0;
  for (const [doneBlobs, hash] of hashes.entries()) {
    let reported = 0;
    const report = () => {
      onProgress?.({ doneBytes, doneBlobs, blobs: hashes.length });
      reported = doneBytes;
    };
    report();
    const blob = await readOrNull(readBlob, hash, manifest.missing);
    if (!blob) continue;
    const counted = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        if (signal?.aborted) throw abortError();
        doneBytes += chunk.length;
        if (doneBytes - reported >= REPORT_BYTES) report();
        controller.enqueue(chunk);
      },
    });
    const item: BlobEntry = { entry: '', sha256: hash, sizeBytes: blob.size };
    item.entry = await add(`blobs/${hash}`, blob.stream().pipeThrough(counted));
    manifest.blobs.push(item);
  }
  manifest.counts.blobs = manifest.blobs.length;
  onProgress?.({ doneBytes, doneBlobs: hashes.length, blobs: hashes.length });
  if (signal?.aborted) throw abortError();
  await add(MANIFEST, new Blob([JSON.stringify(manifest)]).stream());
  await archive.close();
  return manifest;
}

/** What is in it, for people. */
export function contentsOf(manifest: Manifest, records: RecordMaps): BackupContents {
  const { schema, app, createdAt, missing, counts, models: chosen, blobs } = manifest;
  const numbers = new Map<string, number[]>([...records.model.keys()].map((name) => [name, []]));
  for (const { model, number } of records.version.values()) {
    if (numbers.has(model)) numbers.get(model)!.push(number);
    else numbers.set(model, [number]);
  }
  return {
    schema,
    app,
    createdAt,
    missing,
    counts,
    chosen,
    datasets: [...records.dataset.values()].map(({ id, name, rows }) => ({ id, name, rows })),
    models: [...numbers].map(([name, versions]) => ({ name, versions: versions.sort((a, b) => a - b) })),
    sizeBytes: blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

async function readOrNull(readBlob: BackupSource['readBlob'], hash: string, missing: string[]): Promise<Blob | null> {
  try {
    return await readBlob(hash);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    missing.push(error.message);
    return null;
  }
}

/** One piece for each item, made when it is asked for. */
function streamOf<T>(
  items: Map<string, T>,
  write: (key: string, item: T) => Promise<Uint8Array>,
): ReadableStream<Uint8Array> {
  const left = items.entries();
  return new ReadableStream(
    {
      async pull(controller) {
        const { value, done } = left.next();
        if (done) controller.close();
        else controller.enqueue(await write(...value));
      },
    },
    { highWaterMark: 0 },
  );
}
