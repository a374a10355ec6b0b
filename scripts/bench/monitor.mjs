// A batch of 1,000,000 rows by 20 columns, scored and tested in the built page: how long reading it takes, scoring it and the
// drift tests, and how long a task of the page is meanwhile. The file is chosen in the Monitor stage, as a person does. The
// peer of the tests is the reading of the same file, in the same run. Arguments: rows (1,000,000 without), rounds (1 without).

import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { watchMemory } from '../benchStore/memory.mjs';
import { CHROMIUM_ARGS } from '../chromium.mjs';
import { serveFolder } from '../serve.mjs';

const TRAINED_ROWS = 20_000;
const NUMBERS = 14;
const WORDS = 5;
const TASK_BAR_MS = 100;

/** A seeded generator of uniform numbers (a linear congruence; only to make rows of). */
function randomOf(seed) {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** Rows of 14 numbers, 5 categories and a class that follows from some of them; with `shift` some columns drift. */
function* lines(rows, seed, shift) {
  const random = randomOf(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const names = Array.from({ length: NUMBERS }, (_, c) => `number_${c}`);
  yield [...names, ...Array.from({ length: WORDS }, (_, c) => `word_${c}`), 'outcome'].join();
  for (let i = 0; i < rows; i++) {
    const cells = [];
    let score = 0;
    for (let c = 0; c < NUMBERS; c++) {
      const value = normal() + (c < 3 ? shift : 0);
      if (c % 4 === 0) score += value;
      cells.push(random() < 0.01 ? '' : value.toFixed(3));
    }
    for (let c = 0; c < WORDS; c++) {
      const code = Math.floor(random() * (4 + 6 * c));
      if (code === 0) score += 0.5;
      cells.push(`value ${code}`);
    }
    cells.push(score + normal() > 0 ? 'yes' : 'no');
    yield cells.join();
  }
}

async function writeRows(path, rows, seed, shift) {
  const stream = createWriteStream(path);
  let text = '';
  for (const line of lines(rows, seed, shift)) {
    text += `${line}\n`;
    if (text.length < 1 << 20) continue;
    if (!stream.write(text)) await once(stream, 'drain');
    text = '';
  }
  stream.end(text);
  await once(stream, 'finish');
}

/** Runs in the page: a model to score with. */
async function train() {
  const { lathe } = window;
  const dataset = await lathe.importFiles([...document.querySelector('#training').files]);
  const recipe = await lathe.suggestRecipe(dataset.id, { target: 'outcome', seed: 1 });
  recipe.backend = 'cpu';
  recipe.training.epochs = 2;
  return (await lathe.train(recipe, { model: 'bench' })).id;
}

/** Runs in the page: notes when each phase of a batch begins, and every long task from now on. */
function watch() {
  const { lathe } = window;
  const score = lathe.scoreBatch;
  window.tasks = [];
  new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' }); // prettier-ignore
  lathe.scoreBatch = async (id, files, options = {}) => {
    window.phases = [{ phase: 'reading', at: performance.now() }];
    const batch = await score(id, files, {
      ...options,
      onProgress: (progress) => {
        if (window.phases.at(-1).phase !== progress.phase) {
          window.phases.push({ phase: progress.phase, at: performance.now() });
        }
        options.onProgress?.(progress);
      },
    });
    window.phases.push({ phase: 'end', at: performance.now() });
    window.batch = { id: batch.id, rows: batch.rows, alerts: batch.alerts.length };
    return batch;
  };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

export default async function measure({ dist, executablePath, args = [] }) {
  const size = Number(args[0] ?? 1e6);
  const rounds = Number(args[1] ?? 1);
  const folder = mkdtempSync(join(tmpdir(), 'lathe-bench-'));
  const profile = join(folder, 'profile');
  const server = await serveFolder(dist);
  const rows = [];
  let context;
  try {
    const [training, batch] = [join(folder, 'training.csv'), join(folder, 'batch.csv')];
    await writeRows(training, TRAINED_ROWS, 1, 0);
    context = await chromium.launchPersistentContext(profile, { executablePath, args: CHROMIUM_ARGS });
    const page = await context.newPage();
    page.setDefaultTimeout(0);
    await page.goto(server.url);
    await page.waitForFunction(() => window.lathe);
    await page.evaluate(() => document.body.append(Object.assign(document.createElement('input'), { type: 'file', id: 'training' }))); // prettier-ignore
    await page.setInputFiles('#training', training);
    await page.evaluate(train);
    await page.goto(`${server.url}#/monitor`);
    await page.reload();
    const input = page.getByLabel('Files of a batch');
    await input.waitFor({ state: 'attached' });
    for (let round = 1; round <= rounds; round++) {
      await writeRows(batch, size, 1 + round, 0.3);
      await page.evaluate(watch);
      const memory = await watchMemory(page, profile);
      await input.setInputFiles(batch);
      await page.waitForFunction(() => window.batch);
      // until its report has been drawn
      await page.getByRole('region', { name: 'Columns against the reference' }).waitFor();
      await page.waitForTimeout(2000);
      const {
        phases,
        tasks,
        batch: scored,
      } = await page.evaluate(() => {
        const seen = { phases: window.phases, tasks: window.tasks, batch: window.batch };
        window.batch = undefined;
        return seen;
      });
      const used = await memory.stop();
      const msOf = (...wanted) =>
        phases.reduce((sum, { phase, at }, i) => sum + (wanted.includes(phase) ? phases[i + 1].at - at : 0), 0);
      const row = {
        rows: scored.rows,
        columns: NUMBERS + WORDS + 1,
        importMs: Math.round(msOf('reading', 'parsing', 'profiling')),
        scoreMs: Math.round(msOf('scoring')),
        testMs: Math.round(msOf('testing')),
        saveMs: Math.round(msOf('saving')),
        longestTaskMs: Math.round(Math.max(0, ...tasks)),
        alerts: scored.alerts,
      };
      for (const [name, { startMB, peakMB }] of Object.entries(used)) row[`${name}, MB`] = `${startMB} to ${peakMB}`;
      rows.push(row);
      console.log(JSON.stringify(row));
    }
    const of = (key) => median(rows.map((row) => row[key]));
    const ratio = (part) => Math.round((part / of('importMs')) * 100) / 100;
    const ratios = {
      'drift tests / import, time': ratio(of('testMs')),
      'scoring / import, time': ratio(of('scoreMs')),
      [`longest task of the page, ms (bar ${TASK_BAR_MS})`]: Math.max(
        ...rows.map(({ longestTaskMs }) => longestTaskMs),
      ),
    };
    return { rows, ratios };
  } finally {
    await context?.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}
