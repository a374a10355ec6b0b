// The folders that are looked into while the page is open, whichever stage is shown: what is known of each, and the levers.
// A folder that the browser still lets be read is looked into from the start; any other waits for a click.

import type { FolderNews } from '../../worker/api.ts';
import { lathe, WorkerGone } from '../../worker/client.ts';
import { session } from '../session.svelte.ts';

/** After the worker went, before a new one looks. */
const AGAIN_MS = 1000;

/** What a handle has beyond the standard's types; OPFS' and Firefox' handles lack it. */
type Handle = FileSystemDirectoryHandle &
  Partial<Record<'queryPermission' | 'requestPermission', (query: { mode: 'read' }) => Promise<PermissionState>>>;

export interface Watch {
  handle: Handle;
  /** null: not looked into, permission is needed */
  abort: AbortController | null;
  news: FolderNews | null;
  /** why it is not looked into any more */
  error: unknown;
}

class Folders {
  /** by model */
  watches = $state.raw<ReadonlyMap<string, Watch>>(new Map());
  /** goes up with each batch that came out of a folder */
  batches = $state(0);

  /** Call once, when the page has been opened. */
  async start(): Promise<void> {
    for (const { model, handle } of await lathe.folders()) {
      this.#set(model, { handle, abort: null, news: null, error: null });
      const allowed = (await (handle as Handle).queryPermission?.({ mode: 'read' })) ?? 'granted';
      if (allowed === 'granted') this.#look(model, handle);
    }
  }

  /** Those that are not looked into, as they are kept now: a model may have been given another name. */
  async refresh(): Promise<void> {
    const kept = await lathe.folders();
    const looking = [...this.watches].filter(([, { abort }]) => abort !== null);
    const resting = kept.map(({ model, handle }): [string, Watch] => {
      const error = this.watches.get(model)?.error ?? null;
      return [model, { handle, abort: null, news: null, error }];
    });
    this.watches = new Map([...resting, ...looking]);
  }

  /** Asks for a folder and looks into it. Call within a click. */
  async choose(model: string): Promise<void> {
    const pick = (window as unknown as { showDirectoryPicker: (options: object) => Promise<Handle> }).showDirectoryPicker; // prettier-ignore
    const handle = await pick({ id: 'lathe-batches', mode: 'read' }).catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'AbortError') return null; // nothing was chosen
      throw error;
    });
    if (!handle) return;
    this.watches.get(model)?.abort?.abort();
    this.#look(model, handle);
  }

  /** Looks into a folder again after a reload or an error. Call within a click, as the browser may ask. */
  async resume(model: string): Promise<void> {
    const { handle, abort } = this.watches.get(model)!;
    const answer = (await handle.requestPermission?.({ mode: 'read' })) ?? 'granted';
    abort?.abort();
    if (answer === 'granted') this.#look(model, handle);
    else session.notify(`The browser does not let Lathe read ${handle.name}.`);
  }

  /** Looks no more, and forgets the folder; its batches stay. */
  async stop(model: string): Promise<void> {
    this.watches.get(model)?.abort?.abort();
    this.watches = new Map([...this.watches].filter(([name]) => name !== model));
    await lathe.forgetFolder(model);
  }

  #set(model: string, watch: Watch): void {
    this.watches = new Map([...this.watches, [model, watch]]);
  }

  #look(model: string, handle: Handle): void {
    const abort = new AbortController();
    const isMine = () => this.watches.get(model)?.abort === abort;
    const change = (to: Partial<Watch>) => isMine() && this.#set(model, { ...this.watches.get(model)!, ...to });
    this.#set(model, { handle, abort, news: null, error: null });
    const onProgress = (news: FolderNews) => {
      if (news.model !== model && isMine()) {
        const rest = [...this.watches].filter(([name]) => name !== model && name !== news.model);
        this.watches = new Map([...rest, [news.model, this.watches.get(model)!]]);
        ({ model } = news);
      }
      if (news.batches.length > (this.watches.get(model)?.news?.batches.length ?? 0)) this.batches++;
      change({ news });
    };
    const run = async () => {
      while (!abort.signal.aborted) {
        try {
          await lathe.watchFolder(model, handle, { signal: abort.signal, onProgress });
        } catch (error) {
          if (abort.signal.aborted) return;
          if (!(error instanceof WorkerGone)) return void change({ abort: null, error });
          await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
        }
      }
    };
    void run();
  }
}

export const folders = new Folders();
