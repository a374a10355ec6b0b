// What is to be done with the files of a folder that is looked into again and again: each becomes a batch once, when it
// is whole. Whether it is, two looks in a row tell: a file that is being written grows between them. Pure.

/** A file as it is told from others and from itself before. */
export interface FileMark {
  /** below the folder, such as `2026/march.csv` */
  path: string;
  sizeBytes: number;
  /** milliseconds since 1970 */
  lastModified: number;
}

export interface LookPlan {
  /** new or changed, and whole: to be scored now */
  ready: FileMark[];
  /** new or changed, and maybe still being written */
  settling: FileMark[];
}

/**
 * @param found all files of this look
 * @param before all files of the look before; [] at the first
 * @param done those that were scored, or failed
 */
export function planLook(found: readonly FileMark[], before: readonly FileMark[], done: readonly FileMark[]): LookPlan {
  const [known, last] = [done, before].map((marks) => new Map(marks.map((mark) => [mark.path, mark])));
  const fresh = found.filter((mark) => !isSame(mark, known.get(mark.path)));
  const isWhole = (mark: FileMark) => mark.sizeBytes > 0 && isSame(mark, last.get(mark.path));
  return { ready: fresh.filter(isWhole).sort(byAge), settling: fresh.filter((mark) => !isWhole(mark)) };
}

export function isSame(mark: FileMark, other: FileMark | undefined): boolean {
  return mark.sizeBytes === other?.sizeBytes && mark.lastModified === other.lastModified;
}

/** Batches come in the order in which they were made. */
function byAge(a: FileMark, b: FileMark): number {
  return a.lastModified - b.lastModified || (a.path < b.path ? -1 : 1);
}

const TABLES = /\.(csv|tsv|tab|psv|txt|data|dat|json|jsonl|ndjson|jsonlines|parquet|pq|zip)$/i;
const IMAGES = /\.(png|jpe?g|jfif|gif|webp|bmp|avif|zip)$/i;
/** Hidden files, and those that a browser or an office writes for as long as a file is not whole. */
const UNFINISHED = /(^|\/)(\.|~\$)|\.(part|partial|crdownload|download|tmp|swp)$|~$/i;

/** Whether a file of this name may be a batch of images, or of rows; others are left alone. */
export function mayBeBatch(path: string, kind: 'table' | 'images'): boolean {
  return (kind === 'images' ? IMAGES : TABLES).test(path) && !UNFINISHED.test(path);
}
