// The file of a table, whatever its format: its first bytes alone say which it is, so that one that is kept without its
// name is read again as it was at first.

import { UserError } from '../../base/errors.ts';
import type { ReadTable, ReadTableOptions } from '../tableBuilder.ts';
import { readCsv } from './csv.ts';
import { openingOf, readJsonLines } from './jsonLines.ts';

export type ReadTableFile = (file: Blob, o: ReadTableOptions) => Promise<ReadTable>;

/** Names of files that are tables; a file chosen alone may have any. */
export const TABLE_NAME = /\.(csv|tsv|tab|psv|txt|data|dat|jsonl|ndjson|jsonlines|parquet|pq)$/i;

/**
 * @param readParquet where Parquet can be read; its reader is large, and not everybody who reads tables brings it
 * @throws UserError as the readers do; AbortError
 */
export async function readTableFile(
  file: Blob,
  o: ReadTableOptions,
  readParquet: ReadTableFile | undefined,
): Promise<ReadTable> {
  const opening = await openingOf(file);
  if (opening.startsWith('PAR1')) {
    if (readParquet) return readParquet(file, o);
    throw new UserError('unsupported', 'table file: it is a Parquet file, which is not read here. Save it as CSV');
  }
  const isJson = /^(\{\s*["}]|\[\s*[{\]])/.test(opening);
  return isJson ? readJsonLines(file, o) : readCsv(file, o);
}
