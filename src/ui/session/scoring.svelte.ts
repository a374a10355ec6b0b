// What Predict and Monitor score with, and the files that wait for it.

import type { Version } from '../../worker/api.ts';
import type { Session } from '../session.svelte.ts';

export class Scoring {
  /** run of the version that a person had score instead of the champion */
  #chosen = $state<number | null>(null);
  /** files that wait for the Predict or the Monitor stage to score them */
  files = $state.raw<File[] | null>(null);
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** What scores: the champion, but for another choice; where there is none, the version at hand. */
  get version(): Version | null {
    const { current, champion } = this.#session.versions;
    return current?.runId === this.#chosen ? current : (champion ?? current);
  }

  /** Where one is, versions score. */
  get isHere(): boolean {
    return this.#session.stage === 'predict' || this.#session.stage === 'monitor';
  }

  /** Files dropped now are scored by the version at hand, not imported. */
  get takesDrops(): boolean {
    return this.isHere && this.#session.versions.current !== null;
  }

  /** Has a version score, whoever is the champion. */
  async choose(id: string): Promise<void> {
    const { versions } = this.#session;
    await versions.select(id);
    this.#chosen = versions.current?.runId ?? null;
  }

  /** Has the champion score again. */
  chooseChampion(): void {
    this.#chosen = null;
  }
}
