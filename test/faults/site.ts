// The built page on a server of its own that outlives every browser, so that its origin stays: beside it an empty page
// for work on the databases behind Lathe's back, and a gate at which Lathe's worker stops before each of its writes.

import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { serveFolder } from '../../scripts/serve.mjs';
import type { Lathe } from '../../src/worker/api.ts';
import { gateScript } from './gate.ts';

declare global {
  interface Window {
    lathe: Lathe;
  }
}

const DIST = resolve(import.meta.dirname, '../../dist');

/** Called before each write of a gated page; what it returns is thrown at the writer, if it is not null. */
export type Gate = (what: string) => Promise<string | null> | string | null;

export interface Site {
  url: string;
  /** without a slash at the end */
  origin: string;
  /** what a gated page asks before it writes; null lets all through */
  gate: Gate | null;
  /** Opens Lathe. `gated`: each write of its worker is asked of `gate` first. */
  open(context: BrowserContext, options?: { gated?: boolean; script?: string }): Promise<Page>;
  /** Opens an empty page of the same origin. */
  openEmpty(context: BrowserContext): Promise<Page>;
  /** Has the browser forget all that this origin has stored. */
  clear(context: BrowserContext, storageTypes?: string): Promise<void>;
  close(): Promise<void>;
}

/** @param answer answers further requests: true where it has taken one upon itself */
export async function openSite(
  answer: (request: IncomingMessage, response: ServerResponse) => boolean = () => false,
): Promise<Site> {
  if (!existsSync(join(DIST, 'index.html'))) throw new Error('missing dist/: run `npm run build` before these tests');
  const root = mkdtempSync(join(tmpdir(), 'lathe-site-'));
  mkdirSync(join(root, 'some'));
  writeFileSync(join(root, 'empty.html'), '<!doctype html><title>empty</title>');
  try {
    symlinkSync(DIST, join(root, 'some', 'path'), 'dir');
  } catch {
    cpSync(DIST, join(root, 'some', 'path'), { recursive: true }); // a system without symbolic links
  }
  const server = await serveFolder(root, 0, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname !== '/gate') return answer(request, response);
    void Promise.resolve(site.gate?.(searchParams.get('what') ?? '') ?? null).then((error) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).end(error ?? '');
    });
    return true;
  });
  const origin = new URL(server.url).origin;
  const site: Site = {
    url: `${origin}/some/path/`,
    origin,
    gate: null,
    async open(context, { gated = false, script = '' } = {}) {
      const page = await context.newPage();
      if (gated) await page.addInitScript(gateScript(`${origin}/gate`));
      if (script) await page.addInitScript(script);
      await page.goto(site.url);
      await page.waitForFunction(() => Boolean(window.lathe));
      return page;
    },
    async openEmpty(context) {
      const page = await context.newPage();
      await page.goto(`${origin}/empty.html`);
      return page;
    },
    async clear(context, storageTypes = 'all') {
      const page = await context.newPage();
      const session = await context.newCDPSession(page);
      await session.send('Storage.clearDataForOrigin', { origin, storageTypes });
      await page.close();
    },
    async close() {
      await server.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
  return site;
}
