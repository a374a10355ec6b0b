// The session's data sets: which there are, which is at hand, and an import under way.

import { isAbort } from '../../base/errors.ts';
import type { CallOptions, ColumnChange, Dataset, DatasetDetail, ImportProgress } from '../../worker/api.ts';
import { lathe } from '../../worker/client.ts';
import type { Session } from '../session.svelte.ts';
import { writePreference } from '../shell/preference.ts';

/** An import under way. */
interface Importing {
  name: string;
  progress: ImportProgress | null;
  cancel: () => void;
}

export class Datasets {
  all = $state.raw<Dataset[]>([]);
  /** of the one at hand; null where none is chosen */
  currentId = $state<string | null>(null);
  /** the one at hand with its profile; null while it is read */
  current = $state.raw<DatasetDetail | null>(null);
  importing = $state.raw<Importing | null>(null);
  /** why the last import failed */
  importError = $state.raw<unknown>(null);
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async read(): Promise<void> {
    this.all = await lathe.datasets();
  }

  /** Makes a data set the one at hand, with its draft, and with its newest version where the one at hand is not of it. */
  async select(id: string): Promise<void> {
    const { draft, versions } = this.#session;
    draft.putAside();
    this.currentId = id;
    this.current = null;
    writePreference('dataset', id);
    if (versions.current?.datasetId !== id) versions.useNewestOf(id);
    try {
      const detail = await lathe.dataset(id);
      if (this.currentId !== id) return;
      this.current = detail;
      await draft.takeUp(id);
    } catch (error) {
      if (this.currentId === id) this.currentId = null;
      this.#session.fail(error);
    }
  }

  /** There is none left to be at hand. */
  selectNone(): void {
    this.currentId = this.current = null;
    this.#session.draft.recipe = null;
  }

  /** Takes over what others changed in the data set at hand; its recipe is drafted anew where its columns were. */
  async follow(now: Dataset): Promise<void> {
    const before = this.current;
    if (before?.id !== now.id) return;
    const sameColumns = JSON.stringify(before.columns) === JSON.stringify(now.columns);
    if (sameColumns && before.name === now.name) return;
    const detail = await lathe.dataset(now.id);
    if (this.current !== before) return; // changed by the page itself meanwhile
    this.current = detail;
    if (!sameColumns) await this.#session.draft.suggest();
  }

  async importFiles(files: File[]): Promise<void> {
    if (files.length === 0) return;
    const name = files.length === 1 ? files[0].name : `${files.length} files`;
    await this.#import(name, (options) => lathe.importFiles(files, options));
  }

  async importSample(id: string, title: string): Promise<void> {
    await this.#import(title, (options) => lathe.importSample(id, options));
  }

  async #import(name: string, read: (options: CallOptions<ImportProgress>) => Promise<Dataset>): Promise<void> {
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
      await this.read();
      if (!isMine()) return;
      this.#session.notify(`${dataset.name} is ready.`);
      await this.select(dataset.id);
    } catch (error) {
      if (isAbort(error)) this.#session.notify('Import stopped. Nothing was kept.');
      else this.importError = error;
    } finally {
      if (isMine()) this.importing = null;
    }
  }

  /** Corrects types and roles of the data set at hand, and drafts its recipe anew. */
  async updateColumns(changes: ColumnChange[]): Promise<boolean> {
    const id = this.currentId;
    if (!id) return false;
    const { draft } = this.#session;
    const chosen = changes.some(({ name }) => name === draft.recipe?.target) ? undefined : draft.recipe?.target;
    return this.#session.attempt(async () => {
      const detail = await lathe.updateColumns(id, changes);
      await this.read();
      draft.forget(id);
      if (this.currentId !== id) return;
      this.current = detail;
      // a column that was named for it takes the place of a target chosen before
      const target = changes.some(({ role }) => role === 'target') ? undefined : chosen;
      await draft.suggest({ target });
    });
  }

  async rename(id: string, name: string): Promise<void> {
    await this.#session.attempt(async () => {
      await lathe.renameDataset(id, name);
      await this.read();
      if (this.current?.id === id) this.current = { ...this.current, name };
    });
  }

  async remove(id: string): Promise<void> {
    await this.#session.attempt(async () => {
      await lathe.removeDataset(id);
      await this.read();
      this.#session.draft.forget(id);
      if (this.currentId !== id) return;
      this.selectNone();
      const next = this.all[0];
      if (next) await this.select(next.id);
      else writePreference('dataset', null);
    });
  }
}
