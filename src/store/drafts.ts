// Recipes that a person has set up and not trained yet, one for each data set, so that they outlive the page. They lie
// beside the records, as measurements do: sealed where all is, known to no backup, and dropped where they do not fit any more.

import type { Recipe } from '../model/recipe.ts';
import { parseRecipe } from '../model/validate.ts';
import { listDatasets } from './datasets.ts';
import { withLock } from './locks.ts';
import { openShelf } from './measurements.ts';
import type { Workspace } from './workspace.ts';

const KEY = 'drafts';

type Drafts = [dataset: string, recipe: Recipe][];

/** The draft for a data set; null where none is kept, or this build cannot read it. */
export async function readDraft(ws: Workspace, dataset: string): Promise<Recipe | null> {
  const kept = (await read(ws)).find(([id]) => id === dataset);
  try {
    return kept ? parseRecipe(kept[1]) : null;
  } catch {
    return null;
  }
}

/**
 * Keeps a draft in the place of the one that its data set had, where that data set is kept; null forgets that one. A lock,
 * as another tab may keep one of another data set in the same moment.
 */
export function keepDraft(ws: Workspace, dataset: string, recipe: Recipe | null): Promise<void> {
  return withLock(`drafts ${ws.name}`, async () => {
    const before = await read(ws);
    if (!recipe && !before.some(([id]) => id === dataset)) return;
    const present = new Set((await listDatasets(ws)).map(({ id }) => id));
    const after: Drafts = before.filter(([id]) => id !== dataset);
    if (recipe) after.push([dataset, recipe]);
    await openShelf(ws).set(
      KEY,
      after.filter(([id]) => present.has(id)),
    );
  });
}

const read = async (ws: Workspace): Promise<Drafts> => ((await openShelf(ws).get(KEY)) ?? []) as Drafts;
