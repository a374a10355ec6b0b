// The session's draft: the recipe that a person sets up for the data set at hand, before it is trained.

import { stringify } from '../../base/json.ts';
import type { Recipe } from '../../model/recipe.ts';
import { lathe } from '../../worker/client.ts';
import type { Session } from '../session.svelte.ts';

export class Draft {
  /** deeply reactive, so that forms bind to it. Pass on `copy()`, a plain copy */
  recipe = $state<Recipe | null>(null);
  /** why there is no recipe, such as a data set with nothing to predict */
  error = $state.raw<unknown>(null);
  /** those of the data sets that are not at hand */
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing on the page follows it
  readonly #aside = new Map<string, Recipe>();
  /** as Lathe proposed it, unasked, and as it was last kept; texts */
  #proposed = '';
  #kept = '';
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** A plain copy, as the worker takes it. */
  copy(): Recipe | null {
    return this.recipe && copyOf(this.recipe);
  }

  /** Drafts the recipe anew as Lathe would propose it; what was set for the same target and task is kept. */
  async suggest(options: { target?: string; fresh?: boolean } = {}): Promise<void> {
    const { datasets } = this.#session;
    const id = datasets.currentId;
    if (!id) return;
    const before = options.fresh ? null : this.copy();
    this.error = null;
    try {
      const suggested = await lathe.suggestRecipe(id, { target: options.target });
      if (datasets.currentId !== id) return;
      const same = before?.dataset === id && before.target === suggested.target && before.task === suggested.task;
      this.recipe = same ? { ...before, ...classesOf(before, suggested), columns: suggested.columns } : suggested;
      if (!options.target) this.#proposed = stringify(suggested);
    } catch (error) {
      if (datasets.currentId !== id) return;
      this.recipe = null;
      this.error = error;
    }
  }

  /** Takes a recipe as the draft, such as that of an earlier version, and goes to Train. */
  async use(recipe: Recipe): Promise<void> {
    const { datasets } = this.#session;
    if (datasets.currentId !== recipe.dataset) await datasets.select(recipe.dataset);
    if (datasets.currentId !== recipe.dataset || !datasets.current) return;
    this.recipe = structuredClone(recipe);
    this.error = null;
    this.#session.go('train');
  }

  /** Makes room for the draft of another data set. */
  putAside(): void {
    const recipe = this.copy();
    if (recipe) this.#aside.set(recipe.dataset, recipe);
    this.recipe = null;
    this.error = null;
  }

  /** Goes on with what was set up for the data set at hand, or drafts its first recipe. */
  async takeUp(datasetId: string): Promise<void> {
    const kept = this.#aside.get(datasetId) ?? (await lathe.draft(datasetId).catch(() => null));
    if (this.#session.datasets.currentId !== datasetId) return;
    if (kept) this.recipe = kept;
    else await this.suggest({ fresh: true });
  }

  /** Keeps a copy that was found right for the next visit; what is as Lathe proposes it is not kept. */
  async keep(recipe: Recipe): Promise<void> {
    const text = stringify(recipe);
    if (text === this.#kept) return;
    this.#kept = text;
    try {
      await lathe.keepDraft(recipe.dataset, text === this.#proposed ? null : recipe);
    } catch (error) {
      console.warn('draft not kept:', error); // it goes on as it stands
    }
  }

  /** Forgets what was put aside for a data set. */
  forget(datasetId: string): void {
    this.#aside.delete(datasetId);
  }
}

/** The positive class that was set; as a column of another type the target calls its classes otherwise. */
function classesOf(before: Recipe, { columns, positive, target }: Recipe): Pick<Recipe, 'positive'> {
  const typeIn = (all: Recipe['columns']) => all.find(({ name }) => name === target)?.type;
  return typeIn(before.columns) === typeIn(columns) ? {} : { positive };
}

/** A plain copy. Not `$state.snapshot`, which loses a field called `__proto__`: a class with a weight may be called so. */
function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, copyOf(field)])) as T;
}
