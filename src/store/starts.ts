// What a recipe starts from: the network, the preparation and the weights of a version, by their hash. The recipe's record
// refers to them, so they are there as long as it is, whatever becomes of the version.

import { UserError } from '../base/errors.ts';
import type { Recipe } from '../model/recipe.ts';
import { unpack } from './pack.ts';
import type { TrainedModel } from './versions.ts';
import type { Workspace } from './workspace.ts';

/** Null where the recipe starts from seeded weights. @throws UserError where they are not kept, or are damaged */
export async function readStart(ws: Workspace, { start }: Pick<Recipe, 'start'>): Promise<TrainedModel | null> {
  if (!start) return null;
  await checkStartKept(ws, { start });
  return (await unpack(await ws.readBlob(start.trained, nameOf(start)))) as TrainedModel;
}

/** @throws UserError where what the recipe starts from is not kept */
export async function checkStartKept(ws: Workspace, { start }: Pick<Recipe, 'start'>): Promise<void> {
  if (!start || (await ws.blobs.find(start.trained))) return;
  throw new UserError(
    'missing',
    `${nameOf(start)}: they are not kept in this browser. Restore a backup that has them, or take recipe.start out.`,
  );
}

const nameOf = ({ trained }: NonNullable<Recipe['start']>) =>
  `weights ${trained.slice(0, 8)} that the recipe starts from`;
