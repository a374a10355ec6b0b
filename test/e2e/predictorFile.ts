// A predictor file as the person has it who was given one: opened from disk, with the network cut.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { SAMPLES } from './app.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface OpenedPredictor {
  page: Page;
  /** errors, and whatever its content security policy refused */
  complaints: string[];
}

/** @param path of the file on disk */
export async function openPredictor(browser: Browser, path: string): Promise<OpenedPredictor> {
  const context = await browser.newContext({
    offline: true,
    acceptDownloads: true,
    viewport: { width: 360, height: 800 },
  });
  const complaints: string[] = [];
  context.on('request', (request) => {
    if (!/^(file|blob|data):/.test(request.url())) complaints.push(`request to ${request.url()}`);
  });
  context.on('weberror', (error) => complaints.push(error.error().message));
  context.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  const page = await context.newPage();
  await page.goto(`file://${path}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  return { page, complaints };
}

/** Scores a file of the samples and holds the CSV against the one that Lathe makes of it: numbers to 1e-6 of their size. */
export async function expectSameCsv(page: Page, file: string, lathe: string): Promise<void> {
  await page.getByLabel('Files to score').setInputFiles(join(SAMPLES, file));
  const link = page.getByRole('link', { name: /^Download .*-predictions\.csv$/ });
  await link.waitFor();
  const own = readFileSync(await save(page, () => link.click()), 'utf8').split('\r\n');
  const wanted = lathe.split('\r\n');
  expect(own[0]).toBe(wanted[0]);
  expect(own).toHaveLength(wanted.length);
  for (const [row, line] of wanted.entries()) {
    const cells = own[row].split(',');
    for (const [i, cell] of line.split(',').entries()) {
      if (cells[i] === cell) continue;
      const difference = Math.abs(Number(cells[i]) - Number(cell)) / Math.max(1, Math.abs(Number(cell)));
      expect(difference, `row ${row}: ${cells[i]} instead of ${cell}`).toBeLessThan(1e-6);
    }
  }
}

/** Clicks, and gives the path of what was downloaded. */
export async function save(page: Page, click: () => Promise<void>): Promise<string> {
  const download = page.waitForEvent('download');
  await click();
  return (await download).path();
}

/** Its policy holds: nothing may be asked of the network, and no script but its own runs. */
export function tryToLeave(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const refused: string[] = [];
    document.addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective));
    const asked = await fetch('https://example.com/').then(
      () => 'answered',
      () => 'refused',
    );
    const script = document.createElement('script');
    script.textContent = 'window.ran = true';
    document.body.append(script);
    document.body.insertAdjacentHTML('beforeend', '<img src="https://example.com/a.png"><p style="color: red"></p>');
    await new Promise((done) => setTimeout(done, 100));
    return [asked, 'ran' in window ? 'a script ran' : 'no script ran', ...new Set(refused)].sort();
  });
}

/** What axe-core finds. */
export async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(AXE); // by the debugger, which the policy does not bind
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 150)}`));
}
