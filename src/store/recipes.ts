// Recipes as they are kept: once each, under the SHA-256 of their canonical JSON; runs and versions refer to them.

import { stringify } from '../base/json.ts';
import type { Recipe } from '../model/recipe.ts';
import { sha256 } from './hash.ts';
import type { Draft } from './records.ts';

export function recipeIdOf(recipe: Recipe): Promise<string> {
  return sha256(stringify(recipe));
}

/** Keeps a recipe. It goes by itself when nothing refers to it any more. @returns its id */
export async function putRecipe(draft: Draft, recipe: Recipe): Promise<string> {
  const id = await recipeIdOf(recipe);
  draft.put('recipe', id, recipe);
  return id;
}
