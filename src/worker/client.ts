// The page's end of Lathe: every verb of `api.ts`, sent to a worker that is started at the first call. It does no work
// of its own. The worker is started through a `blob:`, for unlike one from an http address it stays under the page's
// content security policy.

import type { Lathe } from './api.ts';
import { connect, type Connection } from './channel.ts';
import type { EngineSetup } from './context.ts';
import engineUrl from './engine.ts?worker&url';
import { createRequestLog, watchRequests, type Seen } from './requests.ts';

// Every verb once; the compiler holds this list to the interface.
const VERBS = Object.keys({
  importFiles: 1,
  importSample: 1,
  datasets: 1,
  dataset: 1,
  updateColumns: 1,
  renameDataset: 1,
  removeDataset: 1,
  rows: 1,
  images: 1,
  suggestRecipe: 1,
  suggestModels: 1,
  checkRecipe: 1,
  draft: 1,
  keepDraft: 1,
  combine: 1,
  checkUpdate: 1,
  suggestUpdate: 1,
  automatic: 1,
  setAutomatic: 1,
  train: 1,
  resumeRun: 1,
  discardRun: 1,
  pause: 1,
  resume: 1,
  stop: 1,
  runs: 1,
  run: 1,
  removeRun: 1,
  versions: 1,
  version: 1,
  updateVersion: 1,
  renameModel: 1,
  removeVersion: 1,
  models: 1,
  setAlias: 1,
  lineage: 1,
  incident: 1,
  salvage: 1,
  audit: 1,
  lastAudit: 1,
  usage: 1,
  cleanUp: 1,
  passphrase: 1,
  setPassphrase: 1,
  finishSealing: 1,
  unlock: 1,
  lock: 1,
  erase: 1,
  rawExport: 1,
  watch: 1,
  backup: 1,
  inspectBackup: 1,
  restore: 1,
  evaluate: 1,
  examples: 1,
  predictForm: 1,
  onnxPorts: 1,
  predict: 1,
  predictFile: 1,
  compare: 1,
  flippedRows: 1,
  judge: 1,
  gate: 1,
  setGate: 1,
  promote: 1,
  rollBack: 1,
  scoreBatch: 1,
  folders: 1,
  watchFolder: 1,
  forgetFolder: 1,
  batches: 1,
  batch: 1,
  batchRows: 1,
  labelBatch: 1,
  testBatch: 1,
  removeBatch: 1,
  acknowledge: 1,
  rules: 1,
  setRules: 1,
  exportMonitoring: 1,
  rulePresets: 1,
  monitorSettings: 1,
  setMonitorSettings: 1,
  exportModel: 1,
  backends: 1,
  memory: 1,
} satisfies Record<keyof Lathe, 1>) as (keyof Lathe)[];

/** Why a call was not answered: the worker is gone, by a fault or by its browser's will. What is kept is safe. */
export class WorkerGone extends Error {
  override name = 'WorkerGone';
}

export interface Client {
  lathe: Lathe;
  /** Ends the worker; calls that wait are rejected, and a later call starts a new one. */
  close(): void;
}

/**
 * A client with a worker of its own. Pages use `lathe`, below; a second client is a second tab as far as Lathe knows.
 * @param onSeen hears what the worker asked the network for
 */
export function openClient(setup: EngineSetup, onSeen: (seen: Seen) => void = () => {}): Client {
  let live: { connection: Connection<Lathe>; worker: Worker } | null = null;

  function end(error: Error): void {
    live?.worker.terminate();
    live?.connection.fail(error);
    live = null;
  }

  function start(): Connection<Lathe> {
    const { worker, gone } = startWorker();
    const { port1, port2 } = new MessageChannel();
    const connection = connect<Lathe>(port1, VERBS);
    live = { connection, worker };
    const endOf = (why: string) => {
      if (live?.worker !== worker) return;
      end(new WorkerGone(`the worker has stopped (${why}); a training goes on from its last checkpoint: resumeRun`));
    };
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      endOf(event.message || 'it could not be loaded');
    });
    void gone.then(() => endOf('the browser ended it'));
    // The port keeps what is sent meanwhile; a message to the worker itself would be lost before the engine is loaded.
    worker.addEventListener('message', ({ data }: MessageEvent<'ready' | Seen>) => {
      if (data === 'ready') worker.postMessage({ port: port2, setup }, [port2]);
      else onSeen(data);
    });
    return connection;
  }

  const call =
    (verb: keyof Lathe) =>
    (...args: never[]) => {
      const { verbs } = live?.connection ?? start();
      return (verbs[verb] as (...args: never[]) => Promise<unknown>)(...args);
    };
  return {
    lathe: Object.fromEntries(VERBS.map((verb) => [verb, call(verb)])) as unknown as Lathe,
    close: () => end(new Error('the worker was closed')),
  };
}

/** What the page and its workers asked the network for, from the first moment on. */
export const requests = createRequestLog();
if (globalThis.document) watchRequests('page', requests.add);

/** Every verb of Lathe, as `api.ts` describes them. */
export const { lathe } = openClient({ baseURI: globalThis.document?.baseURI, database: 'lathe' }, requests.add);

/** `gone` resolves when the worker is no more, which no event tells: it holds a lock as long as it lives. */
function startWorker(): { worker: Worker; gone: Promise<unknown> } {
  const engine = JSON.stringify(new URL(engineUrl, document.baseURI).href);
  const lock = `worker ${Math.random()} ${Date.now()}`; // no other's in any tab
  // A rejected import tells the page nothing; thrown outside the promise, it reaches the worker's error event.
  const bootstrap = `
    const alive = (granted) => navigator.locks.request('${lock}', () => (granted(), new Promise(() => {})));
    const begun = navigator.locks ? new Promise(alive) : Promise.resolve();
    begun.then(() => import(${engine})).catch((error) => setTimeout(() => { throw error; }));`;
  const url = URL.createObjectURL(new Blob([bootstrap], { type: 'text/javascript' }));
  const worker = new Worker(url, { type: 'module', name: 'lathe' });
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the worker reads it after this returns
  const ready = new Promise((resolve) => worker.addEventListener('message', resolve, { once: true }));
  const gone = ready.then(() => navigator.locks?.request(lock, async () => {}) ?? new Promise(() => {}));
  return { worker, gone };
}
