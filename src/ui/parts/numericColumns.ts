// Which columns of a few rows are set as numbers are, also where a cell of theirs is empty.

import type { Row } from '../../data/table.ts';

/** Names of the columns in which one of the rows has a number. */
export function numericColumns(rows: readonly { row?: Row }[]): Set<string> {
  const cells = rows.flatMap(({ row = {} }) => Object.entries(row));
  return new Set(cells.filter(([, cell]) => typeof cell === 'number').map(([name]) => name));
}
