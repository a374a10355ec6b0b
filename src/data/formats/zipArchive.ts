// Zip archives too large to be held: written to a stream entry by entry, stored and with zip64 where that is needed, and
// read one entry at a time, wherever it lies. What an entry holds is proved by whoever reads it (a backup knows the
// SHA-256 of each), so the checksum of zip is written, but read only for what is read whole. Guards: zipDirectory.ts.

import type { FileEntry } from '@zip.js/zip.js';
import { quote } from '../repairs.ts';
import { crc32 } from './crc32.ts';
import { listEntries, locateEntry, refusal, zipJs, type Refusals } from './zipDirectory.ts';

/** More than this are neither written nor read. */
export const MAX_ARCHIVE_ENTRIES = 100_000;
/** Lathe deflates nothing, but what was unpacked and packed again by others is read too. */
const MAX_RATIO = 200;
const RATIO_FROM_BYTES = 2 ** 20;

export interface ArchiveEntry {
  /** as the directory says; what is read never has another length without an error */
  sizeBytes: number;
  /** Its bytes, a piece at a time. @throws UserError, also from the stream */
  open(): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
  /** All of it, its checksum compared. @throws UserError where it is larger than `maxBytes` or damaged */
  read(maxBytes: number): Promise<Uint8Array<ArrayBuffer>>;
}

export interface ArchiveWriter {
  add(name: string, content: Blob | ReadableStream<Uint8Array> | string): Promise<void>;
  /** Writes the directory and closes the stream. */
  close(): Promise<void>;
}

/** Writes an archive; `to` is written in order and never beyond what it asks for. */
export async function writeArchive(to: WritableStream<Uint8Array>): Promise<ArchiveWriter> {
  const { ZipWriter } = await zipJs();
  const archive = new ZipWriter(to, {
    level: 0,
    rawLastModDate: 0x00210000, // 1980-01-01, so that the clock is nowhere in it
    extendedTimestamp: false,
    useWebWorkers: false,
  });
  return {
    async add(name, content) {
      const blob = typeof content === 'string' ? new Blob([content]) : content;
      await archive.add(name, blob instanceof Blob ? blob.stream() : blob);
    },
    async close() {
      await archive.close();
    },
  };
}

/** The files of an archive by name; folders are left out. @throws UserError where it cannot be trusted */
export async function openArchive(file: Blob, refusals: Refusals): Promise<Map<string, ArchiveEntry>> {
  const { BlobReader } = await zipJs();
  const entries = await listEntries(new BlobReader(file), MAX_ARCHIVE_ENTRIES, refusals);
  const files = entries.filter((entry) => !entry.directory);
  return new Map(files.map((entry) => [entry.filename, archiveEntry(file, entry, refusals)]));
}

function archiveEntry(file: Blob, entry: FileEntry, refusals: Refusals): ArchiveEntry {
  const { broken, tooLarge } = refusals;
  const { compressedSize, uncompressedSize: sizeBytes, compressionMethod, crc32: checksum } = entry;
  const name = quote(entry.filename);

  async function open(): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    if (entry.encrypted || entry.symlink || (compressionMethod !== 0 && compressionMethod !== 8)) {
      throw broken(`entry ${name} is encrypted, a link, or packed in a way that is unknown here`);
    }
    if (compressionMethod === 0 && compressedSize !== sizeBytes) {
      throw broken(`entry ${name} has ${compressedSize} bytes and claims ${sizeBytes}`);
    }
    if (sizeBytes > RATIO_FROM_BYTES && sizeBytes > MAX_RATIO * compressedSize) {
      throw tooLarge(`entry ${name} unpacks to more than ${MAX_RATIO} times its size, as a zip bomb does`);
    }
    const start = await locateEntry(entry, refusals);
    const packed = file.slice(start, start + compressedSize).stream();
    if (compressionMethod === 0) return packed;
    return counted(packed.pipeThrough(new DecompressionStream('deflate-raw')));
  }

  /** Ends with an error at the first byte too many, and where there are too few. */
  function counted(stream: ReadableStream<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
    const reader = stream.getReader();
    let length = 0;
    return new ReadableStream({
      async pull(controller) {
        const { value, done } = await reader.read().catch((cause: unknown) => {
          throw refusal(cause, `entry ${name} is damaged: it does not unpack`, refusals);
        });
        length += value?.length ?? 0;
        if (length > sizeBytes || (done && length < sizeBytes)) {
          await reader.cancel();
          throw broken(`entry ${name} unpacks to other than the ${sizeBytes} bytes that it claims`);
        }
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    });
  }

  return {
    sizeBytes,
    open,
    async read(maxBytes) {
      if (sizeBytes > maxBytes) throw tooLarge(`entry ${name} is larger than ${maxBytes} bytes`);
      const bytes = (await new Response(await open()).bytes()) as Uint8Array<ArrayBuffer>;
      if (crc32(bytes) !== checksum) throw broken(`entry ${name} is damaged: its checksum differs`);
      return bytes;
    },
  };
}
