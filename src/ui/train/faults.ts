// Where in the form a fault belongs that the recipe's check has named.

/** What the check said, and which part of the recipe it is about. */
export interface Fault {
  message: string;
  /** such as `training.epochs`; empty where it is about no one field */
  path: string;
  /** the layer it is about, from 0 */
  layer: number | null;
}

/** Reads the path or the layer that a UserError's message names. */
export function faultOf(error: unknown): Fault {
  const message = error instanceof Error ? error.message : String(error);
  const path = /\brecipe\.([A-Za-z0-9_.]*[A-Za-z0-9_])/.exec(message)?.[1] ?? '';
  const layer = /^model\.layers\.(\d+)/.exec(path)?.[1] ?? /\blayer (\d+)_/.exec(message)?.[1];
  return { message, path, layer: layer === undefined ? null : Number(layer) };
}

/** What to say at the field of this path; empty where the fault is elsewhere. */
export function faultAt(fault: Fault | null, path: string): string {
  return fault?.path === path ? fault.message : '';
}
