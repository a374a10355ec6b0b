// Where in the form a fault belongs that the recipe's check has named.

/** What the check said, and which part of the recipe it is about. */
export interface Fault {
  message: string;
  /** such as `training.epochs`; empty where it is about no one field */
  path: string;
  /** the layer it is about, by its places from 0: [2, 0] is the first of those in layer 2; null where it is about none */
  layer: number[] | null;
}

/** Reads the path or the layer that a UserError's message names. */
export function faultOf(error: unknown): Fault {
  const message = error instanceof Error ? error.message : String(error);
  const path = /\brecipe\.([\w.[\]]*[\w\]])/.exec(message)?.[1] ?? '';
  // `model.layers[2].branches[1][0].units`, or `layer 2_concatenate/1/0_dense`
  const places =
    /^model\.layers((?:\[\d+\]|\.layers|\.branches)+)/.exec(path)?.[1] ?? /\blayer (\d[\w/]*)/.exec(message)?.[1];
  return { message, path, layer: places ? placesIn(places) : null };
}

function placesIn(name: string): number[] {
  return [...name.matchAll(/(?:^|[[/])(\d+)/g)].map(([, place]) => Number(place));
}

/** What to say at the field of this path; empty where the fault is elsewhere. */
export function faultAt(fault: Fault | null, path: string): string {
  return fault?.path === path ? fault.message : '';
}
