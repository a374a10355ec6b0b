// Where the rows of a data set come from, by which a row is known again in another one: each stretch of it is the first
// rows of a data set, or the labelled rows of a batch. Pure.

/** A stretch of rows: from row `start` on they are rows 0, 1, 2 … of `source`. */
export interface Stretch {
  /** `dataset <id>` or `batch <id>` */
  source: string;
  start: number;
  rows: number;
}

/** What a data set says of itself. */
export interface Grown {
  rows: number;
  origin?: { dataset: string; rows: number; batches: { id: string; rows: number }[] };
}

/** Key of the rows of a batch. */
export function batchSource(id: string): string {
  return `batch ${id}`;
}

/**
 * The stretches of a data set, in order, as far back as what it was made of is kept.
 * @param find a data set by its id; undefined where it is gone
 */
export function stretchesOf(id: string, find: (id: string) => Grown | undefined): Stretch[] {
  const own = find(id);
  if (!own?.origin) return [{ source: `dataset ${id}`, start: 0, rows: own?.rows ?? Infinity }];
  const { dataset, rows, batches } = own.origin;
  const stretches = stretchesOf(dataset, find).map((stretch) => ({
    ...stretch,
    rows: Math.min(stretch.rows, rows - stretch.start), // of one that is gone the length is known here
  }));
  let start = rows;
  for (const batch of batches) {
    stretches.push({ source: batchSource(batch.id), start, rows: batch.rows });
    start += batch.rows;
  }
  return stretches;
}

/** The source of a row and its number there. @param stretches that cover it */
export function locate(stretches: readonly Stretch[], row: number): { source: string; row: number } {
  const at = stretches.findLast(({ start }) => start <= row)!;
  return { source: at.source, row: row - at.start };
}

/** Rows by source. */
export type KnownRows = Map<string, Set<number>>;

/** Adds rows of a data set to what is known. */
export function addRows(known: KnownRows, stretches: readonly Stretch[], rows: Iterable<number>): void {
  for (const each of rows) {
    const { source, row } = locate(stretches, each);
    const own = known.get(source);
    if (own) own.add(row);
    else known.set(source, new Set([row]));
  }
}
