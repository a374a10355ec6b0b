// The page's end of Lathe: every verb of `api.ts`, sent to a worker that is started at the first call. It does no work
// of its own. The worker is started through a `blob:`, for unlike one from an http address it stays under the page's
// content security policy.

import type { Lathe } from './api.ts';
import { connect, type Connection } from './channel.ts';
import type { EngineSetup } from './context.ts';
import engineUrl from './engine.ts?worker&url';

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
  checkRecipe: 1,
  train: 1,
  pause: 1,
  resume: 1,
  stop: 1,
  runs: 1,
  removeRun: 1,
  versions: 1,
  version: 1,
  updateVersion: 1,
  renameModel: 1,
  removeVersion: 1,
  evaluate: 1,
  examples: 1,
  predictForm: 1,
  predict: 1,
  predictFile: 1,
  exportModel: 1,
  backends: 1,
  memory: 1,
} satisfies Record<keyof Lathe, 1>) as (keyof Lathe)[];

export interface Client {
  lathe: Lathe;
  /** Ends the worker; calls that wait are rejected, and a later call starts a new one. */
  close(): void;
}

/** A client with a worker of its own. Pages use `lathe`, below; a second client is a second tab as far as Lathe knows. */
export function openClient(setup: EngineSetup): Client {
  let live: { connection: Connection<Lathe>; worker: Worker } | null = null;

  function end(error: Error): void {
    live?.worker.terminate();
    live?.connection.fail(error);
    live = null;
  }

  function start(): Connection<Lathe> {
    const worker = startWorker();
    const { port1, port2 } = new MessageChannel();
    const connection = connect<Lathe>(port1, VERBS);
    live = { connection, worker };
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      if (live?.worker === worker)
        end(new Error(`the worker has stopped: ${event.message || 'it could not be loaded'}`));
    });
    // The port keeps what is sent meanwhile; a message to the worker itself would be lost before the engine is loaded.
    worker.addEventListener('message', () => worker.postMessage({ port: port2, setup }, [port2]), { once: true });
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

/** Every verb of Lathe, as `api.ts` describes them. */
export const { lathe } = openClient({ baseURI: globalThis.document?.baseURI, database: 'lathe' });

function startWorker(): Worker {
  const engine = JSON.stringify(new URL(engineUrl, document.baseURI).href);
  // A rejected import tells the page nothing; thrown outside the promise, it reaches the worker's error event.
  const bootstrap = `import(${engine}).catch((error) => setTimeout(() => { throw error; }));`;
  const url = URL.createObjectURL(new Blob([bootstrap], { type: 'text/javascript' }));
  const worker = new Worker(url, { type: 'module', name: 'lathe' });
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the worker reads it after this returns
  return worker;
}
