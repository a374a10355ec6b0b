// How the batches of a model are looked at, as far as a person chooses it.

import { DRIFT_THRESHOLDS, type DriftMethod, METHODS } from './drift.ts';

export interface ColumnMethod {
  column: string;
  method: DriftMethod;
  /** left out: the method's own */
  threshold?: number;
}

export interface MonitorSettings {
  /** what every column is compared by that has nothing of its own; `default`: Evidently's, by kind and size of the reference */
  method: 'default' | DriftMethod;
  columns: ColumnMethod[];
  /** the version that is called `challenger` scores each batch too; nothing is decided by what it says */
  shadow: boolean;
}

export const DEFAULT_SETTINGS: MonitorSettings = { method: 'default', columns: [], shadow: false };

/** As `compareColumns` takes them. @param columns the names of all that are compared */
export function methodsOf(
  { method, columns }: MonitorSettings,
  all: readonly string[],
): { methods: Record<string, DriftMethod>; thresholds: Record<string, number> } {
  const methods = new Map(method === 'default' ? [] : all.map((column) => [column, method]));
  for (const own of columns) methods.set(own.column, own.method);
  const thresholds = columns.flatMap(({ column, threshold }) => (threshold === undefined ? [] : [[column, threshold] as const])); // prettier-ignore
  // fromEntries defines each key as it is, `__proto__` too
  return { methods: Object.fromEntries(methods), thresholds: Object.fromEntries(thresholds) };
}

/**
 * What is wrong with settings, as a part of a sentence; null where nothing is.
 * @param kinds of the columns that the model takes
 */
export function faultOf(
  { method, columns }: MonitorSettings,
  kinds: ReadonlyMap<string, 'number' | 'category'>,
): string | null {
  const known = Object.keys(DRIFT_THRESHOLDS);
  if (method !== 'default' && !known.includes(method)) return `there is no method '${method}'; choose from default, ${known.join(', ')}`; // prettier-ignore
  const seen = new Set<string>();
  for (const { column, method: own, threshold } of columns) {
    const kind = kinds.get(column);
    if (!kind) return `the model takes no column '${column}'`;
    if (seen.has(column)) return `column '${column}' is there twice`;
    seen.add(column);
    if (!METHODS[kind].includes(own)) return `a ${kind} column such as '${column}' is compared by one of ${METHODS[kind].join(', ')}, not by '${own}'`; // prettier-ignore
    if (threshold !== undefined && !(threshold > 0)) return `the threshold of column '${column}' must be above 0`;
  }
  return null;
}
