// A real Chromium with a profile on disk, one process group of its own, so that it can be killed as a power cut or the
// kernel would, and opened again on the same profile. It knows nothing of Lathe.

import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type CDPSession, type Page } from 'playwright-core';
import { TRIAL_MS, within } from './rows.ts';
import { CHROMIUM_ARGS, findChromium, SOFTWARE_WEBGPU_ARGS } from '../../scripts/chromium.mjs';

export interface Chrome {
  context: BrowserContext;
  /** speaks to the browser as a whole */
  session: CDPSession;
  /** SIGKILL to the whole process group: nobody gets to flush or to say goodbye. */
  kill(): Promise<void>;
  /** Ends it as a person does. */
  close(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) killGroup(child);
});

/**
 * Opens a Chromium on the profile; what an earlier one left there is found again.
 * @param extra further flags
 * @param webgpu flags that say which WebGPU it has
 */
export async function launchChrome(
  profile: string,
  extra: string[] = [],
  webgpu: readonly string[] = SOFTWARE_WEBGPU_ARGS,
): Promise<Chrome> {
  const child = spawn(
    findChromium() ?? 'chromium',
    [
      ...CHROMIUM_ARGS,
      ...webgpu,
      '--headless=new',
      '--disable-breakpad',
      '--no-default-browser-check',
      '--password-store=basic',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      ...extra,
      'about:blank',
    ],
    { detached: true, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  running.add(child);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const browser = await chromium.connectOverCDP(await debuggingAddress(child));
  const session = await browser.newBrowserCDPSession();
  return {
    context: browser.contexts()[0],
    session,
    async kill() {
      killGroup(child);
      await ended;
      await forget(browser);
      running.delete(child);
    },
    async close() {
      session.send('Browser.close').catch(() => {}); // it may be gone before it answers
      await ended;
      await forget(browser);
      running.delete(child);
    },
  };
}

function debuggingAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      if (said === 'found') return; // the pipe is read on, or the browser would wait for it
      said += chunk.toString();
      const address = /DevTools listening on (ws:\/\/\S+)/.exec(said);
      if (!address) return;
      said = 'found';
      resolve(address[1]);
    });
    child.once('exit', (code) => reject(new Error(`Chromium ended (${code}) before it listened:\n${said}`)));
    child.once('error', reject);
  });
}

function killGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // it has ended by itself
  }
}

async function forget(browser: Browser): Promise<void> {
  await browser.close().catch(() => {}); // only the connection is left, if that
}

/** Ends the process that shows this page, as a crash of the tab does, and waits until the browser has noticed. */
export async function crashTab(page: Page): Promise<void> {
  const crash = await prepareCrash(page);
  await crash();
}

/** As `crashTab`, at once when what this returns is called. */
export async function prepareCrash(page: Page): Promise<() => Promise<void>> {
  const session = await page.context().newCDPSession(page);
  const crashed = new Promise<void>((resolve) => page.once('crash', () => resolve()));
  return async () => {
    session.send('Page.crash').catch(() => {}); // whom it asks is dead before it can answer
    await crashed;
    await page.close();
  };
}

/** An empty folder for a profile, or a copy of another profile that no browser has open. */
export function createProfile(original?: string): string {
  const profile = mkdtempSync(join(tmpdir(), 'lathe-faults-'));
  if (original) cpSync(original, profile, { recursive: true, verbatimSymlinks: true });
  return profile;
}

export function removeProfile(profile: string): void {
  if (existsSync(profile)) rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}

/** A profile and the browser that has it open. */
export interface Visit {
  profile: string;
  chrome: Chrome;
  /** Ends the browser, has `between` at the profile's files, and opens it again. */
  reopen(between?: (profile: string) => void): Promise<void>;
}

/** Runs `work` with a browser on a profile of its own, a copy of `original` where that is given; both are gone afterwards. */
export async function visiting(work: (visit: Visit) => Promise<void>, original?: string): Promise<void> {
  const profile = createProfile(original);
  const visit: Visit = {
    profile,
    chrome: await launchChrome(profile),
    async reopen(between = () => {}) {
      await visit.chrome.close();
      between(profile);
      visit.chrome = await launchChrome(profile);
    },
  };
  try {
    await within(TRIAL_MS, work(visit));
  } finally {
    await visit.chrome.kill();
    removeProfile(profile);
  }
}
