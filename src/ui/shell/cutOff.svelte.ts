// The run that was cut off with its page or its browser, while it waits for a word: to be taken up, discarded or put off.
// Who wants it has such a run taken up by itself as the page opens.

import type { Run } from '../../worker/api.ts';
import { lathe } from '../../worker/client.ts';
import { session } from '../session.svelte.ts';
import { readPreference, writePreference } from './preference.ts';

class CutOff {
  /** the latest that can go on and was not put off */
  run = $state.raw<Run | null>(null);
  #byItself = $state(readPreference('resume') === 'by itself');
  #opening = true;

  /** Whether such a run is taken up without a word. */
  get byItself(): boolean {
    return this.#byItself;
  }
  set byItself(value: boolean) {
    this.#byItself = value;
    writePreference('resume', value ? 'by itself' : null);
  }

  /** Looks for one. The first time in a visit it may be taken up at once. */
  async look(): Promise<void> {
    const opening = this.#opening;
    this.#opening = false;
    const runs = await lathe.runs({ state: 'interrupted' });
    const run = runs.findLast(({ resumable }) => resumable !== null) ?? null;
    const putOff = Number(readPreference('put off') ?? 0);
    this.run = run && run.id > putOff ? run : null;
    if (opening && this.byItself && this.run) await this.#resumeByItself(this.run);
  }

  async resume(): Promise<void> {
    const { run } = this;
    if (!run) return;
    this.run = null;
    await session.trainings.resumeRun(run);
  }

  /** In one tab only, of those that a browser opens at once. */
  async #resumeByItself(run: Run): Promise<void> {
    await navigator.locks.request('take up', { ifAvailable: true }, async (lock) => {
      if (!lock) this.run = null;
      else if (!tried(run)) await this.resume();
    });
  }

  async discard(): Promise<void> {
    const { run } = this;
    if (!run) return;
    this.run = null;
    await session.trainings.discardRun(run.id);
  }

  /** Says no more of it; it stays among the runs of Train. */
  putOff(): void {
    if (this.run) writePreference('put off', String(this.run.id));
    this.run = null;
  }
}

/** Whether this checkpoint was taken up by itself before: a training that ends its tab must not do so for ever. */
function tried({ id, resumable }: Run): boolean {
  const mark = `${id} ${resumable?.savedAt ?? ''}`;
  if (readPreference('taken up') === mark) return true;
  writePreference('taken up', mark);
  return false;
}

export const cutOff = new CutOff();
