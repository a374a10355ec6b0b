// Whether what is kept is sealed under a passphrase, and whether this tab was given it. A tab that gets locked is loaded
// anew: nothing of what it knew stays in its memory.

import type { CallOptions, PassphraseState, SealingProgress } from '../../worker/api.ts';
import { lathe } from '../../worker/client.ts';
import { session } from '../session.svelte.ts';

class Passphrase {
  /** it was looked at once */
  known = $state(false);
  /** what is under way, and how far it is; null where nothing is */
  working = $state.raw<{ label: string; progress: SealingProgress | null } | null>(null);
  /** the session reads what is kept */
  #begun = false;
  #now = $state.raw<PassphraseState>({ state: 'none', locked: false });

  get state(): PassphraseState['state'] {
    return this.#now.state;
  }
  get locked(): boolean {
    return this.#now.locked;
  }

  /** Looks, and has the session begin where what is kept can be read. */
  async start(): Promise<void> {
    await this.read();
    this.known = true;
    this.#begin();
  }

  /** Looks again. True where that went well. */
  read(): Promise<boolean> {
    return session.attempt(async () => {
      this.#now = await lathe.passphrase();
    });
  }

  /** What was cut off goes on. @throws UserError where the passphrase is wrong */
  async unlock(passphrase: string): Promise<void> {
    await lathe.unlock(passphrase);
    await this.look();
    if (this.isCutOff) void this.goOn();
  }

  /** Sealing, or unsealing, was cut off. */
  get isCutOff(): boolean {
    return this.state === 'sealing' || this.state === 'unsealing';
  }

  goOn(): Promise<boolean> {
    const label = this.state === 'sealing' ? 'Sealing' : 'Unsealing';
    return this.run(label, (options) => lathe.finishSealing(options));
  }

  /** Carries out what takes a while, and shows its error above the stage. True where it went well. */
  async run(label: string, work: (options: CallOptions<SealingProgress>) => Promise<void>): Promise<boolean> {
    this.working = { label, progress: null };
    const done = await session.attempt(() => work({ onProgress: (progress) => (this.working = { label, progress }) }));
    await this.read();
    this.working = null;
    return done;
  }

  #begin(): void {
    if (this.locked || this.#begun) return;
    this.#begun = true;
    void session.start();
  }

  /** Looks again, as something has become of it, or of the worker. */
  async look(): Promise<void> {
    await this.read();
    if (this.locked && this.#begun) location.reload();
    else this.#begin();
  }
}

export const passphrase = new Passphrase();
