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
  }
}

export const DIST = resolve(import.meta.dirname, '../../dist');
export const SAMPLES = resolve(import.meta.dirname, '../../public/samples');

export interface App {
  browser: Browser;
  /** ends in a slash; the app lies in a sub-folder of the host */
  url: string;
  /** what any page said that should not be said: uncaught errors, console errors, requests to other hosts */
  complaints: string[];
  /** what the host was asked: `GET some/path/index.html`, and the length of a body where there was one */
  asked: string[];
  /** A page with storage of its own, and without an offline copy unless it is asked for. */
  open(options?: Open): Promise<Page>;
  /** Serves another build at the same address. */
  serve(folder: string): void;
  /** Ends the server: the network is cut. */
  cut(): Promise<void>;
  close(): Promise<void>;
}

interface Open {
  width?: number;
  height?: number;
  theme?: 'light' | 'dark';
  hash?: string;
  offline?: boolean;
}

function observe(context: BrowserContext, url: string, complaints: string[]): void {
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
}

interface Launch {
  /** whether the software WebGPU adapter is there; without it the machine has no WebGPU at all */
  webgpu?: boolean;
  /** the build to serve */
  folder?: string;
  /** further flags of Chromium */
  args?: string[];
}

export async function launchApp({ webgpu = true, folder = DIST, args = [] }: Launch = {}): Promise<App> {
  if (!existsSync(join(folder, 'index.html')))
    throw new Error('missing dist/: run `npm run build` before the end-to-end tests');
  const root = mkdtempSync(join(tmpdir(), 'lathe-e2e-'));
  mkdirSync(join(root, 'some'));
  const serve = (build: string) => {
    const place = join(root, 'some', 'path');
    rmSync(place, { recursive: true, force: true });
    try {
      symlinkSync(build, place, 'dir');
    } catch {
      cpSync(build, place, { recursive: true }); // a system without symbolic links
    }
  };
  serve(folder);
  const asked: string[] = [];
  const server = await serveFolder(root, 0, ({ method, url, headers }) => {
    asked.push(`${method} ${url}${headers['content-length'] ? ` ${headers['content-length']} bytes` : ''}`);
    return false; // the folder answers
  });
  const url = `${server.url}some/path/`;
  const browser = await chromium.launch({
    executablePath: findChromium() ?? undefined,
    headless: true,
    args: [...CHROMIUM_ARGS, ...(webgpu ? SOFTWARE_WEBGPU_ARGS : ['--disable-features=WebGPU']), ...args],
  });
  const complaints: string[] = [];
  return {
    browser,
    url,
    complaints,
    asked,
    serve,
    cut: () => server.close(),
    async open({ width = 1280, height = 900, theme = 'light', hash = '', offline = false } = {}) {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: theme,
        acceptDownloads: true,
        serviceWorkers: offline ? 'allow' : 'block',
      });
      observe(context, url, complaints);
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
