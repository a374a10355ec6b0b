// What a page takes of memory while it works: the JS heaps of the page and its worker with what their buffers hold, and
// the resident memory of its renderer, sampled from start to stop. Linux, where /proc tells.

import { readdirSync, readFileSync } from 'node:fs';

const EVERY_MS = 200;
const MB = 1e6;

/**
 * @param {import('playwright-core').Page} page
 * @param {string} profile the folder that its browser was started with, which no other has
 * @returns {Promise<{ stop(): Promise<Record<string, { startMB: number, peakMB: number }>> }>} by what was measured
 */
export async function watchMemory(page, profile) {
  const session = await page.context().newCDPSession(page);
  const workers = await attachWorkers(session);
  const renderers = processesOf(profile).filter(({ type }) => type === 'renderer');
  const seen = {};
  const note = (name, bytes) => {
    const mb = Math.round(bytes / MB);
    seen[name] = { startMB: seen[name]?.startMB ?? mb, peakMB: Math.max(seen[name]?.peakMB ?? 0, mb) };
  };
  const heap = ({ usedSize, backingStorageSize = 0 }) => usedSize + backingStorageSize;
  const sample = async () => {
    note('renderer, resident', Math.max(...renderers.map(({ pid }) => residentBytes(pid))));
    note('page, JS heap', heap(await session.send('Runtime.getHeapUsage')));
    for (const worker of workers) note('worker, JS heap', heap(await worker('Runtime.getHeapUsage')));
  };
  await session.send('HeapProfiler.collectGarbage');
  for (const worker of workers) await worker('HeapProfiler.collectGarbage');
  await sample();
  let stopped = false;
  const sampling = (async () => {
    while (!stopped) {
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      await sample();
    }
  })();
  return {
    async stop() {
      stopped = true;
      await sampling;
      await session.detach();
      return seen;
    },
  };
}

/** A function that sends a command, for each worker of the page. */
async function attachWorkers(session) {
  const ids = [];
  const waiting = new Map();
  let last = 0;
  session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
    if (targetInfo.type === 'worker') ids.push(sessionId);
  });
  session.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { id, result } = JSON.parse(message);
    waiting.get(id)?.(result);
    waiting.delete(id);
  });
  await session.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  return ids.map((sessionId) => (method) => {
    const id = ++last;
    const answered = new Promise((resolve) => waiting.set(id, resolve));
    const message = JSON.stringify({ id, method });
    return session.send('Target.sendMessageToTarget', { sessionId, message }).then(() => answered);
  });
}

/** The processes of the browser on this profile, with their kind. */
function processesOf(profile) {
  const all = readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '); // a child's has spaces by itself
      const parent = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      return [{ pid, parent, command, type: / --type=(\S+)/.exec(command)?.[1] }];
    } catch {
      return []; // it has just ended
    }
  });
  const browsers = all.filter(({ command, type }) => !type && command.includes(`--user-data-dir=${profile} `));
  const found = new Set(browsers.map(({ pid }) => pid));
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return all.filter(({ pid }) => found.has(pid));
}

function residentBytes(pid) {
  try {
    return Number(/^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0; // it has ended
  }
}
