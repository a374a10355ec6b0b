// One column of one row group of a Parquet file to its values. Thrift headers, plain and delta encodings and codecs are
// hyparquet's; the way through the pages and their runs is here, so that no number in a file, however it lies, makes
// anything larger than the file's own row count allows.

import type { ColumnMetaData, Compressors, DecodedArray, PageHeader, SchemaElement } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { convert, DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { decompressPage } from 'hyparquet/src/datapage.js';
import { deltaBinaryUnpack, deltaByteArray, deltaLengthByteArray } from 'hyparquet/src/delta.js';
import { byteStreamSplit } from 'hyparquet/src/encoding.js';
import { readPlain } from 'hyparquet/src/plain.js';

/** Pages are about 1 MB as they are written; one of a constant column may unpack to far more than it takes. */
const MOST_PAGE_BYTES = 256 * 2 ** 20;

/** A leaf of the schema that no list is above of. */
export interface Leaf {
  element: SchemaElement;
  path: string[];
  /** how many of the elements on its path may be null */
  depth: number;
}

interface Reader {
  view: DataView;
  offset: number;
}

/**
 * The values of a column chunk, null where there is none.
 * @param chunk its bytes @param rows of its row group
 * @throws RangeError and other errors where the bytes are no such chunk
 */
export function readChunk(
  chunk: ArrayBuffer,
  rows: number,
  leaf: Leaf,
  { codec }: ColumnMetaData,
  compressors: Compressors,
): unknown[] {
  const reader: Reader = { view: new DataView(chunk), offset: 0 };
  const values = new Array<unknown>(rows);
  let dictionary: DecodedArray | null = null;
  let row = 0;
  while (row < rows) {
    const header = parquetHeader(reader);
    const { compressed_page_size: packed, uncompressed_page_size: unpacked } = header;
    if (!(packed >= 0 && reader.offset + packed <= chunk.byteLength))
      throw new RangeError('a page ends beyond its column');
    if (!(unpacked >= 0 && unpacked <= MOST_PAGE_BYTES)) throw new RangeError(`a page is of ${unpacked} bytes`);
    const bytes = new Uint8Array(chunk, reader.offset, packed);
    reader.offset += packed;
    if (header.type === 'DICTIONARY_PAGE') {
      const page = readerOf(decompressPage(bytes, unpacked, codec, compressors));
      const count = countOf(header.dictionary_page_header?.num_values, page.view.byteLength * 8);
      dictionary = toValues(readPlain(page, leaf.element.type!, count, leaf.element.type_length), leaf);
    } else if (header.type === 'DATA_PAGE' || header.type === 'DATA_PAGE_V2') {
      const page = openPage(header, bytes, rows - row, leaf, (part, size) => decompressPage(part, size, codec, compressors)); // prettier-ignore
      row = placeValues(page, dictionary, leaf, values, row);
    }
  }
  return values;
}

interface Page {
  reader: Reader;
  encoding: string;
  count: number;
  /** [count]; null where every value is there */
  levels: Uint8Array | null;
}

function openPage(
  header: PageHeader,
  bytes: Uint8Array,
  most: number,
  { depth }: Leaf,
  unpack: (bytes: Uint8Array, size: number) => Uint8Array,
): Page {
  const width = 32 - Math.clz32(depth);
  const readLevels = (from: Reader, count: number) => Uint8Array.from(readRuns(from, width, count));
  const { data_page_header: first, data_page_header_v2: second, uncompressed_page_size: size } = header;
  if (first) {
    const reader = readerOf(unpack(bytes, size));
    const count = countOf(first.num_values, most);
    if (depth === 0) return { reader, encoding: first.encoding, count, levels: null };
    const end = reader.view.getUint32(0, true) + 4;
    const levels = readLevels({ view: reader.view, offset: 4 }, count);
    return { reader: { view: reader.view, offset: end }, encoding: first.encoding, count, levels };
  }
  if (!second) throw new RangeError('a page has no header of its kind');
  const before = countOf(second.repetition_levels_byte_length, bytes.length);
  const start = before + countOf(second.definition_levels_byte_length, bytes.length - before);
  const count = countOf(second.num_values, most);
  const levels = depth > 0 ? readLevels(readerOf(bytes.subarray(before, start)), count) : null;
  const body = bytes.subarray(start);
  const reader = readerOf(second.is_compressed === false ? body : unpack(body, size - start));
  return { reader, encoding: second.encoding, count, levels };
}

/** @returns the row after its last */
function placeValues(page: Page, dictionary: DecodedArray | null, leaf: Leaf, into: unknown[], row: number): number {
  const { levels, count } = page;
  const { depth } = leaf;
  const present = levels ? levels.reduce((sum, level) => sum + Number(level === depth), 0) : count;
  const values = present > 0 ? readValues(page, present, dictionary, leaf) : [];
  if (values.length < present) throw new RangeError('a page has fewer values than it says');
  let next = 0;
  for (let i = 0; i < count; i++) into[row + i] = !levels || levels[i] === depth ? values[next++] : null;
  return row + count;
}

function readValues(
  { reader, encoding }: Page,
  count: number,
  dictionary: DecodedArray | null,
  leaf: Leaf,
): DecodedArray {
  // prettier-ignore
  const { type, type_length: length } = leaf.element;
  switch (encoding) {
    case 'PLAIN':
      return toValues(readPlain(reader, type!, count, length), leaf);
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY': {
      if (!dictionary) throw new RangeError('a page has no dictionary');
      const width = reader.view.getUint8(reader.offset++);
      if (width > 32) throw new RangeError(`a dictionary of ${width} bits`);
      return Array.from(readRuns(reader, width, count), (at) => {
        if (at >= dictionary.length) throw new RangeError('a value lies outside the dictionary');
        return dictionary[at] as unknown;
      });
    }
    case 'RLE': // of booleans, behind its length
      return Array.from(readRuns({ view: reader.view, offset: reader.offset + 4 }, 1, count), (bit) => bit === 1);
    case 'DELTA_BINARY_PACKED': {
      const unpacked = type === 'INT32' ? new Int32Array(count) : new BigInt64Array(count);
      deltaBinaryUnpack(reader, count, unpacked);
      return toValues(unpacked, leaf);
    }
    case 'DELTA_LENGTH_BYTE_ARRAY':
    case 'DELTA_BYTE_ARRAY': {
      const unpacked = new Array<Uint8Array>(count);
      (encoding === 'DELTA_BYTE_ARRAY' ? deltaByteArray : deltaLengthByteArray)(reader, count, unpacked);
      return toValues(unpacked, leaf);
    }
    case 'BYTE_STREAM_SPLIT':
      return toValues(byteStreamSplit(reader, count, type!, length), leaf);
    default:
      throw new RangeError(`an encoding called ${encoding}`);
  }
}

/** Bytes to texts, times to dates, as the schema says. */
function toValues(raw: DecodedArray, { element, path }: Leaf): DecodedArray {
  return convert(raw, { element, pathInSchema: path, parsers: DEFAULT_PARSERS } as unknown as Parameters<typeof convert>[1]); // prettier-ignore
}

/** Runs of one value, or of packed bits, of so many values in all: the RLE and bit-packing hybrid. */
function readRuns({ view, offset }: Reader, width: number, count: number): Uint32Array {
  const values = new Uint32Array(count);
  for (let seen = 0; seen < count;) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = view.getUint8(offset++);
      header += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    const run = Math.floor(header / 2);
    if (header % 2 === 0) {
      let value = 0;
      for (let byte = 0; byte < Math.ceil(width / 8); byte++) value += view.getUint8(offset++) * 2 ** (8 * byte);
      const end = Math.min(count, seen + run);
      values.fill(value, seen, end);
      seen = end;
      continue;
    }
    const end = Math.min(count, seen + 8 * run);
    for (let bit = 8 * offset; seen < end; seen++) {
      let value = 0;
      for (let taken = 0; taken < width;) {
        const some = Math.min(8 - (bit % 8), width - taken);
        value += ((view.getUint8(bit >> 3) >> (bit % 8)) & (2 ** some - 1)) * 2 ** taken;
        taken += some;
        bit += some;
      }
      values[seen] = value;
    }
    offset += run * width;
  }
  return values;
}

function countOf(given: number | undefined, most: number): number {
  if (given === undefined || !(given >= 0 && given <= most))
    throw new RangeError(`a count of ${given}, where ${most} are the most`);
  return given;
}

function readerOf(bytes: Uint8Array): Reader {
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
}
