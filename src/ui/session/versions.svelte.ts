// The session's versions: which there are, which is at hand, and how that one did on its test part.

import type { Evaluation } from '../../evaluate/report.ts';
import type { Model, Version } from '../../worker/api.ts';
import { lathe } from '../../worker/client.ts';
import type { Session } from '../session.svelte.ts';
import { writePreference } from '../shell/preference.ts';

export class Versions {
  /** in the order in which they were trained */
  all = $state.raw<Version[]>([]);
  /** of `all`, with the histories of their aliases */
  models = $state.raw<Model[]>([]);
  currentId = $state<string | null>(null);
  /** the one at hand */
  current = $derived(this.all.find(({ id }) => id === this.currentId) ?? null);
  /** of the model at hand */
  champion = $derived(this.current && (this.named(this.current.model, 'champion') ?? null));
  /** of the version at hand on its test part; null until `loadEvaluation` is through */
  evaluation = $state.raw<Evaluation | null>(null);
  evaluationError = $state.raw<unknown>(null);
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing on the page follows it
  readonly #evaluations = new Map<string, Promise<Evaluation>>();
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async read(): Promise<void> {
    const [versions, models] = await Promise.all([lathe.versions(), lathe.models()]);
    this.models = models;
    this.all = versions;
  }

  /** The version of a model that an alias names. */
  named(model: string, alias: string): Version | undefined {
    return this.all.find((version) => version.model === model && version.aliases.includes(alias));
  }

  /** Makes a version the one at hand, and its data set with it where that is still there. */
  async select(id: string): Promise<void> {
    const { datasets } = this.#session;
    this.use(id);
    const dataset = this.current?.datasetId;
    if (dataset && dataset !== datasets.currentId && datasets.all.some((other) => other.id === dataset)) {
      await datasets.select(dataset);
    }
  }

  /** As `select`, but leaves the data set at hand as it is. */
  use(id: string | null): void {
    if (id === this.currentId) return;
    this.currentId = id;
    this.evaluation = null;
    this.evaluationError = null;
    writePreference('version', this.current && String(this.current.runId)); // never a name: it may be sealed elsewhere
  }

  /** The newest by its place in the list, not by the clock, which may have been set back. */
  useNewestOf(datasetId: string | null): void {
    this.use(this.all.findLast((version) => version.datasetId === datasetId)?.id ?? null);
  }

  /** Reads the evaluation of the version at hand, once for each version. */
  async loadEvaluation(): Promise<void> {
    const id = this.currentId;
    if (!id) return;
    this.evaluationError = null;
    try {
      let found = this.#evaluations.get(id);
      if (!found) this.#evaluations.set(id, (found = lathe.evaluate(id, { split: 'test' })));
      const evaluation = await found;
      if (this.currentId === id) this.evaluation = evaluation;
    } catch (error) {
      this.#evaluations.delete(id);
      if (this.currentId === id) this.evaluationError = error;
    }
  }

  /** Shows two versions side by side. By their runs, for an address is kept by the browser, and a name may be sealed. */
  compare(first: Version, second: Version): void {
    this.#session.go('compare', String(first.runId), String(second.runId));
  }

  /** Changes what a person may change of a version. */
  async update(id: string, change: { note?: string; tags?: string[] }): Promise<boolean> {
    return this.#session.attempt(async () => {
      await lathe.updateVersion(id, change);
      await this.read();
    });
  }

  async renameModel(model: string, name: string): Promise<boolean> {
    return this.#session.attempt(async () => {
      const number = this.current?.model === model ? this.current.number : null;
      const renamed = await lathe.renameModel(model, name);
      await this.read();
      this.#evaluations.clear();
      const same = renamed.find((version) => version.number === number);
      if (same) this.use(same.id);
    });
  }

  async remove(id: string): Promise<void> {
    await this.#session.attempt(() => lathe.removeVersion(id));
    this.#evaluations.delete(id);
    await this.#session.attempt(async () => {
      await this.read();
      if (this.currentId && !this.current) this.useNewestOf(this.#session.datasets.currentId);
    });
  }
}
