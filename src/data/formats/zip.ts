// Zip archives: reads those of strangers with every guard, writes those of Lathe with the same bytes each time. zip.js
// knows the format: it parses, finds contradictions and overlaps, and writes. What an entry holds is unpacked here by
// the platform's own stream, as zip.js lays a pipeline for each (1,797 small images in Node: 0.7 s instead of 0.1 s).
// Stored and deflated entries; no encryption, no split archives, no symbolic links; a zip inside a zip is a plain file.
// Writes nothing compressed: what is written is weights, and a compressor's output differs from browser to browser.

import type { FileEntry } from '@zip.js/zip.js';
import { abortError, UserError } from '../../base/errors.ts';
import { quote } from '../repairs.ts';
import { crc32 } from './crc32.ts';
import { listEntries, locateEntry, refusal, zipJs, type Refusals } from './zipDirectory.ts';

/** Limits on what is really unpacked, not on what an archive says of itself. */
const MAX_ENTRIES = 50_000;
const MAX_ENTRY_BYTES = 500 * 2 ** 20;
const MAX_TOTAL_BYTES = 4 * 2 ** 30;
const MAX_RATIO = 200;
/** Below this an entry may be of any ratio: blank images are, and they do no harm. */
const RATIO_FROM_BYTES = 2 ** 20;
/** Archives up to this size are read into memory at once. */
const WHOLE_BYTES = 2 ** 28;

/** The archive's bytes from `start` to before `end`. */
type ReadPart = (start: number, end: number) => Promise<Uint8Array<ArrayBuffer>>;

export interface ZipEntry {
  /** the path inside the archive, with `/`; relative, without `..` */
  name: string;
  bytes: Uint8Array;
}

/**
 * Unpacks all files of an archive, in the order of its directory; folders are left out.
 * @throws UserError when it is truncated, corrupt, encrypted, unsafe in a name or larger than the limits; AbortError
 */
export async function readZip(file: Blob, o: { signal?: AbortSignal } = {}): Promise<ZipEntry[]> {
  const { BlobReader, Uint8ArrayReader } = await zipJs();
  // a browser reads a part of a file in about a millisecond, however small: many small entries are read as one
  const whole = file.size <= WHOLE_BYTES ? new Uint8Array(await file.arrayBuffer()) : null;
  const read: ReadPart = async (start, end) =>
    whole ? whole.slice(start, end) : new Uint8Array(await file.slice(start, end).arrayBuffer());
  const listed = await listEntries(whole ? new Uint8ArrayReader(whole) : new BlobReader(file), MAX_ENTRIES, REFUSALS);
  const entries: ZipEntry[] = [];
  let total = 0;
  for (const entry of listed) {
    if (o.signal?.aborted) throw abortError();
    if (entry.directory) continue;
    const bytes = await unpack(read, entry, MAX_TOTAL_BYTES - total);
    total += bytes.length;
    entries.push({ name: entry.filename, bytes });
  }
  return entries;
}

const REFUSALS: Refusals = {
  broken: (detail, options) =>
    new UserError('invalid', `zip file: ${detail}. Pack it again, or choose a whole copy`, options),
  tooLarge: (detail) =>
    new UserError('unsupported', `zip file: ${detail}. Unpack it and choose the files, or use fewer`),
};
const { broken, tooLarge } = REFUSALS;

/** @param left bytes that may still be unpacked of all entries together */
async function unpack(read: ReadPart, entry: FileEntry, left: number): Promise<Uint8Array> {
  const name = quote(entry.filename);
  const refuse = (detail: string) => new UserError('unsupported', `zip file: entry ${name} ${detail}`);
  if (entry.encrypted) throw refuse('is encrypted. Pack it without a password');
  if (entry.symlink) throw refuse('is a symbolic link. Pack the file that it points to');
  const isDeflated = entry.compressionMethod === 8;
  if (!isDeflated && entry.compressionMethod !== 0) {
    throw refuse(`is packed by method ${entry.compressionMethod}. Pack it with deflate`);
  }
  const limit = Math.min(MAX_ENTRY_BYTES, left);
  const claim = faultOf(isDeflated ? entry.uncompressedSize : entry.compressedSize, entry, limit);
  if (claim) throw claim; // an honest bomb need not be unpacked
  const start = await locateEntry(entry, REFUSALS);
  const packed = await read(start, start + entry.compressedSize);
  const bytes = isDeflated ? await inflate(packed, entry, limit) : packed;
  if (bytes.length !== entry.uncompressedSize) {
    throw broken(`entry ${name} has ${bytes.length} bytes and claims ${entry.uncompressedSize}`);
  }
  if (crc32(bytes) !== entry.crc32) throw broken(`entry ${name} is damaged: its checksum differs`);
  return bytes;
}

/** Inflates piece by piece, so that a bomb is dropped at the first piece too many. */
async function inflate(packed: Uint8Array<ArrayBuffer>, entry: FileEntry, limit: number): Promise<Uint8Array> {
  const out = new Uint8Array(entry.uncompressedSize);
  const reader = new Response(packed).body!.pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  let length = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const fault = faultOf(length + next.value.length, entry, limit);
      if (fault) {
        await reader.cancel();
        throw fault;
      }
      out.set(next.value, length);
      length += next.value.length;
    }
  } catch (cause) {
    throw refusal(cause, `entry ${quote(entry.filename)} is damaged: it does not unpack`, REFUSALS);
  }
  return out.subarray(0, length);
}

function faultOf(length: number, entry: FileEntry, limit: number): UserError | null {
  const name = quote(entry.filename);
  if (length > RATIO_FROM_BYTES && length > MAX_RATIO * entry.compressedSize) {
    return tooLarge(`entry ${name} unpacks to more than ${MAX_RATIO} times its size, as a zip bomb does`);
  }
  if (length > limit) return tooLarge(`entry ${name} is larger than 500 MB, or all of them are than 4 GB`);
  return length > entry.uncompressedSize
    ? broken(`entry ${name} unpacks to more than the ${entry.uncompressedSize} bytes that it claims`)
    : null;
}

/** A stored archive dated 1980-01-01: the same entries, each of another name, give the same bytes everywhere. */
export async function writeZip(entries: { name: string; bytes: Uint8Array | string }[]): Promise<Uint8Array> {
  const { TextReader, Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } = await zipJs();
  const archive = new ZipWriter(new Uint8ArrayWriter(), {
    level: 0,
    rawLastModDate: 0x00210000,
    extendedTimestamp: false,
    dataDescriptor: false, // sizes stand before the bytes, which those who read as a stream need
    useWebWorkers: false,
  });
  for (const { name, bytes } of entries) {
    await archive.add(name, typeof bytes === 'string' ? new TextReader(bytes) : new Uint8ArrayReader(bytes));
  }
  return archive.close();
}
