// Tables as they are kept, and as a recipe types them.

import { UserError } from '../base/errors.ts';
import type { ColumnSpec, ColumnType, Table } from '../data/table.ts';
import type { ReadTable } from '../data/tableBuilder.ts';
import { restyle } from '../data/style.ts';
import { type Dataset, readDataset, readTable } from '../store/datasets.ts';
import type { Context } from './context.ts';

/** The table as it is kept. @throws UserError where it is not, or where it is of images */
export async function storedTable(context: Context, id: string): Promise<Table> {
  const { columns } = await readDataset(context.workspace, id);
  return typedTable(context, id, columns);
}

/** The table with the types that a recipe gives its columns; read from the source file again where they differ. */
export function typedTable(context: Context, id: string, columns: ColumnSpec[]): Promise<Table> {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  return context.tables.get(`${id} ${JSON.stringify([...types])}`, async () => {
    const { table, source } = await readTable(context.workspace, id);
    if (table.columns.every(({ name, type }) => (types.get(name) ?? type) === type)) return table;
    return (await readAgain(await readDataset(context.workspace, id), table, source, columns)).table;
  });
}

/** Reads a table's source file with these types. @param table as it was read before */
export async function readAgain(
  { origin }: Dataset,
  table: Table,
  source: Blob,
  columns: { name: string; type: ColumnType }[],
): Promise<ReadTable> {
  const [{ readTableFile }, { READERS }] = await Promise.all([import('../data/formats/tableFile.ts'), import('./readers.ts')]); // prettier-ignore
  // fromEntries defines each name as it is, `__proto__` too
  const types = Object.fromEntries(columns.map(({ name, type }) => [name, type]));
  const read = await readTableFile(source, { types }, READERS.readParquet);
  // the file of one that grew says nothing of how the data came
  return origin ? { ...read, table: { ...read.table, columns: restyle(read.table.columns, table.columns) } } : read;
}

/** @throws UserError where the table has none of this name */
export function columnOf(table: Table, name: string): Table['columns'][number] {
  const column = table.columns.find((each) => each.name === name);
  if (!column) throw new UserError('unknown', `column '${name}': the data set has none of this name.`);
  return column;
}
