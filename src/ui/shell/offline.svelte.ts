// Whether the page works with the network cut, and whether a newer build waits. It starts the service worker
// (src/offline) once the page has nothing else to do, and lets a newer build take over only when the person says so.

import type { News, Question, Saved, TakeOver } from '../../offline/messages.ts';
import { requests } from '../../worker/client.ts';
import { readPreference, writePreference } from './preference.ts';

/** After the page was loaded; what it loads by itself comes first. */
const SETTLE_MS = 3000;
/** Between two looks whether a training still runs, in whichever tab. */
const LOOK_AGAIN_MS = 10_000;
/** Between two looks for a newer build. */
const LOOK_FOR_BUILD_MS = 3_600_000;
/** How long a build that takes over may need before the page is loaded anyway. */
const TAKE_OVER_MS = 5000;

type OfflineState =
  /** by this browser, or by the address, which must be https or localhost */
  | 'unsupported'
  | 'waiting'
  /** the browser asks to save data, or a person gave the files up: a person decides */
  | 'offered'
  | 'saving'
  | 'ready'
  | 'failed';

class Offline {
  state = $state<OfflineState>('waiting');
  /** what is saved, by now */
  saved = $state.raw<Saved | null>(null);
  /** what will be saved */
  whole = $state.raw<Saved | null>(null);
  /** why it failed, where that is known */
  why = $state('');
  /** a newer build is saved and waits */
  updateReady = $state(false);
  /** other windows that kept it from being taken */
  others = $state(0);
  #registration: ServiceWorkerRegistration | null = null;

  /** Call once. Development has no service worker: it would keep yesterday's code. */
  async start(): Promise<void> {
    const { serviceWorker } = navigator;
    if (!serviceWorker || !import.meta.env.PROD) {
      this.state = 'unsupported';
      return;
    }
    serviceWorker.addEventListener('message', ({ data }: MessageEvent<News>) => this.#hear(data));
    const known = await serviceWorker.getRegistration(document.baseURI).catch(() => undefined);
    const { connection } = navigator as { connection?: { saveData?: boolean } };
    if (known) return this.#follow(known);
    if (connection?.saveData || readPreference('offline') === 'off') {
      this.state = 'offered';
      return;
    }
    await settled();
    await this.save();
  }

  /** Saves the build that is served. */
  async save(): Promise<void> {
    writePreference('offline', null);
    this.state = 'saving';
    try {
      const script = new URL('service-worker.js', document.baseURI);
      this.#follow(await navigator.serviceWorker.register(script, { updateViaCache: 'none' }));
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** Gives the saved files up, and saves none until it is asked to. */
  async remove(): Promise<void> {
    writePreference('offline', 'off');
    const { scope } = this.#registration ?? {};
    await this.#registration?.unregister();
    for (const name of await caches.keys()) if (name.startsWith(`lathe ${scope} `)) await caches.delete(name);
    this.#registration = null;
    this.updateReady = false;
    this.saved = this.whole = null;
    this.state = 'offered';
  }

  /** Starts the newer build; where other windows run the older one, it counts them instead. */
  async update(): Promise<void> {
    const waiting = this.#registration?.waiting;
    if (waiting) {
      const { others } = await ask<TakeOver>(waiting, 'take over');
      this.others = others;
      if (others > 0) return;
      await Promise.race([
        new Promise((done) => navigator.serviceWorker.addEventListener('controllerchange', done, { once: true })),
        pause(TAKE_OVER_MS),
      ]);
    }
    location.reload();
  }

  #follow(registration: ServiceWorkerRegistration): void {
    this.#registration = registration;
    if (registration.active) void this.#ready(registration.active);
    this.updateReady = registration.active !== null && registration.waiting !== null;
    const watch = (coming: ServiceWorker | null) => {
      if (!coming) return;
      if (!registration.active) this.state = 'saving';
      coming.addEventListener('statechange', () => {
        if (coming.state === 'installed' && registration.active) this.updateReady = true;
        if (coming.state === 'activated') void this.#ready(coming);
        if (coming.state === 'redundant' && this.state === 'saving') this.#fail('');
      });
    };
    watch(registration.installing);
    registration.addEventListener('updatefound', () => watch(registration.installing));
    // without a network there is nothing newer
    setInterval(() => document.hidden || registration.update().catch(() => {}), LOOK_FOR_BUILD_MS);
  }

  async #ready(active: ServiceWorker): Promise<void> {
    this.saved = this.whole = await ask<Saved>(active, 'saved');
    this.state = 'ready';
  }

  #hear(news: News): void {
    if (news.kind === 'failed') {
      // the worker may be seen to have gone before its reason arrives
      if (this.state === 'saving' || this.state === 'failed') this.#fail(news.why);
      return;
    }
    const { url, bytes } = news;
    if (news.fetched)
      requests.add({ requests: [{ by: 'offline copy', url, kind: 'fetch', from: 'host', bytes }], refusals: [] });
    if (this.state === 'saving') {
      this.saved = news.done;
      this.whole = news.of;
    }
  }

  #fail(why: string): void {
    this.why ||= why;
    this.state = 'failed';
  }
}

/** Once the page was loaded, has nothing to do, and nothing is trained in any tab. */
async function settled(): Promise<void> {
  if (document.readyState !== 'complete') await new Promise((done) => addEventListener('load', done, { once: true }));
  await pause(SETTLE_MS);
  await new Promise<unknown>((done) => ('requestIdleCallback' in globalThis ? requestIdleCallback(done) : done(null)));
  while (await isTrainingAnywhere()) await pause(LOOK_AGAIN_MS);
}

/** A training holds a lock of this name: see worker/trainingLock.ts. */
async function isTrainingAnywhere(): Promise<boolean> {
  const { held } = (await navigator.locks?.query()) ?? {};
  return held?.some(({ name }) => name?.startsWith('train ')) ?? false;
}

function pause(ms: number): Promise<unknown> {
  return new Promise((done) => setTimeout(done, ms));
}

function ask<Answer>(worker: ServiceWorker, question: Question): Promise<Answer> {
  const { port1, port2 } = new MessageChannel();
  worker.postMessage(question, [port2]);
  return new Promise((resolve) => (port1.onmessage = ({ data }: MessageEvent<Answer>) => resolve(data)));
}

export const offline = new Offline();
