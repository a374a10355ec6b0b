// Which rows a version has learned from or been stopped on: those of its training and validation parts, and of the
// versions whose weights it began from. They are known by where they came from, so that they are found in grown data too.

import { addRows, batchSource, type KnownRows, locate, stretchesOf, type Stretch } from '../data/origin.ts';
import type { Records } from '../store/kinds.ts';
import { readTrained, readVersion, type TrainedModel, type Version } from '../store/versions.ts';
import type { Context } from './context.ts';

export interface Contender {
  version: Version;
  trained: TrainedModel;
}

export interface Lookup {
  stretches(datasetId: string): Stretch[];
  seenBy(contender: Contender): Promise<KnownRows>;
  /** whether the version, or one before it, began from weights of which the version is gone, and with it what it had seen */
  hasUnknownStart(contender: Contender): boolean;
}

/** What it takes to tell, as it is now. */
export async function lookUpRows({ workspace }: Context): Promise<Lookup> {
  const { dataset, version, recipe } = await workspace.maps('dataset', 'version', 'recipe');
  const datasets = dataset as Map<string, Records['dataset']>;
  const versions = [...(version as Map<string, Records['version']>).values()];
  const recipes = recipe as Map<string, Records['recipe']>;
  const stretches = (id: string) => stretchesOf(id, (each) => datasets.get(each));

  async function seenBy(contender: Contender, known: KnownRows = new Map()): Promise<KnownRows> {
    const { split } = contender.trained;
    const from = stretches(contender.version.datasetId);
    addRows(known, from, split.train);
    addRows(known, from, split.validation);
    const { start } = contender.version.recipe;
    const parent =
      start && versions.find(({ trained, recipeId }) => trained === start.trained && recipes.has(recipeId));
    if (parent) {
      const began = await readVersion(workspace, parent.id);
      await seenBy({ version: began, trained: await readTrained(workspace, began) }, known);
    }
    return known;
  }
  function hasUnknownStart({ version: { recipe: own } }: Pick<Contender, 'version'>): boolean {
    for (let start = own.start; start;) {
      const parent = versions.find(({ trained }) => trained === start!.trained);
      if (!parent) return true;
      start = recipes.get(parent.recipeId)?.start;
    }
    return false;
  }
  return { stretches, seenBy: (contender) => seenBy(contender), hasUnknownStart };
}

/** Those of some rows of a data set that nobody of `seen` knows. */
export function unseenRows(rows: Int32Array, stretches: readonly Stretch[], seen: readonly KnownRows[]): Int32Array {
  return rows.filter((each) => {
    const { source, row } = locate(stretches, each);
    return !seen.some((known) => known.get(source)?.has(row));
  });
}

/**
 * The labelled rows of a batch that a version has learned from, as places among them.
 * @param labelled how many it has now
 * @returns null where its labels were others when it did, so that there is no telling which
 */
export function seenOfBatch(
  { version }: Contender,
  lookup: Lookup,
  known: KnownRows,
  batch: string,
  labelled: number,
): ReadonlySet<number> | null {
  const seen = known.get(batchSource(batch));
  if (!seen) return new Set();
  const then = lookup.stretches(version.datasetId).find(({ source }) => source === batchSource(batch));
  return then && then.rows !== labelled ? null : seen;
}
