// What the page knows: where one is, which data set and version are at hand, the recipe being drafted, the training
// under way. The one place where the UI calls `lathe` to change any of these; stages read it and take no props.
// One class, for a choice of data set, version or recipe moves the other two; a training under way has its own.

import type { Recipe } from '../model/recipe.ts';
import type { Evaluation } from '../evaluate/report.ts';
import type {
  CallOptions,
  ColumnChange,
  Dataset,
  DatasetDetail,
  ImportProgress,
  Lineage,
  Model,
  Run,
  TrainProgress,
  Version,
} from '../worker/api.ts';
import { lathe, WorkerGone } from '../worker/client.ts';
import { persistence } from './shell/persistence.svelte.ts';
import { readPreference, writePreference } from './shell/preference.ts';
import { hashOf, type Route, routeOfHash, subjectsOfHash } from './shell/stages.ts';
import { Training } from './shell/training.svelte.ts';

/** An import under way. */
interface Importing {
  name: string;
  progress: ImportProgress | null;
  cancel: () => void;
}

/** A short message, and what takes back what it tells of. */
interface Notice {
  text: string;
  undo?: () => Promise<unknown>;
}

export class Session {
  stage = $state<Route>('data');
  /** what the address names after it */
  subjects = $state.raw<string[]>([]);
  /** the lists below were read once */
  ready = $state(false);

  datasets = $state.raw<Dataset[]>([]);
  datasetId = $state<string | null>(null);
  /** the data set at hand with its profile; null while it is read, or where none is chosen */
  dataset = $state.raw<DatasetDetail | null>(null);
  importing = $state.raw<Importing | null>(null);
  /** why the last import failed */
  importError = $state.raw<unknown>(null);

  /** the draft for the data set at hand; deeply reactive, so that forms bind to it. Pass on `draft()`, a plain copy */
  recipe = $state<Recipe | null>(null);
  /** why there is no recipe, such as a data set with nothing to predict */
  recipeError = $state.raw<unknown>(null);
  training = $state.raw<Training | null>(null);
  /** the last training of a challenger, and the version that it came from */
  challenge = $state.raw<{ from: Version; training: Training } | null>(null);

  versions = $state.raw<Version[]>([]);
  /** of `versions`, with the histories of their aliases */
  models = $state.raw<Model[]>([]);
  versionId = $state<string | null>(null);
  version = $derived(this.versions.find((version) => version.id === this.versionId) ?? null);
  /** of the version at hand on its test part; null until `loadEvaluation` is through */
  evaluation = $state.raw<Evaluation | null>(null);
  evaluationError = $state.raw<unknown>(null);

  /** what went wrong outside any one stage, the latest last */
  problems = $state.raw<unknown[]>([]);
  /** the latest short message, for a toast and for screen readers */
  notice = $state.raw<Notice | null>(null);

  /** run of the version that a person had score instead of the champion */
  #chosenScorer = $state<number | null>(null);
  /** of the model at hand */
  champion = $derived(
    this.versions.find(({ model, aliases }) => model === this.version?.model && aliases.includes('champion')) ?? null,
  );
  /** what Predict and Monitor score with: the champion, but for another choice; where there is none, the version at hand */
  scorer = $derived(this.version?.runId === this.#chosenScorer ? this.version : (this.champion ?? this.version));
  /** where one is, versions score */
  isScoring = $derived(this.stage === 'predict' || this.stage === 'monitor');

  /** files that wait for the Predict or the Monitor stage to score them */
  toScore = $state.raw<File[] | null>(null);

  /** files dropped now are scored by the version at hand, not imported */
  dropScores = $derived(this.isScoring && this.version !== null);
  isTraining = $derived(this.training?.state === 'running');

  // Nothing on the page follows these two.
  /* eslint-disable svelte/prefer-svelte-reactivity */
  /** Drafts of the data sets that are not at hand. */
  #drafts = new Map<string, Recipe>();
  #evaluations = new Map<string, Promise<Evaluation>>();
  /* eslint-enable svelte/prefer-svelte-reactivity */
  #trainAbort: AbortController | null = null;

  /** Reads what is kept and goes where the address says. Call once. */
  async start(): Promise<void> {
    this.stage = routeOfHash(location.hash);
    this.subjects = subjectsOfHash(location.hash);
    try {
      const [datasets, versions] = await Promise.all([lathe.datasets(), this.#readVersions()]);
      this.datasets = datasets;
      const keptVersion = readPreference('version');
      const keptDataset = readPreference('dataset');
      this.versionId = versions.find((v) => String(v.runId) === keptVersion)?.id ?? null;
      const id = datasets.find((d) => d.id === keptDataset)?.id ?? datasets[0]?.id ?? null;
      if (id) await this.selectDataset(id);
      else this.versionId ??= newest(versions)?.id ?? null;
    } catch (error) {
      await this.failToRead(error);
    }
    this.ready = true;
  }

  /** Reads the lists again: a script in the console, or another tab, has imported, trained, changed or removed. */
  async refresh(): Promise<void> {
    if (!this.ready) return;
    await this.attempt(async () => {
      const run = this.version?.runId; // it stays the same version under another name
      const [datasets, versions] = await Promise.all([lathe.datasets(), this.#readVersions()]);
      this.datasets = datasets;
      const renamed = this.version ? null : versions.find(({ runId }) => runId === run);
      if (renamed) this.#useVersion(renamed.id);
      if (this.importing) return; // it will choose
      const here = datasets.find(({ id }) => id === this.datasetId) ?? datasets[0];
      if (!here) this.datasetId = this.dataset = this.recipe = null;
      if (here && here.id !== this.datasetId) await this.selectDataset(here.id);
      else if (!this.version) this.#useVersion(newest(versions.filter((v) => v.datasetId === here?.id))?.id ?? null);
      if (here && this.dataset?.id === here.id) await this.#refreshDataset(here);
    });
  }

  /** Takes over what was changed in the data set at hand; its recipe is drafted anew where its columns were. */
  async #refreshDataset(now: Dataset): Promise<void> {
    const before = this.dataset!;
    const sameColumns = JSON.stringify(before.columns) === JSON.stringify(now.columns);
    if (sameColumns && before.name === now.name) return;
    const detail = await lathe.dataset(now.id);
    if (this.dataset !== before) return; // changed by the page itself meanwhile
    this.dataset = detail;
    if (!sameColumns) await this.suggestRecipe();
  }

  /** Goes to a stage, by the address, so that the browser's Back works. */
  go(stage: Route, ...subjects: string[]): void {
    location.hash = hashOf(stage, ...subjects);
  }

  /** Says something short that needs no answer. @param undo takes back what it tells of, at a click */
  notify(text: string, undo?: () => Promise<unknown>): void {
    this.notice = { text, undo };
  }

  /** Shows an error above the stage; what the user called off is none. */
  fail(error: unknown): void {
    if (!isAbort(error)) this.problems = [...this.problems, error];
  }

  /** As `fail`, of what the page reads by itself: an incident is told by its panel. */
  async failToRead(error: unknown): Promise<void> {
    if (!(await lathe.incident().catch(() => null))) this.fail(error);
  }

  dismiss(problem: unknown): void {
    this.problems = this.problems.filter((other) => other !== problem);
  }

  /** Runs the work and shows its error above the stage. True where it went well. */
  async attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  // Data

  async selectDataset(id: string): Promise<void> {
    this.#keepDraft();
    this.datasetId = id;
    this.dataset = null;
    this.recipe = null;
    this.recipeError = null;
    writePreference('dataset', id);
    if (this.version?.datasetId !== id) {
      this.#useVersion(newest(this.versions.filter((version) => version.datasetId === id))?.id ?? null);
    }
    try {
      const detail = await lathe.dataset(id);
      if (this.datasetId !== id) return;
      this.dataset = detail;
      await this.#draftFor(id);
    } catch (error) {
      if (this.datasetId === id) this.datasetId = null;
      this.fail(error);
    }
  }

  /** Takes files from a drop or a paste to where the stage at hand wants them. */
  receive(files: File[]): void {
    if (files.length === 0) {
      this.notify('There was no file in it. Drop a table, a zip of images, or images.');
    } else if (this.dropScores) {
      this.toScore = files;
    } else {
      this.go('data');
      void this.importFiles(files);
    }
  }

  async importFiles(files: File[]): Promise<void> {
    if (files.length === 0) return;
    const name = files.length === 1 ? files[0].name : `${files.length} files`;
    await this.#import(name, (options) => lathe.importFiles(files, options));
  }

  async importSample(id: string, title: string): Promise<void> {
    await this.#import(title, (options) => lathe.importSample(id, options));
  }

  async #import(
    name: string,
    read: (options: { signal: AbortSignal; onProgress: (progress: ImportProgress) => void }) => Promise<Dataset>,
  ): Promise<void> {
    this.importing?.cancel();
    const abort = new AbortController();
    const mine: Importing = { name, progress: null, cancel: () => abort.abort() };
    this.importing = mine;
    this.importError = null;
    const isMine = () => this.importing?.cancel === mine.cancel;
    try {
      const onProgress = (progress: ImportProgress) => {
        if (isMine()) this.importing = { ...mine, progress };
      };
      const dataset = await read({ signal: abort.signal, onProgress });
      this.datasets = await lathe.datasets();
      if (!isMine()) return;
      this.notify(`${dataset.name} is ready.`);
      await this.selectDataset(dataset.id);
    } catch (error) {
      if (isAbort(error)) this.notify('Import stopped. Nothing was kept.');
      else this.importError = error;
    } finally {
      if (isMine()) this.importing = null;
    }
  }

  /** Corrects types and roles of the data set at hand, and drafts its recipe anew. */
  async updateColumns(changes: ColumnChange[]): Promise<boolean> {
    const id = this.datasetId;
    if (!id) return false;
    return this.attempt(async () => {
      const detail = await lathe.updateColumns(id, changes);
      this.datasets = await lathe.datasets();
      this.#drafts.delete(id);
      if (this.datasetId !== id) return;
      this.dataset = detail;
      await this.suggestRecipe();
    });
  }

  async renameDataset(id: string, name: string): Promise<void> {
    await this.attempt(async () => {
      await lathe.renameDataset(id, name);
      this.datasets = await lathe.datasets();
      if (this.dataset?.id === id) this.dataset = { ...this.dataset, name };
    });
  }

  async removeDataset(id: string): Promise<void> {
    await this.attempt(async () => {
      await lathe.removeDataset(id);
      this.datasets = await lathe.datasets();
      this.#drafts.delete(id);
      if (this.datasetId !== id) return;
      this.datasetId = this.dataset = this.recipe = null;
      const next = this.datasets[0];
      if (next) await this.selectDataset(next.id);
      else writePreference('dataset', null);
    });
  }

  // Train

  /** A plain copy of the draft, as the worker takes it. */
  draft(): Recipe | null {
    return this.recipe && copyOf(this.recipe);
  }

  /** Drafts the recipe anew as Lathe would propose it; what was set for the same target and task is kept. */
  async suggestRecipe(options: { target?: string; fresh?: boolean } = {}): Promise<void> {
    const id = this.datasetId;
    if (!id) return;
    const before = options.fresh ? null : this.draft();
    this.recipeError = null;
    try {
      const suggested = await lathe.suggestRecipe(id, { target: options.target });
      if (this.datasetId !== id) return;
      const same = before?.dataset === id && before.target === suggested.target && before.task === suggested.task;
      this.recipe = same ? { ...before, columns: suggested.columns } : suggested;
    } catch (error) {
      if (this.datasetId !== id) return;
      this.recipe = null;
      this.recipeError = error;
    }
  }

  /** Takes a recipe as the draft, such as that of an earlier version, and goes to Train. */
  async useRecipe(recipe: Recipe): Promise<void> {
    if (this.datasetId !== recipe.dataset) await this.selectDataset(recipe.dataset);
    if (this.datasetId !== recipe.dataset || !this.dataset) return;
    this.recipe = structuredClone(recipe);
    this.recipeError = null;
    this.go('train');
  }

  /** Trains the draft; what comes of it is in `training`. The new version becomes the one at hand. */
  async train(model?: string): Promise<void> {
    const recipe = this.draft();
    if (!recipe || this.isTraining) return;
    const training = new Training(recipe, this.dataset?.name ?? '');
    await this.#follow(training, (options) => lathe.train(recipe, { model, ...options }));
  }

  /** Trains a recipe as the next version of the model that `from` is of, which becomes its challenger. */
  async trainChallenger(from: Version, recipe: Recipe): Promise<void> {
    if (this.isTraining) return;
    this.datasets = await lathe.datasets();
    const dataset = this.datasets.find(({ id }) => id === recipe.dataset);
    const training = new Training(recipe, dataset?.name ?? '');
    this.challenge = { from, training };
    await this.#follow(training, (options) => lathe.train(recipe, { model: from.model, ...options }));
    const { version } = training;
    if (!version) return;
    await this.attempt(async () => {
      await lathe.setAlias(version.model, 'challenger', version.number);
      await this.#readVersions();
    });
  }

  /** Goes on with a run that was cut off or failed. */
  async resumeRun(run: Run): Promise<void> {
    if (this.isTraining) return;
    const training = new Training(run.recipe, run.datasetName);
    training.runId = run.id;
    await this.#follow(training, (options) => lathe.resumeRun(run.id, options));
    if (training.begun) return;
    this.training = null; // it was refused: another tab may have been first
    this.fail(training.error);
  }

  /** A training from its begin to its end. Where its worker goes meanwhile, it is taken up once by itself. */
  async #follow(training: Training, begin: (options: CallOptions<TrainProgress>) => Promise<Version>): Promise<void> {
    this.training = training;
    this.#trainAbort = new AbortController();
    const options = { signal: this.#trainAbort.signal, onProgress: (p: TrainProgress) => training.follow(p) };
    const takeUp = (error: unknown) => {
      if (!(error instanceof WorkerGone) || training.runId === null) throw error;
      console.warn(error);
      this.notify('The worker stopped. The training goes on from its last checkpoint.');
      return lathe.resumeRun(training.runId, options);
    };
    try {
      const version = await begin(options).catch(takeUp);
      await this.#readVersions();
      training.version = version;
      training.state = 'finished';
      if (this.datasetId === version.datasetId || !this.datasetId) this.#useVersion(version.id);
      this.notify(`Training is finished: ${version.id} is kept.`);
      if (this.versions.length === 1) await this.#askToKeep();
    } catch (error) {
      training.error = isAbort(error) ? null : error;
      training.state = isAbort(error) ? 'discarded' : 'failed';
      this.notify(isAbort(error) ? 'Training discarded.' : 'Training failed.');
    }
  }

  /** With the first version there is something to lose. */
  async #askToKeep(): Promise<void> {
    await persistence.read();
    if (persistence.state !== 'not asked') return;
    this.notify('Your first version is kept. The browser is asked not to clear it by itself when the disk is full.');
    await persistence.ask();
  }

  async pauseTraining(): Promise<void> {
    await this.attempt(() => lathe.pause());
  }

  async resumeTraining(): Promise<void> {
    await this.attempt(() => lathe.resume());
  }

  /** Ends a training, of this page or another's, and keeps its best weights. */
  async stopTraining(training: Training): Promise<void> {
    training.stopping = true;
    await this.attempt(() => lathe.stop());
  }

  /** Ends the training and keeps nothing. */
  discardTraining(): void {
    this.#trainAbort?.abort();
  }

  /** Gives a run up that was cut off or failed. */
  async discardRun(id: number): Promise<void> {
    await this.attempt(() => lathe.discardRun(id));
  }

  // Evaluate and versions

  /** Makes a version the one at hand, and its data set with it where that is still there. */
  async selectVersion(id: string): Promise<void> {
    this.#useVersion(id);
    const dataset = this.version?.datasetId;
    if (dataset && dataset !== this.datasetId && this.datasets.some((other) => other.id === dataset)) {
      await this.selectDataset(dataset);
    }
  }

  /** Has a version score in Predict and Monitor, whoever is the champion. */
  async scoreWith(id: string): Promise<void> {
    await this.selectVersion(id);
    this.#chosenScorer = this.version?.runId ?? null;
  }

  /** Has the champion score again. */
  scoreWithChampion(): void {
    this.#chosenScorer = null;
  }

  /** Shows two versions side by side. By their runs, for an address is kept by the browser, and a name may be sealed. */
  compare(first: Version, second: Version): void {
    this.go('compare', String(first.runId), String(second.runId));
  }

  /** Makes a version the champion of its model. Where its gate refuses that, it is shown why. */
  async promote(version: Version, options: { note?: string; despite?: boolean } = {}): Promise<boolean> {
    const { id, model, number } = version;
    return this.attempt(async () => {
      const before = this.versions.find((other) => other.model === model && other.aliases.includes('champion'));
      const { gate } = before && !options.despite ? await lathe.judge(before.id, id) : { gate: null };
      if (before && gate?.result === 'fail') {
        this.notify(`The gate refuses ${id} in the place of ${before.id}.`);
        return this.compare(before, version);
      }
      await lathe.promote(id, options);
      await this.#readVersions();
      const undo = () => (before ? this.rollBack(model) : this.setAlias(model, 'champion', null));
      this.notify(`${model}@${number} is the champion now${before ? `; it was ${before.id}` : ''}.`, undo);
    });
  }

  /** Puts the champion back to where it was before. */
  async rollBack(model: string): Promise<boolean> {
    return this.attempt(async () => {
      const before = this.versions.find((other) => other.model === model && other.aliases.includes('champion'));
      const { id } = await lathe.rollBack(model);
      await this.#readVersions();
      this.notify(
        `Rolled back: ${id} is the champion again.`,
        before && (() => this.promote(before, { despite: true, note: 'The roll back was undone.' })),
      );
    });
  }

  async #readVersions(): Promise<Version[]> {
    const [versions, models] = await Promise.all([lathe.versions(), lathe.models()]);
    this.models = models;
    return (this.versions = versions);
  }

  async refreshVersions(): Promise<void> {
    await this.attempt(async () => {
      await this.#readVersions();
      if (this.versionId && !this.version) {
        this.#useVersion(newest(this.versions.filter((v) => v.datasetId === this.datasetId))?.id ?? null);
      }
    });
  }

  /** Changes what a person may change of a version. */
  async updateVersion(id: string, change: { note?: string; tags?: string[] }): Promise<boolean> {
    return this.attempt(async () => {
      await lathe.updateVersion(id, change);
      await this.#readVersions();
    });
  }

  /** Moves an alias to a version of its model, or takes it away (null). */
  async setAlias(model: string, alias: string, number: number | null): Promise<boolean> {
    return this.attempt(async () => {
      const before = this.versions.find((other) => other.model === model && other.aliases.includes(alias));
      await lathe.setAlias(model, alias, number);
      await this.#readVersions();
      const undo = () => this.setAlias(model, alias, before?.number ?? null);
      if (number === null) this.notify(`${alias} names no version of ${model} now.`, undo);
      else this.notify(`${alias} is ${model}@${number} now${before ? `; it was ${before.id}` : ''}.`, undo);
    });
  }

  /** From data sets to files, as it is now. */
  lineage(): Promise<Lineage> {
    return lathe.lineage();
  }

  async renameModel(model: string, name: string): Promise<boolean> {
    return this.attempt(async () => {
      const number = this.version?.model === model ? this.version.number : null;
      const renamed = await lathe.renameModel(model, name);
      await this.#readVersions();
      this.#evaluations.clear();
      const same = renamed.find((version) => version.number === number);
      if (same) this.#useVersion(same.id);
    });
  }

  async removeVersion(id: string): Promise<void> {
    await this.attempt(() => lathe.removeVersion(id));
    this.#evaluations.delete(id);
    await this.refreshVersions();
  }

  /** Reads the evaluation of the version at hand, once for each version. */
  async loadEvaluation(): Promise<void> {
    const id = this.versionId;
    if (!id) return;
    this.evaluationError = null;
    try {
      let found = this.#evaluations.get(id);
      if (!found) this.#evaluations.set(id, (found = lathe.evaluate(id, { split: 'test' })));
      const evaluation = await found;
      if (this.versionId === id) this.evaluation = evaluation;
    } catch (error) {
      this.#evaluations.delete(id);
      if (this.versionId === id) this.evaluationError = error;
    }
  }

  #useVersion(id: string | null): void {
    if (id === this.versionId) return;
    this.versionId = id;
    this.evaluation = null;
    this.evaluationError = null;
    writePreference('version', this.version && String(this.version.runId)); // never a name: it may be sealed elsewhere
  }

  #keepDraft(): void {
    const draft = this.draft();
    if (draft) this.#drafts.set(draft.dataset, draft);
  }

  async #draftFor(id: string): Promise<void> {
    const kept = this.#drafts.get(id);
    if (kept) this.recipe = kept;
    else await this.suggestRecipe({ fresh: true });
  }
}

/** A plain copy. Not `$state.snapshot`, which loses a field called `__proto__`: a class with a weight may be called so. */
function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, copyOf(field)])) as T;
}

/** What a call rejects with that was called off. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function newest(versions: Version[]): Version | undefined {
  return versions.at(-1); // not by the clock, which may have been set back
}

export const session = new Session();
