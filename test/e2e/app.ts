// Opens the built app in a real Chromium, served as a static host would from a path that is not the root.

import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { CHROMIUM_ARGS, findChromium, SOFTWARE_WEBGPU_ARGS } from '../../scripts/chromium.mjs';
import { serveFolder } from '../../scripts/serve.mjs';
import type { Lathe } from '../../src/worker/api.ts';

declare global {
  interface Window {
    lathe: Lathe;
    /** durations in milliseconds of the main thread's long tasks since the page was opened */
    longTasks: number[];
  }
}

const DIST = resolve(import.meta.dirname, '../../dist');
export const SAMPLES = resolve(import.meta.dirname, '../../public/samples');

export interface App {
  browser: Browser;
  /** ends in a slash; the app lies in a sub-folder of the host */
  url: string;
  /** what any page said that should not be said: uncaught errors, console errors, requests to other hosts */
  complaints: string[];
  /** A page with storage of its own. */
  open(options?: { width?: number; height?: number; theme?: 'light' | 'dark'; hash?: string }): Promise<Page>;
  close(): Promise<void>;
}

async function observe(context: BrowserContext, url: string, complaints: string[]): Promise<void> {
  const host = new URL(url).host;
  context.on('request', (request) => {
    const target = new URL(request.url());
    if (/^(https?|wss?):$/.test(target.protocol) && target.host !== host)
      complaints.push(`request to ${request.url()}`);
  });
  context.on('weberror', (error) => complaints.push(`uncaught ${error.error().stack ?? error.error().message}`));
  context.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
  });
  await context.addInitScript(() => {
    window.longTasks = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.longTasks.push(entry.duration);
    }).observe({ type: 'longtask', buffered: true });
  });
}

/** @param webgpu whether the software WebGPU adapter is there; without it the machine has no WebGPU at all */
export async function launchApp({ webgpu = true } = {}): Promise<App> {
  if (!existsSync(join(DIST, 'index.html')))
    throw new Error('missing dist/: run `npm run build` before the end-to-end tests');
  const root = mkdtempSync(join(tmpdir(), 'lathe-e2e-'));
  mkdirSync(join(root, 'some'));
  try {
    symlinkSync(DIST, join(root, 'some', 'path'), 'dir');
  } catch {
    cpSync(DIST, join(root, 'some', 'path'), { recursive: true }); // a system without symbolic links
  }
  const server = await serveFolder(root);
  const url = `${server.url}some/path/`;
  const browser = await chromium.launch({
    executablePath: findChromium() ?? undefined,
    headless: true,
    args: [...CHROMIUM_ARGS, ...(webgpu ? SOFTWARE_WEBGPU_ARGS : ['--disable-features=WebGPU'])],
  });
  const complaints: string[] = [];
  return {
    browser,
    url,
    complaints,
    async open({ width = 1280, height = 900, theme = 'light', hash = '' } = {}) {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: theme,
        acceptDownloads: true,
      });
      await observe(context, url, complaints);
      const page = await context.newPage();
      await page.goto(url + hash);
      await page.waitForFunction(() => Boolean(window.lathe));
      return page;
    },
    async close() {
      await browser.close();
      await server.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
