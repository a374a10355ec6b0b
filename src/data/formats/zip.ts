// Zip archives: reads those of strangers with every guard, writes those of Lathe with the same bytes each time. Stored
// and deflated entries, Zip64 when reading; no encryption, no split archives. Writes nothing compressed: what is
// written is weights, and a compressor's output differs from browser to browser.

import { abortError, UserError } from '../../base/errors.ts';
import { quote } from '../repairs.ts';
import { crc32 } from './crc32.ts';

/** Limits on what is really unpacked, not on what an archive says of itself. */
const MAX_ENTRIES = 50_000;
const MAX_ENTRY_BYTES = 500 * 2 ** 20;
const MAX_TOTAL_BYTES = 4 * 2 ** 30;
const MAX_RATIO = 200;
/** Below this an entry may be of any ratio: blank images are, and they do no harm. */
const RATIO_FROM_BYTES = 2 ** 20;
const MAX_DIRECTORY_BYTES = 2 ** 26;

export interface ZipEntry {
  /** the path inside the archive, with `/`; relative, without `..` */
  name: string;
  bytes: Uint8Array;
}

/** What the central directory says of an entry. */
interface Listed {
  name: string;
  flags: number;
  method: number;
  crc: number;
  packedBytes: number;
  bytes: number;
  offset: number;
  /** where the next entry or the directory begins */
  end: number;
}

/**
 * Unpacks all files of an archive, in the order of its directory; folders are left out.
 * @throws UserError when it is truncated, corrupt, encrypted, unsafe in a name or larger than the limits; AbortError
 */
export async function readZip(file: Blob, o: { signal?: AbortSignal } = {}): Promise<ZipEntry[]> {
  const listed = await readDirectory(file);
  checkNames(listed);
  const entries: ZipEntry[] = [];
  let total = 0;
  for (const entry of listed) {
    if (o.signal?.aborted) throw abortError();
    if (entry.name.endsWith('/')) continue;
    const bytes = await unpack(file, entry, MAX_TOTAL_BYTES - total);
    total += bytes.length;
    entries.push({ name: entry.name, bytes });
  }
  return entries;
}

const broken = (detail: string, options?: ErrorOptions) =>
  new UserError('invalid', `zip file: ${detail}. Pack it again, or choose a whole copy`, options);
const tooLarge = (detail: string) =>
  new UserError('unsupported', `zip file: ${detail}. Unpack it and choose the files, or use fewer`);

async function readBytes(file: Blob, start: number, end: number): Promise<DataView<ArrayBuffer>> {
  return new DataView(await file.slice(start, end).arrayBuffer());
}

/** Finds the end record and parses the central directory that it points to. */
async function readDirectory(file: Blob): Promise<Listed[]> {
  const tailStart = Math.max(0, file.size - 65_557);
  const tail = await readBytes(file, tailStart, file.size);
  let at = tail.byteLength - 22;
  while (
    at >= 0 &&
    !(tail.getUint32(at, true) === 0x06054b50 && at + 22 + tail.getUint16(at + 20, true) <= tail.byteLength)
  )
    at--;
  if (at < 0) throw broken('it has no directory at its end, so it is truncated or no zip');
  let count = tail.getUint16(at + 10, true);
  let size = tail.getUint32(at + 12, true);
  let start = tail.getUint32(at + 16, true);
  if (count === 0xffff || size === 0xffffffff || start === 0xffffffff) {
    const wide = await readZip64End(file, tailStart + at);
    if (wide) ({ count, size, start } = wide);
  }
  if (count > MAX_ENTRIES) throw tooLarge(`it has ${count} entries, more than ${MAX_ENTRIES}`);
  if (size > MAX_DIRECTORY_BYTES) throw tooLarge(`its directory takes ${size} bytes`);
  if (start + size > tailStart + at) throw broken('its directory lies outside the file, so it is truncated');
  return parseDirectory(await readBytes(file, start, start + size), count, start);
}

async function readZip64End(file: Blob, end: number): Promise<{ count: number; size: number; start: number } | null> {
  if (end < 20) return null;
  const locator = await readBytes(file, end - 20, end);
  if (locator.getUint32(0, true) !== 0x07064b50) return null;
  const at = Number(locator.getBigUint64(8, true));
  const record = await readBytes(file, at, at + 56);
  if (record.byteLength < 56 || record.getUint32(0, true) !== 0x06064b50) throw broken('its Zip64 record is missing');
  const number = (offset: number) => Number(record.getBigUint64(offset, true));
  return { count: number(32), size: number(40), start: number(48) };
}

function parseDirectory(view: DataView<ArrayBuffer>, count: number, directoryStart: number): Listed[] {
  const entries: Listed[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== 0x02014b50) {
      throw broken(`its directory ends after ${i} of ${count} entries`);
    }
    const nameBytes = view.getUint16(at + 28, true);
    const extraBytes = view.getUint16(at + 30, true);
    const next = at + 46 + nameBytes + extraBytes + view.getUint16(at + 32, true);
    if (next > view.byteLength) throw broken(`its directory ends within entry ${i + 1}`);
    const flags = view.getUint16(at + 8, true);
    const entry: Listed = {
      name: decodeName(new Uint8Array(view.buffer, at + 46, nameBytes)),
      flags,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packedBytes: view.getUint32(at + 20, true),
      bytes: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
      end: directoryStart,
    };
    widen(entry, new DataView(view.buffer, at + 46 + nameBytes, extraBytes));
    entries.push(entry);
    at = next;
  }
  const byOffset = [...entries].sort((a, b) => a.offset - b.offset);
  byOffset.forEach((entry, i) => {
    if (i + 1 < byOffset.length) entry.end = byOffset[i + 1].offset;
    if (entry.offset + 30 + entry.packedBytes > entry.end) {
      throw broken(`entry ${quote(entry.name)} overlaps another entry or the directory`);
    }
  });
  return entries;
}

/** Takes the sizes that do not fit into 32 bits from the Zip64 extra field. */
function widen(entry: Listed, extra: DataView): void {
  for (let at = 0; at + 4 <= extra.byteLength;) {
    const length = extra.getUint16(at + 2, true);
    if (extra.getUint16(at, true) === 1) {
      let field = at + 4;
      for (const key of ['bytes', 'packedBytes', 'offset'] as const) {
        if (entry[key] !== 0xffffffff || field + 8 > extra.byteLength) continue;
        entry[key] = Number(extra.getBigUint64(field, true));
        field += 8;
      }
    }
    at += 4 + length;
  }
}

function decodeName(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes); // old archives say in no way which code page it is
  }
}

function checkNames(entries: Listed[]): void {
  const seen = new Set<string>();
  for (const { name } of entries) {
    const isUnsafe =
      name === '' ||
      /^[/\\]|^[a-z]:|[\\\0]/i.test(name) ||
      name.split('/').some((part) => part === '..' || part === '.');
    if (isUnsafe) throw broken(`the name ${quote(name)} points outside the archive or is no plain path`);
    const folded = name.toLowerCase().normalize('NFC');
    if (seen.has(folded)) throw broken(`two entries are called ${quote(name)} (in any case)`);
    seen.add(folded);
  }
}

/** @param left bytes that may still be unpacked of all entries together */
async function unpack(file: Blob, entry: Listed, left: number): Promise<Uint8Array> {
  const name = quote(entry.name);
  if (entry.flags & 1)
    throw new UserError('unsupported', `zip file: entry ${name} is encrypted. Pack it without a password`);
  if (entry.method !== 0 && entry.method !== 8) {
    throw new UserError(
      'unsupported',
      `zip file: entry ${name} is packed by method ${entry.method}. Pack it with deflate`,
    );
  }
  const limit = Math.min(MAX_ENTRY_BYTES, left);
  const claim = faultOf(entry.bytes, entry, limit);
  if (claim) throw claim; // an honest bomb need not be unpacked
  const local = await readBytes(
    file,
    entry.offset,
    Math.min(entry.end, entry.offset + 30 + 2 * 65_535 + entry.packedBytes),
  );
  if (local.byteLength < 30 || local.getUint32(0, true) !== 0x04034b50)
    throw broken(`entry ${name} is not where it should be`);
  const start = 30 + local.getUint16(26, true) + local.getUint16(28, true);
  if (start + entry.packedBytes > local.byteLength) throw broken(`entry ${name} overlaps another entry or is cut`);
  const packed = new Uint8Array(local.buffer, start, entry.packedBytes);
  const bytes = entry.method === 0 ? packed.slice() : await inflate(packed, entry, limit);
  if (bytes.length !== entry.bytes) throw broken(`entry ${name} has ${bytes.length} bytes and claims ${entry.bytes}`);
  if (crc32(bytes) !== entry.crc) throw broken(`entry ${name} is damaged: its checksum differs`);
  return bytes;
}

/** Inflates piece by piece, so that a bomb is dropped at the first piece too many. */
async function inflate(packed: Uint8Array<ArrayBuffer>, entry: Listed, limit: number): Promise<Uint8Array> {
  const out = new Uint8Array(entry.bytes);
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw broken(`entry ${quote(entry.name)} is damaged: it does not unpack`, { cause });
    });
    if (done) return out.subarray(0, length);
    const fault = faultOf(length + value.length, entry, limit);
    if (fault) {
      await reader.cancel();
      throw fault;
    }
    out.set(value, length);
    length += value.length;
  }
}

function faultOf(length: number, entry: Listed, limit: number): UserError | null {
  const name = quote(entry.name);
  if (length > RATIO_FROM_BYTES && length > MAX_RATIO * entry.packedBytes) {
    return tooLarge(`entry ${name} unpacks to more than ${MAX_RATIO} times its size, as a zip bomb does`);
  }
  if (length > limit) return tooLarge(`entry ${name} is larger than 500 MB, or all of them are than 4 GB`);
  return length > entry.bytes
    ? broken(`entry ${name} unpacks to more than the ${entry.bytes} bytes that it claims`)
    : null;
}

/** A stored archive dated 1980-01-01: the same entries give the same bytes everywhere. @throws UserError above 4 GB */
export async function writeZip(entries: { name: string; bytes: Uint8Array | string }[]): Promise<Uint8Array> {
  const encoder = new TextEncoder();
  const files = entries.map(({ name, bytes }) => ({
    name: encoder.encode(name),
    bytes: typeof bytes === 'string' ? encoder.encode(bytes) : bytes,
  }));
  const size = files.reduce((sum, { name, bytes }) => sum + 76 + 2 * name.length + bytes.length, 22);
  if (size > 0xffffffff || files.length > 0xfffe)
    throw tooLarge(`${size} bytes in ${files.length} files are too much to write`);
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  const offsets: number[] = [];
  const crcs = files.map(({ bytes }) => crc32(bytes));
  let at = 0;

  /** The fields that a local header and its line in the directory share. */
  const writeShared = (i: number) => {
    view.setUint16(at, 20, true); // version 2.0
    view.setUint16(at + 2, 0x0800, true); // names are UTF-8
    view.setUint16(at + 4, 0, true); // stored
    view.setUint32(at + 6, 0x00210000, true); // 1980-01-01 00:00
    view.setUint32(at + 10, crcs[i], true);
    view.setUint32(at + 14, files[i].bytes.length, true);
    view.setUint32(at + 18, files[i].bytes.length, true);
    view.setUint16(at + 22, files[i].name.length, true);
  };

  files.forEach(({ name, bytes }, i) => {
    offsets.push(at);
    view.setUint32(at, 0x04034b50, true);
    at += 4;
    writeShared(i);
    at += 26;
    out.set(name, at);
    out.set(bytes, at + name.length);
    at += name.length + bytes.length;
  });
  const directory = at;
  files.forEach(({ name }, i) => {
    view.setUint32(at, 0x02014b50, true);
    view.setUint16(at + 4, 20, true);
    view.setUint32(at + 42, offsets[i], true);
    at += 6;
    writeShared(i);
    at += 40;
    out.set(name, at);
    at += name.length;
  });
  view.setUint32(at, 0x06054b50, true);
  view.setUint16(at + 8, files.length, true);
  view.setUint16(at + 10, files.length, true);
  view.setUint32(at + 12, at - directory, true);
  view.setUint32(at + 16, directory, true);
  return out;
}
