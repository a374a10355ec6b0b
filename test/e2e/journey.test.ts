// The main job as a person does it, by clicks: from dropped data to a verified ONNX file, and all of it there after a
// reload. Whether the page stays responsive meanwhile is measured by `npm run bench -- main`.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Download, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mergeProfiles } from '../../src/monitor/profile.ts';
import { parseProfile } from '../../src/monitor/readProfile.ts';
import { launchApp, SAMPLES, type App } from './app.ts';
import { exactly } from '../monitor/exactly.ts';
import { expectSameCsv, faultsOf, openPredictor, save, tryToLeave } from './predictorFile.ts';
import { dropSample, stage, title } from './steps.ts';

let app: App;
beforeAll(async () => {
  app = await launchApp();
});
afterAll(() => app.close());

const WAYS: Record<string, (page: Page) => Promise<void>> = {
  'dropped iris': (page) => dropSample(page, 'iris.csv'),
  'picked diabetes': async (page) => {
    const chooser = page.waitForEvent('filechooser');
    await page
      .getByRole('button', { name: /choose files/i })
      .first()
      .click();
    await (await chooser).setFiles(join(SAMPLES, 'diabetes.csv'));
  },
  'the digits sample': (page) =>
    page
      .getByRole('button', { name: /digits/i })
      .first()
      .click(),
};

/** A row alone, with the comma of thousands where the sample has points before a fraction. @param scored the CSV of the sample */
async function scoreOneRow(opened: Page, scored: string): Promise<void> {
  const [header, first] = scored.split('\r\n');
  const cells = first.split(',');
  cells[cells.findIndex((cell) => cell.includes('.'))] = '"5,100"';
  const buffer = Buffer.from(`${header}\r\n${cells.join()}`);
  await opened.getByLabel('Files to score').setInputFiles({ name: 'one.csv', mimeType: 'text/csv', buffer });
  await opened.getByText(/read as it is in the training data: '5,100' as 5100 in column/).waitFor();
}

/** What a person does who was given a predictor file: opens it from disk without a network, scores a file, saves the profile. */
async function useElsewhere(page: Page, given: Download, id: string, sample: string): Promise<string> {
  const lathe = await page.evaluate(
    async ([id, name]) => {
      const file = new File([await (await fetch(`samples/${name}`)).blob()], name);
      return (await window.lathe.predictFile(id, [file])).file.text();
    },
    [id, sample],
  );
  const folder = mkdtempSync(join(tmpdir(), 'lathe-predictor-'));
  const path = join(folder, given.suggestedFilename());
  await given.saveAs(path);
  const { page: opened, complaints } = await openPredictor(app.browser, path);
  try {
    await expectSameCsv(opened, sample, lathe);
    await opened.getByRole('heading', { name: 'Compared with the training data' }).waitFor();
    expect(await faultsOf(opened)).toEqual([]);
    const saveProfile = async () => {
      const saved = await save(opened, () => opened.getByRole('button', { name: 'Save the profile' }).click());
      return parseProfile(readFileSync(saved, 'utf8'), 'profile');
    };
    const once = await saveProfile();
    expect(once).toMatchObject({ model: { id }, rows: lathe.trim().split('\r\n').length - 1 });
    await opened.reload(); // what was scored is still known, and more is added to it
    await expectSameCsv(opened, sample, lathe);
    const twice = await saveProfile();
    const merged = mergeProfiles([once, once]);
    expect({ ...exactly(twice), lastAt: 0 }).toEqual({ ...exactly(merged), lastAt: 0 });
    if (sample.endsWith('.csv')) await scoreOneRow(opened, lathe);
    expect(complaints).toEqual([]);
    expect(await tryToLeave(opened)).toEqual(['connect-src', 'img-src', 'no script ran', 'refused', 'script-src-elem', 'style-src-attr']); // prettier-ignore
    return JSON.stringify(twice);
  } finally {
    await opened.context().close();
    rmSync(folder, { recursive: true, force: true });
  }
}

test.each([
  {
    way: 'dropped iris',
    model: 'iris',
    rows: '150',
    figure: 'Accuracy',
    cell: /actual (\w+), predicted \1/,
    sample: 'iris.csv',
  },
  { way: 'picked diabetes', model: 'diabetes', rows: '442', figure: 'R²', cell: null, sample: 'diabetes.csv' },
  {
    way: 'the digits sample',
    model: 'Digits',
    rows: '1,797',
    figure: 'Accuracy',
    cell: /actual (\w+), predicted \1/,
    sample: 'digits.zip',
  },
])(
  'from $way to a verified ONNX file, and everything is there after a reload',
  async ({ way, model, rows, figure, cell, sample }) => {
    const page = await app.open();
    await WAYS[way](page);
    await page
      .getByText(new RegExp(`\\b${rows}\\b`))
      .first()
      .waitFor();

    await stage(page, 'Train').click();
    await title(page, 'Train');
    const start = page.getByRole('button', { name: 'Train', exact: true });
    await page.getByRole('heading', { name: 'What this comes to' }).waitFor();
    await expect.poll(() => start.isEnabled(), { timeout: 15_000 }).toBe(true);
    await start.click();
    await page.getByRole('heading', { name: `Trained ${model}@1` }).waitFor({ timeout: 240_000 });
    // `auto` has no real GPU here, and says so
    await page
      .getByText(/software/i)
      .first()
      .waitFor();

    await stage(page, 'Evaluate').click();
    await title(page, 'Evaluate');
    await page.getByText(figure).first().waitFor();
    if (cell) {
      await page.getByRole('button', { name: cell }).first().click();
      await page.getByRole('heading', { name: /^Rightly predicted as / }).waitFor();
      await page.getByRole('columnheader', { name: 'Predicted' }).or(page.getByText(/^✓ /)).first().waitFor();
    }

    await stage(page, 'Export').click();
    await title(page, 'Export');
    for (const format of ['ONNX', 'TensorFlow.js']) {
      const card = page.getByRole('region', { name: format });
      await card.getByRole('button', { name: /make and verify/i }).click();
      await card.getByText('verified').waitFor({ timeout: 60_000 });
      const download = page.waitForEvent('download');
      await card.getByRole('link', { name: /download/i }).click();
      const path = await (await download).path();
      expect(readFileSync(path).length).toBeGreaterThan(500);
      expect((await download).suggestedFilename()).toMatch(
        format === 'ONNX' ? `${model}-v1.onnx` : `${model}-v1-tfjs.zip`,
      );
    }

    const predictor = page.getByRole('region', { name: 'Predictor' });
    await predictor.getByRole('button', { name: /make and verify/i }).click();
    await predictor.getByText('verified').waitFor({ timeout: 60_000 });
    const given = page.waitForEvent('download');
    await predictor.getByRole('link', { name: /download/i }).click();
    const profile = await useElsewhere(page, await given, `${model}@1`, sample);
    const sentBack = await page.evaluate(
      async ([id, text]) => {
        const { kind, rows: count, figures } = await window.lathe.scoreBatch(id, [new File([text], 'sent-back.json')]);
        return { kind, count, names: figures.map(({ name }) => name as string) };
      },
      [`${model}@1`, profile],
    );
    expect(sentBack).toMatchObject({ kind: 'profile', count: 2 * Number(rows.replace(',', '')) });
    expect(sentBack.names).toContain('lathe_prediction_drift_p_value');

    await stage(page, 'Predict').click();
    await title(page, 'Predict');

    await page.reload();
    await stage(page, 'Data').click();
    await page
      .getByText(new RegExp(`\\b${rows}\\b`))
      .first()
      .waitFor();
    await stage(page, 'Versions').click();
    await page.getByRole('article', { name: `${model}@1` }).waitFor();
    await stage(page, 'Evaluate').click();
    await page.getByText(figure).first().waitFor();
    const kept = await page.evaluate(async () => ({
      versions: (await window.lathe.versions()).map(({ id, epochs }) => ({ id, epochs })),
      runs: (await window.lathe.runs()).map(({ state }) => state),
    }));
    expect(kept).toEqual({ versions: [{ id: `${model}@1`, epochs: expect.any(Number) }], runs: ['finished'] });
    expect(kept.versions[0].epochs).toBeGreaterThan(0);
    await page.context().close();
  },
);

test('no page complained, and nothing was asked of another host', () => {
  expect(app.complaints).toEqual([]);
});
