// The rows near where one looks, fetched a page at a time; far pages are forgotten.

import { SvelteMap } from 'svelte/reactivity';
import type { Row } from '../../data/table.ts';
import { lathe } from '../../worker/client.ts';

const PAGE = 200;
const MAX_PAGES = 24;

export class RowCache {
  readonly #datasetId: string;
  readonly #fail: (error: unknown) => void;
  #pages = new SvelteMap<number, Row[]>();
  #asked = new Set<number>();

  /** @param fail told of a page that could not be read */
  constructor(datasetId: string, fail: (error: unknown) => void) {
    this.#datasetId = datasetId;
    this.#fail = fail;
  }

  /** The row, or undefined while its page is on the way. */
  row(index: number): Row | undefined {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** Sees to it that these rows come. */
  want(start: number, end: number): void {
    for (let page = Math.floor(start / PAGE); page * PAGE < end; page++) {
      if (!this.#asked.has(page)) void this.#fetch(page);
    }
  }

  async #fetch(page: number): Promise<void> {
    this.#asked.add(page);
    try {
      const { rows } = await lathe.rows(this.#datasetId, { offset: page * PAGE, limit: PAGE });
      this.#pages.set(page, rows);
      const [oldest] = this.#pages.keys();
      if (this.#pages.size > MAX_PAGES) {
        this.#pages.delete(oldest);
        this.#asked.delete(oldest);
      }
    } catch (error) {
      this.#asked.delete(page);
      this.#fail(error);
    }
  }
}
