// What the page and the service worker say to each other. Types only.

/** A question of the page; the answer comes on the port that goes with it. */
export type Question =
  /** what is saved: answered by `Saved` */
  | 'saved'
  /** to take the place of the older build that is in use: answered by `TakeOver` */
  | 'take over';

export interface Saved {
  files: number;
  bytes: number;
}

export interface TakeOver {
  /** other windows that still run the older build; it takes over where there are none */
  others: number;
}

/** Said to every window while a build is being saved. */
export type News =
  | {
      kind: 'file';
      url: string;
      bytes: number;
      /** asked of the host, and not found in what was saved before */
      fetched: boolean;
      done: Saved;
      of: Saved;
    }
  | { kind: 'failed'; why: string };
