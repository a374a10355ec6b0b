// What comes after training, through the page's own controls: a stream drifts, the alarm fires on the right column, the
// model learns from the labelled batches, passes the gate, takes over, is quiet, and is rolled back. The page is loaded again
// in between, and the lineage shows all of it.

import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import { expectedAlerts } from '../export/prometheus/expectedAlerts.ts';
import { launchApp, type App } from './app.ts';
import { dropFiles, goTo, stage, title } from './steps.ts';

let app: App;
beforeAll(async () => {
  app = await launchApp();
});
afterAll(() => app.close());

const DRIFTING = 'income "gross"';

/**
 * Customers that are granted something from an income of 0.5 on, up to 3.
 * @param share of them that are of a kind which the stream begins without, with incomes around 3
 */
function customers(name: string, rows: number, seed: number, share = 0): { name: string; bytes: Buffer } {
  const random = createRandom(seed);
  const lines = Array.from({ length: rows }, () => {
    const income = random.next() < share ? 3 + 0.8 * random.normal() : random.normal();
    const age = Math.round(45 + 12 * random.normal());
    const town = ['Bern', 'Rome', 'Oslo'][random.below(3)];
    return [income.toFixed(3), age, town, income > 0.5 && income < 3 ? 'granted' : 'refused'].join();
  });
  return { name: `${name}.csv`, bytes: Buffer.from(['"income ""gross""",age,town,outcome', ...lines].join('\n')) };
}

/** Drops a batch and waits until it is scored. */
async function drop(page: Page, name: string, ...drawn: [rows: number, seed: number, share?: number]): Promise<void> {
  await dropFiles(page, [customers(name, ...drawn)]);
  await page.getByRole('heading', { level: 2, name }).waitFor({ timeout: 60_000 });
}

const listed = (page: Page, name: string) => page.getByRole('navigation', { name: 'Batches' }).getByRole('button', { name }); // prettier-ignore
const alertsOf = (page: Page) =>
  page.evaluate(async () => (await window.lathe.batches('customers')).map(({ name, alerts }) => ({ name, alerts })));
const champion = (page: Page) => page.evaluate(async () => (await window.lathe.version('customers@champion')).id);

test('a drifting stream goes round the whole circle', async () => {
  const page = await app.open();
  await dropFiles(page, [customers('customers', 400, 1)]);
  await page.getByRole('heading', { name: 'customers', exact: true }).waitFor();
  await goTo(page, 'Train');
  await page.getByRole('heading', { name: 'What this comes to' }).waitFor();
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await page.getByRole('heading', { name: 'Trained customers@1' }).waitFor({ timeout: 120_000 });
  await goTo(page, 'Versions');
  await page.getByRole('button', { name: 'Promote customers@1' }).click();
  await expect.poll(() => champion(page)).toBe('customers@1');

  await goTo(page, 'Monitor');
  for (const [i, month] of ['january', 'february', 'march'].entries()) await drop(page, month, 200, 10 + i); // prettier-ignore
  await page.reload(); // the batches are kept
  await page.getByRole('heading', { level: 2, name: 'march' }).waitFor();
  for (const [i, month] of ['april', 'may'].entries()) await drop(page, month, 300, 20 + 2 * i, 0.7);

  const raised = await alertsOf(page);
  const drifted = raised.map(({ alerts }) =>
    alerts.filter(({ rule }) => rule.id === 'drift-column').map(({ labels }) => labels.column),
  );
  expect(drifted).toEqual([[], [], [], [DRIFTING], [DRIFTING]]);
  await listed(page, 'march').getByText('quiet').waitFor();
  await page.getByText(`A column drifts: ${DRIFTING}`).first().waitFor();
  await exportForPrometheus(page, raised[4].alerts);

  await page.getByRole('listitem').filter({ hasText: `A column drifts: ${DRIFTING}` }).getByRole('link', { name: 'Update the model' }).click(); // prettier-ignore
  await title(page, 'Update');
  await page.getByRole('checkbox', { name: 'april' }).check();
  await page.getByRole('radio', { name: 'Retrain' }).check();
  await page.getByRole('button', { name: 'Retrain', exact: true }).click();
  await page.getByRole('button', { name: 'Compare with customers@1' }).click({ timeout: 120_000 });
  await title(page, 'Compare');
  await page.getByRole('heading', { name: 'customers@2 passes the gate' }).waitFor({ timeout: 30_000 });
  await page.getByRole('button', { name: 'Promote customers@2' }).click();
  await expect.poll(() => champion(page)).toBe('customers@2');

  await page.reload();
  await goTo(page, 'Monitor');
  // as many of the new kind as there are in what it knows now: 420 of 1,000
  await drop(page, 'june', 250, 37, 0.42);
  expect((await alertsOf(page)).at(-1)).toEqual({ name: 'june', alerts: [] });
  await listed(page, 'june').getByText('quiet').waitFor();

  await stage(page, 'Versions').click();
  await page.getByRole('button', { name: /^Roll back/ }).first().click(); // prettier-ignore
  await expect.poll(() => champion(page)).toBe('customers@1');
  await walkLineage(page);
  expect(app.complaints).toEqual([]);
});

/** From the version that came of the alarm back to the data, on to the alarm, and to where the champion stood. */
async function walkLineage(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Lineage of customers@2' }).click();
  const lineage = page.getByRole('region', { name: 'Lineage' });
  const nodes = (kind: string) => lineage.getByRole('region', { name: kind, exact: true }).getByRole('listitem').getByRole('button'); // prettier-ignore
  const names = (kind: string) => nodes(kind).evaluateAll((all) => all.map((node) => (node as HTMLElement).title.split(' — ')[0])); // prettier-ignore
  const step = async (kind: string, name: string) => {
    await nodes(kind).filter({ hasText: name }).first().click();
    await lineage.locator('.top').getByText(name).waitFor();
  };
  await nodes('Data sets').first().waitFor();
  expect(await names('Data sets')).toEqual(['customers + 2 batches', 'customers']);
  expect(await names('Batches')).toEqual(['june', 'may', 'april']);
  await step('Data sets', 'customers + 2 batches');
  expect(await names('Versions')).toEqual(['customers@2', 'customers@1']);
  await step('Alerts', `A column drifts: ${DRIFTING}`);
  expect(await names('Versions')).toEqual(['customers@2', 'customers@1']);
  await step('Versions', 'customers@1');
  expect(await names('Batches')).toEqual(['june', 'may', 'april', 'march', 'february', 'january']);
  await step('Aliases', 'champion');
  const moves = await lineage.getByRole('group').getByRole('listitem').allInnerTexts();
  expect(moves.map((move) => move.match(/@\d|none/g)?.join(' '))).toEqual(['@2 @1', '@1 @2', 'none @1']);
  await lineage.getByRole('button', { name: 'Evaluate' }).waitFor({ state: 'detached' });
}

/** What the page saves for Prometheus is left to .ci/monitoring.py, with what must fire. */
async function exportForPrometheus(page: Page, alerts: Parameters<typeof expectedAlerts>[0]): Promise<void> {
  await page.getByText('Prometheus and Grafana').click();
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save all, with a README' }).click();
  const file = await saved;
  expect(file.suggestedFilename()).toBe('customers-monitoring.zip');
  const path = await file.path();
  const folder = process.env.LATHE_ARTIFACTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  copyFileSync(path, join(folder, 'customers-monitoring.zip'));
  writeFileSync(join(folder, 'customers-monitoring.json'), expectedAlerts(alerts));
}
