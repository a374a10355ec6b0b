// Parquet to a typed table, one column after another. The file's own types count: texts stay texts, also where they look
// like numbers. A field of a struct becomes a column `struct.field`; lists and maps are refused by name. Nothing of a file
// is believed before its sums have been checked.

import type { Compressors, FileMetaData, RowGroup, SchemaElement, SchemaTree } from 'hyparquet';
import { parquetMetadataAsync, parquetSchema } from 'hyparquet';
import { abortError, UserError } from '../../base/errors.ts';
import type { CellStyle } from '../cells.ts';
import { type ColumnBuilder, createColumnBuilder, type TextBudget } from '../column.ts';
import { formatDate, MS_PER_DAY } from '../dates.ts';
import { createRepairLog, quote, type RepairLog } from '../repairs.ts';
import type { Column, ColumnType } from '../table.ts';
import { stylesByColumn } from '../style.ts';
import { createNamer, MAX_CELLS, MAX_COLUMNS, type ReadTable, type ReadTableOptions, tooManyCells, tooManyColumns } from '../tableBuilder.ts'; // prettier-ignore
import { type Leaf, readChunk } from './parquetPages.ts';

/** @throws UserError that says what is wrong with the file, or which of its columns cannot be read; AbortError */
export async function readParquet(file: Blob, o: ReadTableOptions = {}): Promise<ReadTable> {
  const { metadata, leaves, rows } = await readFooter(file);
  const repairs = createRepairLog();
  const nameOf = createNamer(repairs);
  const types = new Map(Object.entries(o.types ?? {}));
  const styles = stylesByColumn(o.styles);
  const compressors = await decompressors(metadata);
  const budget: TextBudget = { characters: 0, spellings: 0 };
  const columns: Column[] = [];
  for (const [place, leaf] of leaves.entries()) {
    const name = nameOf(leaf.path.join('.'));
    const values = (from: RowGroup) => readGroup(file, from, leaf, compressors);
    columns.push(
      await readColumn(
        name,
        place,
        leaf,
        { type: types.get(name), style: styles.get(name) },
        budget,
        metadata,
        values,
        repairs,
        o,
      ),
    );
    o.onProgress?.((place + 1) / leaves.length, rows);
  }
  return { table: { rows, columns }, repairs: repairs.list() };
}

interface Footer {
  metadata: FileMetaData;
  leaves: Leaf[];
  rows: number;
}

async function readFooter(file: Blob): Promise<Footer> {
  const end = new Uint8Array(await file.slice(-4).arrayBuffer());
  if (String.fromCharCode(...end) === 'PARE') throw new UserError('unsupported', 'Parquet file: it is encrypted. Save it without encryption'); // prettier-ignore
  if (file.size < 12 || String.fromCharCode(...end) !== 'PAR1') throw damaged('it has no footer, so it is cut off');
  let footer: Footer;
  try {
    const buffer = { byteLength: file.size, slice: (from: number, to?: number) => file.slice(from, to).arrayBuffer() };
    const metadata = await parquetMetadataAsync(buffer, { geoparquet: false });
    footer = { metadata, leaves: leavesOf(parquetSchema(metadata)), rows: Number(metadata.num_rows) };
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw damaged('its footer cannot be read', cause);
  }
  checkCounts(footer);
  return footer;
}

/** The columns in order, those of structs by themselves. */
function leavesOf(root: SchemaTree): Leaf[] {
  const leaves: Leaf[] = [];
  const visit = ({ element, children, path }: SchemaTree, depth: number) => {
    const { repetition_type: repetition } = element;
    const name = path.join('.');
    if (repetition === 'REPEATED' || element.converted_type === 'LIST' || element.converted_type?.startsWith('MAP')) {
      throw new UserError(
        'unsupported',
        `column ${quote(name)} of the Parquet file: it holds lists. Save each item as a row or a column of its own, or leave the column out`,
      );
    }
    const own = depth + Number(path.length > 0 && repetition !== 'REQUIRED');
    if (children.length > 0) return children.forEach((child) => visit(child, own));
    if (path.length === 0) throw new UserError('missing', 'columns: the Parquet file has none. Choose a file with columns and rows'); // prettier-ignore
    leaves.push({ element: plainElement(element, name), path, depth: own });
    if (leaves.length > MAX_COLUMNS) throw tooManyColumns(`more than ${MAX_COLUMNS.toLocaleString('en')}`);
  };
  visit(root, 0);
  return leaves;
}

/** What converts its values, where the file states it in the newer way alone. @throws UserError where it holds no plain values */
function plainElement(element: SchemaElement, name: string): SchemaElement {
  const { type, logical_type: logical, converted_type: converted } = element;
  if (logical?.type === 'DECIMAL') return { ...element, converted_type: 'DECIMAL', scale: logical.scale };
  if (logical?.type === 'DATE') return { ...element, converted_type: 'DATE' };
  if (logical?.type === 'JSON' || converted === 'JSON') return { ...element, converted_type: 'UTF8', logical_type: undefined }; // prettier-ignore
  const isText = type === 'BYTE_ARRAY' && !['BSON', 'GEOMETRY', 'GEOGRAPHY', 'VARIANT'].includes(logical?.type ?? converted ?? ''); // prettier-ignore
  const isPlain = type && !['BYTE_ARRAY', 'FIXED_LEN_BYTE_ARRAY'].includes(type);
  if (isText || isPlain || converted === 'DECIMAL' || logical?.type === 'UUID' || logical?.type === 'FLOAT16') return element; // prettier-ignore
  throw new UserError(
    'unsupported',
    `column ${quote(name)} of the Parquet file: it holds ${logical?.type ?? converted ?? 'bytes'}, neither numbers nor texts. Leave the column out`,
  );
}

function checkCounts({ metadata, leaves, rows }: Footer): void {
  const groups = metadata.row_groups;
  if (
    groups.some(({ num_rows: own }) => own < 0n) ||
    groups.reduce((sum, { num_rows: own }) => sum + own, 0n) !== metadata.num_rows
  ) {
    // prettier-ignore
    throw damaged('its row groups have not as many rows as it says');
  }
  if (rows === 0) throw new UserError('missing', 'rows: the Parquet file has columns and no row. Add rows');
  if (rows * leaves.length > MAX_CELLS) throw tooManyCells();
}

/** One column of one row group, as long as the group. */
async function readGroup(file: Blob, group: RowGroup, leaf: Leaf, compressors: Compressors): Promise<unknown[]> {
  const name = quote(leaf.path.join('.'));
  const chunk = group.columns.find(({ meta_data: facts }) => facts?.path_in_schema.join('\0') === leaf.path.join('\0'));
  const facts = chunk?.meta_data;
  if (!chunk || !facts) throw damaged(`column ${name} is not in all of its row groups`);
  if (chunk.file_path) throw new UserError('unsupported', `column ${name} of the Parquet file: it lies in another file. Save the table as one file`); // prettier-ignore
  const start = Number(facts.dictionary_page_offset || facts.data_page_offset);
  const size = Number(facts.total_compressed_size);
  if (!(start >= 4 && size > 0 && start + size <= file.size)) throw damaged(`column ${name} lies outside of it`);
  if (facts.codec !== 'UNCOMPRESSED' && facts.codec !== 'SNAPPY' && !compressors[facts.codec]) {
    throw new UserError('unsupported', `column ${name} of the Parquet file: it is compressed by ${facts.codec ?? 'an unknown codec'}. Save it with Snappy or Zstandard`); // prettier-ignore
  }
  if (facts.type !== leaf.element.type) throw damaged(`column ${name} is of another type than its schema says`);
  try {
    return readChunk(
      await file.slice(start, start + size).arrayBuffer(),
      Number(group.num_rows),
      leaf,
      facts,
      compressors,
    );
  } catch (cause) {
    throw damaged(`column ${name} cannot be read (${(cause as Error).message})`, cause);
  }
}

/** Snappy is hyparquet's own; the others are loaded where a column needs one. */
async function decompressors({ row_groups: groups }: FileMetaData): Promise<Compressors> {
  const codecs = new Set(groups.flatMap(({ columns }) => columns.map(({ meta_data: facts }) => facts?.codec)));
  if ([...codecs].every((codec) => codec === 'UNCOMPRESSED' || codec === 'SNAPPY')) return {};
  const { compressors, decompressZstd } = await import('hyparquet-compressors');
  const { BROTLI, LZ4, LZ4_RAW } = compressors;
  return {
    ...{ BROTLI, LZ4, LZ4_RAW },
    GZIP(packed, size) {
      const stated = new DataView(packed.buffer, packed.byteOffset + packed.length - 4, 4).getUint32(0, true);
      if (stated > size) throw new RangeError(`a page unpacks to ${stated} bytes instead of ${size}`);
      return compressors.GZIP!(packed, size);
    },
    // into memory of the size that was checked, not of the size that the stream asks for
    ZSTD: (packed, size) => decompressZstd(packed, new Uint8Array(size)),
  };
}

async function readColumn(
  name: string,
  place: number,
  leaf: Leaf,
  { type, style }: { type?: ColumnType; style?: CellStyle },
  budget: TextBudget,
  { row_groups: groups }: FileMetaData,
  valuesOf: (group: RowGroup) => Promise<unknown[]>,
  repairs: RepairLog,
  { signal, lenient }: ReadTableOptions,
): Promise<Column> {
  const isText = leaf.element.type === 'BYTE_ARRAY' || leaf.element.logical_type?.type === 'UUID';
  let large = 0;
  const fill = async (builder: ColumnBuilder) => {
    large = 0;
    if (!isText || leaf.element.converted_type === 'DECIMAL') builder.takesNumbers();
    for (const group of groups) {
      if (signal?.aborted) throw abortError();
      for (const value of await valuesOf(group)) {
        if (typeof value === 'bigint' && (value > MOST_SAFE || value < -MOST_SAFE)) large++;
        builder.add(cellOf(value, leaf));
      }
    }
    return builder;
  };
  const asLabels = { type, keepSpellings: !type };
  const built = (await fill(createColumnBuilder(name, budget, isText && !type ? asLabels : { type, lenient, style }))).build(place, repairs); // prettier-ignore
  if (built && (type || large === 0)) {
    repairs.add('roundedIntegers', large, `column ${quote(name)}`);
    return built;
  }
  if (!built) return (await fill(createColumnBuilder(name, budget, { type: 'number' }))).build(place, repairs)!;
  repairs.add('largeIntegers', large, `column ${quote(name)}`);
  return (await fill(createColumnBuilder(name, budget, asLabels))).build(place, repairs)!;
}

const MOST_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** A value as it would stand in a CSV. */
function cellOf(value: unknown, { element }: Leaf): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? 'no date' : formatDate(value.getTime() / MS_PER_DAY);
  if (element.converted_type === 'DECIMAL') return decimalText(value as number, element.scale ?? 0);
  if (typeof value === 'number' && element.type === 'FLOAT') return shortest(value);
  return String(value);
}

/** hyparquet has multiplied by a power of ten, which leaves dust in the last digits. */
function decimalText(value: number, scale: number): string {
  return scale >= 0 && scale <= 100 ? value.toFixed(scale) : String(value);
}

/** The shortest decimal that is the same float32: 0.1 and not 0.10000000149011612. */
function shortest(value: number): string {
  for (let digits = 6; digits < 10; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(value);
}

function damaged(why: string, cause?: unknown): UserError {
  return new UserError('invalid', `Parquet file: ${why}. Choose a whole copy`, { cause });
}
