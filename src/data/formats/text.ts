// The text of a file, piece by piece, in whatever encoding it is: UTF-8, UTF-16 with or without a byte order mark, and
// Windows-1252 where it is no UTF-8. Refuses what is plainly no text, by name.

import { abortError, UserError } from '../../base/errors.ts';
import type { RepairLog } from '../repairs.ts';

const PIECE_BYTES = 1 << 20;
const SNIFF_BYTES = 1 << 16;

/** What the file is, by its first bytes, for the error that refuses it. */
const BINARY_FORMATS: [string, string][] = [
  ['\x89PNG', 'a PNG image'],
  ['\xff\xd8\xff', 'a JPEG image'],
  ['GIF8', 'a GIF image'],
  ['%PDF', 'a PDF document'],
  ['PK\x03\x04', 'a zip archive or an Excel workbook'],
  ['\x1f\x8b', 'a gzip archive'],
  ['PAR1', 'a Parquet file'],
  ['SQLite format', 'an SQLite database'],
  ['\x89HDF', 'an HDF5 file'],
  ['\xd0\xcf\x11\xe0', 'an old Excel or Word file'],
  ['7z\xbc\xaf', 'a 7-Zip archive'],
  ['Rar!', 'a RAR archive'],
];

/**
 * Yields the file's text in order. NUL characters are removed and counted, invalid bytes read as � and counted.
 * @throws UserError when the file is empty or no text; AbortError
 */
export async function* readText(
  file: Blob,
  repairs: RepairLog,
  o: { signal?: AbortSignal } = {},
): AsyncGenerator<{ text: string; isLast: boolean; fraction: number }> {
  if (file.size === 0)
    throw new UserError('missing', 'content: the file is empty. Choose a file with a header and rows');
  const head = new Uint8Array(await file.slice(0, SNIFF_BYTES).arrayBuffer());
  const encoding = detectEncoding(head, file.size > head.length);
  refuseBinary(head, encoding);
  if (encoding === 'windows-1252') repairs.add('encoding', 1, 'Windows-1252, as the file is no valid UTF-8');
  const decoder = new TextDecoder(encoding);
  for (let offset = 0; offset < file.size; offset += PIECE_BYTES) {
    if (o.signal?.aborted) throw abortError();
    const isLast = offset + PIECE_BYTES >= file.size;
    const bytes = await file.slice(offset, offset + PIECE_BYTES).arrayBuffer();
    let text = decoder.decode(bytes, { stream: !isLast });
    repairs.add('invalidText', countOf(text, '\ufffd'));
    const nuls = countOf(text, '\0');
    if (nuls > 0) text = text.replaceAll('\0', '');
    repairs.add('nulBytes', nuls);
    yield { text, isLast, fraction: Math.min(1, (offset + bytes.byteLength) / file.size) };
  }
}

function countOf(text: string, character: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count++;
  return count;
}

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

/** A byte order mark decides; without one, NULs at every other place are UTF-16, and what is no UTF-8 is Windows-1252. */
function detectEncoding(head: Uint8Array, isCut: boolean): Encoding {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  const nuls = [0, 0];
  for (let i = 0; i < head.length; i++) if (head[i] === 0) nuls[i & 1]++;
  if (nuls[1] > head.length * 0.3 && nuls[0] < head.length * 0.05) return 'utf-16le';
  if (nuls[0] > head.length * 0.3 && nuls[1] < head.length * 0.05) return 'utf-16be';
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: isCut });
    return 'utf-8';
  } catch {
    return 'windows-1252'; // a TypeError is how the decoder says "not UTF-8"
  }
}

function refuseBinary(head: Uint8Array, encoding: Encoding): void {
  const start = String.fromCharCode(...head.subarray(0, 16));
  const known = BINARY_FORMATS.find(([magic]) => start.startsWith(magic));
  const advice = 'Choose a CSV, TSV or text file';
  if (known) throw new UserError('unsupported', `table file: it is ${known[1]}, whatever its name says. ${advice}`);
  if (encoding.startsWith('utf-16')) return;
  let controls = 0;
  for (const byte of head) if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13 && byte !== 12) controls++;
  if (controls > head.length * 0.02 + 4) {
    throw new UserError(
      'unsupported',
      `table file: it is binary (${controls} control bytes at its start), no text. ${advice}`,
    );
  }
}
