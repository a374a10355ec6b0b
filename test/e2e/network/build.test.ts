// What the build is made of, read as text: every file, the libraries in it too. It has nothing that reaches a host past
// the policy, nothing that runs text as code, and no address of another host but in words for people.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DIST } from '../app.ts';

const files = readdirSync(DIST, { recursive: true, encoding: 'utf8' });
const texts = files
  .filter((path) => /\.(m?js|html|css|json|svg|webmanifest)$/.test(path))
  .map((path) => ({ path, text: readFileSync(join(DIST, path), 'utf8') }));
const scripts = texts.filter(({ path }) => /\.(m?js|html)$/.test(path));

/** Each place where a text has the pattern, with what stands around it. */
const places = (among: typeof texts, pattern: RegExp) =>
  among.flatMap(({ path, text }) =>
    [...text.matchAll(pattern)].map(({ 0: found, index }) => ({
      path,
      found,
      around: text.slice(Math.max(0, index - 60), index + 60),
    })),
  );

test.each([
  ['WebRTC', /\b(webkit)?RTC(PeerConnection|DataChannel)\b/g],
  ['beacons', /\bsendBeacon\b/g],
  ['new windows', /\b(window|self|globalThis|top|parent|opener)\s*(\?\.|\.)\s*open\b|\btarget\s*[:=]\s*["'`]_blank/g],
  ['sockets and streams', /\b(WebSocket|WebSocketStream|EventSource|WebTransport)\b/g],
  ['navigation by script', /\blocation\s*\.\s*(assign|replace)\s*\(|\blocation(\.href)?\s*=[^=]/g],
  [
    'frames and hints',
    /createElement\(\s*["'`](iframe|frame|object|embed)|<(iframe|frame|object|embed)\s|\b(preconnect|dns-prefetch|prerender)\b/g,
  ],
  ['scripts by address', /\bimportScripts\b/g],
  ['code from text', /[^\w.$]eval\s*\(|\bnew\s+Function\b|\bFunction\s*\(\s*["'`]|\bdocument\s*\.\s*write/g],
])('it has no %s', (_, pattern) => {
  expect(scripts.length).toBeGreaterThan(10);
  expect(places(scripts, pattern)).toEqual([]);
});

/** Addresses that stand in the build and are never asked: names of namespaces, and pointers for people in messages. */
const WORDS = [
  'http://www.w3.org/', // namespaces
  // in messages of errors
  'https://svelte.dev/e/',
  'https://web.dev/cross-origin-isolation-guide/',
  'https://rolldown.rs/in-depth/',
  'https://developer.mozilla.org/en-US/docs/Web/API/Fetch_API',
  'https://github.com/tensorflow/tfjs/issues',
  'https://github.com/tensorflow/tfjs-node',
  // in the notices of licences
  'http://www.apache.org/licenses/LICENSE-2.0',
  'https://www.apache.org/licenses/LICENSE-2.0',
  'https://github.com/mholt/PapaParse',
  'https://github.com/sveltejs/svelte/graphs/contributors',
  'https://opensource.org/licenses/MIT',
  // in comments of shaders: where a formula is from
  'https://www.shadertoy.com/view/',
  'https://arxiv.org/abs/',
  'https://en.wikipedia.org/wiki/',
];

test('no address of another host is in it but in words for people', () => {
  const found = places(
    texts.filter(({ path }) => !/^samples|^licenses/.test(path)),
    /\b(?:https?|wss?|ftp|stun|turn):(?:\/\/)?[\w-]+\.[\w./-]*/g,
  );
  expect(found.filter((each) => !WORDS.some((word) => each.found.startsWith(word)))).toEqual([]);
});

test('the service worker, which no policy holds, is one short script that asks for the listed files and passes on', () => {
  const script = readFileSync(join(DIST, 'service-worker.js'), 'utf8').replace(
    /\{"id":"\w+","files":\[.*?\]\}/s,
    'LIST',
  );
  expect(script.length).toBeLessThan(5000);
  // one address of the list, and the request that a page has made by itself
  expect(script.match(/\bfetch\((\w+)/g)).toHaveLength(2);
  expect(script).toMatch(/\bfetch\(\w+,\{cache:`no-cache`,credentials:`same-origin`\}\)/);
  expect(script).not.toMatch(/\b(import|XMLHttpRequest|navigate|openWindow|indexedDB)\b|https?:/);
});

test('the policy stands in the page before anything that is loaded', () => {
  const html = readFileSync(join(DIST, 'index.html'), 'utf8');
  const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(html);
  expect(policy![1].split(/;\s*/)).toEqual([
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self' blob:",
    "connect-src 'self'",
    "img-src 'self' blob: data:",
    "style-src 'self' 'unsafe-inline'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-src 'none'",
  ]);
  expect(policy!.index).toBeLessThan(html.search(/<(script|link|style|img)\b/));
});
