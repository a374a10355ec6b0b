// The names that move from version to version of a model, the champion's before all. Each move can be undone.

import type { Version } from '../../worker/api.ts';
import { lathe } from '../../worker/client.ts';
import type { Session } from '../session.svelte.ts';

export class Aliases {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Makes a version the champion of its model. Where its gate refuses that, it is shown why. */
  async promote(version: Version, options: { note?: string; despite?: boolean } = {}): Promise<boolean> {
    const { id, model, number } = version;
    const { versions } = this.#session;
    return this.#session.attempt(async () => {
      const before = versions.named(model, 'champion');
      const { gate } = before && !options.despite ? await lathe.judge(before.id, id) : { gate: null };
      if (before && gate?.result === 'fail') {
        this.#session.notify(`The gate refuses ${id} in the place of ${before.id}.`);
        return versions.compare(before, version);
      }
      await lathe.promote(id, options);
      await versions.read();
      const undo = () => (before ? this.rollBack(model) : this.set(model, 'champion', null));
      this.#session.notify(`${model}@${number} is the champion now${before ? `; it was ${before.id}` : ''}.`, undo);
    });
  }

  /** Puts the champion back to where it was before. */
  async rollBack(model: string): Promise<boolean> {
    const { versions } = this.#session;
    return this.#session.attempt(async () => {
      const before = versions.named(model, 'champion');
      const { id } = await lathe.rollBack(model);
      await versions.read();
      this.#session.notify(
        `Rolled back: ${id} is the champion again.`,
        before && (() => this.promote(before, { despite: true, note: 'The roll back was undone.' })),
      );
    });
  }

  /** Moves an alias to a version of its model, or takes it away (null). */
  async set(model: string, alias: string, number: number | null): Promise<boolean> {
    const { versions } = this.#session;
    return this.#session.attempt(async () => {
      const before = versions.named(model, alias);
      await lathe.setAlias(model, alias, number);
      await versions.read();
      const undo = () => this.set(model, alias, before?.number ?? null);
      if (number === null) this.#session.notify(`${alias} names no version of ${model} now.`, undo);
      else this.#session.notify(`${alias} is ${model}@${number} now${before ? `; it was ${before.id}` : ''}.`, undo);
    });
  }
}
