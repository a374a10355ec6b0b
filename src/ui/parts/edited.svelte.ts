// What is read, edited in place and saved as a whole, such as the rules of a model.

import { ask } from './ask.ts';

export class Edited<T> {
  /** null until it is read; forms bind to it */
  value = $state<T | null>(null);
  /** it was edited since it was read or saved */
  changed = $state(false);
  saving = $state(false);
  /** why it was not read or not saved */
  error = $state.raw<unknown>(null);

  /** For an effect, which reads it anew where it has run again. */
  read(question: Promise<T>): () => void {
    return ask(
      question,
      (answer) => this.take(answer),
      (reason) => (this.error = reason),
    );
  }

  /** Takes over what is kept. */
  take(value: T): void {
    this.value = value;
    this.changed = false;
  }

  /** Runs what saves it. True where it went well. */
  async save(write: () => Promise<unknown>): Promise<boolean> {
    this.saving = true;
    this.error = null;
    try {
      await write();
      this.changed = false;
      return true;
    } catch (reason) {
      this.error = reason;
      return false;
    } finally {
      this.saving = false;
    }
  }
}
