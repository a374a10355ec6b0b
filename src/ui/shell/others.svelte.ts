// What others do to the workspace while this page is open: another tab, a script in the console, a newer Lathe. The page
// shows it as it happens, and a training of theirs as its own, but for what only its owner can do.

import type { Kind, LatheEvent, StorageState, TrainingNews } from '../../worker/api.ts';
import { lathe, WorkerGone } from '../../worker/client.ts';
import { session } from '../session.svelte.ts';
import { passphrase } from './passphrase.svelte.ts';
import { Training } from './training.svelte.ts';

/** Changes come in bursts; the lists are read once for each. */
const SETTLE_MS = 250;
/** What the page has lists of. */
const LISTED: Kind[] = ['dataset', 'version', 'model'];
/** After the worker went, before a new one is asked. */
const WATCH_AGAIN_MS = 1000;

class Others {
  /** a training that this page did not begin, also when it has ended */
  training = $state.raw<Training | null>(null);
  storage = $state<StorageState>('open');
  /** goes up with each word of it */
  storageNews = $state(0);
  /** goes up when runs were changed, or their training has ended */
  runs = $state(0);
  /** goes up when anything else that the page shows was changed */
  changes = $state(0);
  /** news of a training whose run is being read */
  #waiting: TrainingNews[] | null = null;
  #settling = false;

  /** Watches as long as the page is open. Call once. */
  async watch(): Promise<void> {
    for (;;) {
      try {
        await lathe.watch({ onProgress: (event) => this.#hear(event) });
      } catch (error) {
        if (!(error instanceof WorkerGone)) return session.fail(error);
        await new Promise((resolve) => setTimeout(resolve, WATCH_AGAIN_MS));
        await passphrase.look(); // a new worker was not given it
        void session.refresh(); // nobody told of what was changed meanwhile
      }
    }
  }

  /** One that goes on and is not this page's. */
  get isTraining(): boolean {
    return this.training?.running ?? false;
  }

  #hear(event: LatheEvent): void {
    if (event.kind === 'storage') {
      this.storage = event.state;
      this.storageNews++;
    } else if (event.kind === 'changed') this.#change(event.kinds);
    else if (event.kind === 'passphrase') void passphrase.look();
    else if (event.kind === 'training') this.#follow(event.news, event.here);
    else void session.attempt(() => this.#end(event.runId));
  }

  #change(kinds: Kind[]): void {
    // those of a training under way are written all the time
    if (kinds.includes('run') && !this.isTraining && !session.isTraining) this.runs++;
    if (!kinds.some((kind) => LISTED.includes(kind))) return;
    if (this.#settling) return;
    this.#settling = true;
    setTimeout(() => {
      this.#settling = false;
      this.changes++;
      void session.refresh();
    }, SETTLE_MS);
  }

  #follow(news: TrainingNews, here: boolean): void {
    if (here && session.isTraining) {
      this.training = null; // the session's own comes after it
      return;
    }
    if (this.training?.runId === news.runId && this.isTraining) this.training.hear(news);
    else if (this.#waiting?.[0].runId === news.runId) this.#waiting.push(news);
    else if (news.after === 0) void session.attempt(() => this.#begin(news, here));
  }

  async #begin(news: TrainingNews, here: boolean): Promise<void> {
    const waiting = (this.#waiting = [news]);
    const { recipe, datasetName, by } = await lathe.run(news.runId);
    if (this.#waiting !== waiting) return; // it has ended, or there is another
    this.#waiting = null;
    if (by === 'rule') session.notify('An alert has begun an update of the model. It is trained now.');
    const training = new Training(recipe, datasetName, here ? (by ?? 'script') : 'tab');
    for (const each of waiting) training.hear(each);
    this.training = training;
  }

  /** What became of a training is said by its run; one that was cut off is offered for taking up instead. */
  async #end(runId: number): Promise<void> {
    if (this.#waiting?.[0].runId === runId) this.#waiting = null;
    const { training } = this;
    if (training?.runId === runId && training.running) {
      const run = await lathe.run(runId).catch(() => null); // it may have been removed at once
      if (run?.state === 'finished' && run.versionId) {
        training.version = await lathe.version(run.versionId);
        training.state = 'finished';
      } else if (run?.state === 'failed') {
        training.error = Object.assign(new Error(run.error ?? ''), { name: 'UserError' });
        training.state = 'failed';
      } else if (run?.state === 'stopped') training.state = 'discarded';
      else this.training = null;
    }
    this.runs++;
  }
}

export const others = new Others();
