// Calls in their order, though the first of them may take a while before the others may begin: a first step is played
// kernel by kernel as they are compiled, and what is asked for meanwhile must come after it. Otherwise nothing waits.

export class Turns {
  #first: Promise<unknown> | null = null;
  #waiting = 0;

  /** Does a job that holds back what is asked for before it has ended; where one is held back already, it waits too. */
  first<T>(job: () => Promise<T>): Promise<T> {
    if (this.#first) return this.take(job);
    const done = job();
    this.#first = done.catch(() => {}).then(() => this.#free());
    return done;
  }

  /** Does a job at once, or as soon as nothing holds it back. */
  take<T>(job: () => Promise<T>): Promise<T> {
    if (!this.#first) return job();
    this.#waiting++;
    return this.#first.then(() => {
      this.#waiting--;
      this.#free();
      return job();
    });
  }

  #free(): void {
    if (this.#waiting === 0) this.#first = null;
  }
}
