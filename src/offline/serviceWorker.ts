// Keeps the files of one build in the browser, so that the page works with the network cut, and answers for them from
// there. It knows no data and no model and asks no other host. A later build is saved beside this one and waits until no
// window runs the older one, or the last one asks for it: so the files of two builds never mix, and no training is cut off.
// It imports nothing: it is one file at the root of the build, for a service worker rules over its own folder.

/// <reference lib="webworker" />

import type { News, Question, Saved, TakeOver } from './messages.ts';

/** A file of the build, as scripts/offline.mjs lists it. */
interface BuildFile {
  /** from the page's folder; '' is the page itself */
  path: string;
  sha256: string;
  sizeBytes: number;
}

declare const self: ServiceWorkerGlobalScope & {
  /** the build puts its list in the place of this expression */
  __BUILD__: { id: string; files: BuildFile[] };
};

const build = self.__BUILD__;
const { scope } = self.registration;
/** Several copies of Lathe may lie on one host: each minds its own. */
const PREFIX = `lathe ${scope} `;
const CACHE = PREFIX + build.id;

const addressOf = ({ path }: BuildFile): string => new URL(path, scope).href;
const addresses = new Set(build.files.map(addressOf));
const whole: Saved = { files: build.files.length, bytes: build.files.reduce((sum, file) => sum + file.sizeBytes, 0) };

self.addEventListener('install', (event) => event.waitUntil(save()));
self.addEventListener('activate', (event) => event.waitUntil(begin()));
self.addEventListener('fetch', (event) => {
  const address = addressIn(event.request);
  if (address) event.respondWith(answer(event.request, address));
});
self.addEventListener('message', (event) => {
  const reply = (answer: Saved | TakeOver) => event.ports[0].postMessage(answer);
  if ((event.data as Question) === 'saved') reply(whole);
  else event.waitUntil(takeOver().then(reply));
});

/** The address of the build's file that a request is for; null for what is none of this worker's business. */
function addressIn({ method, url }: Request): string | null {
  const { origin, pathname } = new URL(url);
  const address = origin + pathname === `${scope}index.html` ? scope : origin + pathname;
  return method === 'GET' && addresses.has(address) ? address : null;
}

/** From what was saved; from the host where the browser has cleared it. */
async function answer(request: Request, address: string): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(address, { ignoreVary: true })) ?? fetch(request);
}

/** Saves every file of the build. A file whose bytes are not those of the build fails all. */
async function save(): Promise<void> {
  try {
    const cache = await caches.open(CACHE);
    const others = await otherCaches();
    const done: Saved = { files: 0, bytes: 0 };
    // one after the other, so that a page which is at work meanwhile is not slowed
    for (const file of build.files) {
      const fetched = await saveFile(cache, others, file);
      done.files++;
      done.bytes += file.sizeBytes;
      await tell({ kind: 'file', url: addressOf(file), bytes: file.sizeBytes, fetched, done, of: whole });
    }
  } catch (error) {
    // the browser throws this build away and tries again at a later visit, which finds what was saved by then
    const isFull = error instanceof DOMException && error.name === 'QuotaExceededError';
    if (isFull) await caches.delete(CACHE);
    await tell({ kind: 'failed', why: isFull ? 'there is no room for it' : (error as Error).message });
    throw error;
  }
}

/** @returns whether the host was asked for it: it may be here from an earlier build, or an installation that was cut off */
async function saveFile(cache: Cache, others: Cache[], file: BuildFile): Promise<boolean> {
  const address = addressOf(file);
  for (const each of [cache, ...others]) {
    const known = await each.match(address, { ignoreVary: true });
    if (!known || (await sha256(await known.clone().arrayBuffer())) !== file.sha256) continue;
    if (each !== cache) await cache.put(address, known);
    return false;
  }
  const response = await fetch(address, { cache: 'no-cache', credentials: 'same-origin' });
  const name = file.path || 'the page';
  if (!response.ok) throw new Error(`for ${name} the host answers ${response.status}`);
  const bytes = await response.arrayBuffer();
  if ((await sha256(bytes)) !== file.sha256) throw new Error(`the host gives other bytes for ${name} than were built`);
  // the host's headers stay, a policy among them; a redirect is forgotten, as no browser takes one for a page
  const headers = new Headers(response.headers);
  for (const header of ['content-encoding', 'content-length', 'transfer-encoding']) headers.delete(header);
  await cache.put(address, new Response(bytes, { headers }));
  return true;
}

async function sha256(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** From now on this build answers. */
async function begin(): Promise<void> {
  const names = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(names.map((name) => caches.delete(name)));
  await self.clients.claim(); // a first visit may lose the network too
}

/** A page that was loaded from the older build needs its files, and may be training: it is not overtaken. */
async function takeOver(): Promise<TakeOver> {
  const others = Math.max(0, (await windows()).length - 1);
  if (others === 0) await self.skipWaiting();
  return { others };
}

async function otherCaches(): Promise<Cache[]> {
  const names = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  return Promise.all(names.map((name) => caches.open(name)));
}

async function windows(): Promise<readonly WindowClient[]> {
  const all = await self.clients.matchAll({ includeUncontrolled: true, type: 'window' });
  return all.filter(({ url }) => url.startsWith(scope));
}

async function tell(news: News): Promise<void> {
  for (const window of await windows()) window.postMessage(news);
}
