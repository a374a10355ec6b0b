// What the engine's verbs share: where things are kept, where the page lies, what is training, and one queue for
// whatever computes, so that no two calls use TensorFlow.js at a time and none changes the backend under another.

import type { Table } from '../data/table.ts';
import type { Recipe } from '../model/recipe.ts';
import { createWorkspace, type Workspace } from '../store/workspace.ts';
import { createCache, type Cache } from './cache.ts';
import type { Costs } from './costs.ts';
import type { Compared } from './engineCompare.ts';
import { createEvents, type Events } from './events.ts';
import { followOthers } from './trainingNews.ts';

/** What the engine must be told, as a worker from a blob has no address of its own. */
export interface EngineSetup {
  /** the address of the page; the samples are found from it */
  baseURI: string;
  /** name of the workspace: of its database and its folder */
  database: string;
}

/** The training in progress and its levers. */
export interface Training {
  recipe: Recipe;
  /** for people: `iris (run 3)` */
  name: string;
  /** null until it has its number */
  runId: number | null;
  /** it holds the backend: predictions may use that one, not another */
  computing: boolean;
  /** resolves when it is over, however it ended */
  ended: Promise<void>;
  /** tells those who watch all of where it stands */
  tell(): void;
  pause(): void;
  resume(): void;
  stop(): void;
}

/** What a version says of the rows of one part: probabilities [rows, classes], or values [rows] in the target's unit. */
export interface Predicted {
  /** [rows]; row numbers in the data set */
  rows: Int32Array;
  outputs: Float32Array;
}

export interface Context {
  workspace: Workspace;
  events: Events;
  setup: EngineSetup;
  /** what trains in this worker now */
  training: Training | null;
  /** number of the run in another tab, as far as one is heard of */
  elsewhere: () => number | null;
  /** Runs `task` after every earlier one has ended. */
  compute<T>(task: () => Promise<T>): Promise<T>;
  /** called when batches were changed by this worker */
  onBatches: () => void;
  /** by data set and types */
  tables: Cache<Table>;
  /** by data set and size: resized images, 0..255 */
  pixels: Cache<Uint8Array>;
  /** by run and part */
  predictions: Cache<Predicted>;
  /** by the runs of two versions and the rows */
  comparisons: Cache<Compared>;
  /** by the runs of two versions */
  costs: Cache<Costs>;
}

export function createContext(setup: EngineSetup): Context {
  let last: Promise<unknown> = Promise.resolve();
  const workspace = createWorkspace(setup.database);
  const events = createEvents(setup.database);
  workspace.onCommitted = (kinds) => {
    events.emit({ kind: 'changed', kinds }, { everywhere: true });
    if (kinds.includes('batch')) context.onBatches();
  };
  workspace.onBlocked = () => {
    events.emit({ kind: 'storage', state: 'blocked' });
    const opened = () => events.emit({ kind: 'storage', state: 'open' });
    workspace.open().then(opened, opened);
  };
  workspace.onDoubt = () => events.emit({ kind: 'storage', state: 'doubtful' });
  workspace.onWanted = (letGo) => {
    const { training } = context;
    if (!training) return letGo();
    events.emit({ kind: 'storage', state: 'wanted' });
    void training.ended.then(letGo);
  };
  workspace.onSuperseded = () => events.emit({ kind: 'storage', state: 'superseded' });
  events.onWish = (wish, runId) => {
    const { training } = context;
    if (training && (runId === null || runId === training.runId)) training[wish]();
  };
  const tables: Context['tables'] = createCache(2);
  const pixels: Context['pixels'] = createCache(1);
  const predictions: Context['predictions'] = createCache(8);
  const comparisons: Context['comparisons'] = createCache(4);
  const costs: Context['costs'] = createCache(4);
  events.follow((event) => {
    if (event.kind === 'changed') void workspace.reconsider(); // while there is an incident nothing but its end changes anything
    if (event.kind !== 'passphrase' || !event.lock) return;
    void workspace.lock();
    for (const cache of [tables, pixels, predictions, comparisons, costs]) cache.forget('');
  });
  const context: Context = {
    workspace,
    events,
    setup,
    training: null,
    elsewhere: followOthers(events, setup.database),
    compute(task) {
      const result = last.then(task);
      last = result.catch(() => {}); // whoever asked for it is told; the next one goes on
      return result;
    },
    onBatches: () => {},
    tables,
    pixels,
    predictions,
    comparisons,
    costs,
  };
  return context;
}

/** Tells every tab that the passphrase is another, or, with `lock`, that whoever was unlocked is not any more. */
export function tellLocked({ events }: Context, lock: boolean): void {
  events.emit({ kind: 'passphrase', lock }, { everywhere: true });
}
