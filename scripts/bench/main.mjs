// The main job on each sample and each backend, in the built page: import, train, evaluate, export with its
// verification, predict. Each backend trains the same few epochs; the peer is TensorFlow.js on the CPU, in the same run.
// Then the whole training that the page proposes, by clicks: the longest task on the main thread meanwhile.

import { chromium } from 'playwright-core';
import { CHROMIUM_ARGS, SOFTWARE_WEBGPU_ARGS } from '../chromium.mjs';
import { serveFolder } from '../serve.mjs';

const SAMPLES = ['iris', 'breast-cancer', 'diabetes', 'digits'];
const BACKENDS = ['cpu', 'webgl', 'webgpu'];
const EPOCHS = 2;
const REPEATS = 3;
/** What a person may wait for an answer to a click while it trains. */
const RESPONSIVE_MS = 100;

/** Runs in the page. Times are milliseconds. */
async function mainJob({ sample, backend, epochs }) {
  const lathe = window.lathe;
  const time = async (job) => {
    const startedAt = performance.now();
    const value = await job();
    return [value, performance.now() - startedAt];
  };
  const [dataset, importMs] = await time(() => lathe.importSample(sample));
  const recipe = await lathe.suggestRecipe(dataset.id, { seed: 1 });
  recipe.backend = backend;
  recipe.training.epochs = epochs;
  recipe.training.earlyStopping = null;
  let steps = 0;
  let firstStepMs = 0;
  const startedAt = performance.now();
  const [version, trainMs] = await time(() =>
    lathe.train(recipe, {
      onProgress: (progress) => {
        if (!progress.step) return;
        firstStepMs ||= performance.now() - startedAt;
        steps = progress.step.steps;
      },
    }),
  );
  const [, evaluateMs] = await time(() => lathe.evaluate(version.id));
  const [exported, exportMs] = await time(() => lathe.exportModel(version.id, 'onnx'));
  const adapter = version.adapter;
  await lathe.removeVersion(version.id);
  await lathe.removeDataset(dataset.id);
  return {
    importMs,
    trainMs,
    firstStepMs,
    steps,
    evaluateMs,
    exportMs,
    adapter,
    diff: exported.verification.maxAbsDiff,
  };
}

/** Trains a sample by clicks, in a page of its own. @returns the main thread's longest task meanwhile, in milliseconds */
async function longestTask(browser, url, sample) {
  const page = await browser.newPage();
  await page.goto(url);
  const title = new RegExp(sample.replace('-', ' '), 'i');
  await page.getByRole('button', { name: title }).first().click();
  await page.getByRole('heading', { name: title }).first().waitFor();
  await page.evaluate(() => (location.hash = '#/train'));
  await page.getByRole('heading', { name: 'What this comes to' }).waitFor();
  await page.waitForTimeout(1000); // what the stage itself loads is over
  await page.evaluate(async () => {
    window.longTasks = [];
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.longTasks.push(duration);
    }).observe({ type: 'longtask' });
    // it is seen to observe before it is relied on: a task of the page's own, for what a debugger runs is none
    setTimeout(() => {
      const until = performance.now() + 150;
      while (performance.now() < until);
    });
    await new Promise((resolve) => setTimeout(resolve, 600));
    if (!window.longTasks.some((duration) => duration >= 140)) throw new Error('long tasks are not observed');
    window.longTasks.length = 0;
  });
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await page.getByRole('heading', { name: /^Trained / }).waitFor({ timeout: 600_000 });
  const longest = await page.evaluate(() => Math.max(0, ...window.longTasks));
  await page.close();
  return Math.round(longest);
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

export default async function measure({ dist, executablePath }) {
  const server = await serveFolder(dist);
  const browser = await chromium.launch({ executablePath, args: [...CHROMIUM_ARGS, ...SOFTWARE_WEBGPU_ARGS] });
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.waitForFunction(() => Boolean(window.lathe));
  const rows = [];
  const ratios = {};
  for (const sample of SAMPLES) {
    const runs = Object.fromEntries(BACKENDS.map((backend) => [backend, []]));
    // interleaved, so that a slow minute of the machine falls on every backend; the first round warms up
    for (let repeat = 0; repeat <= REPEATS; repeat++) {
      for (const backend of BACKENDS) {
        const figures = await page.evaluate(mainJob, { sample, backend, epochs: EPOCHS });
        if (repeat > 0) runs[backend].push(figures);
      }
    }
    for (const backend of BACKENDS) {
      const of = (key) => Math.round(median(runs[backend].map((run) => run[key])) * 10) / 10;
      const { adapter, steps } = runs[backend][0];
      const diff = Math.max(...runs[backend].map((run) => run.diff));
      rows.push({
        sample,
        backend,
        adapter,
        importMs: of('importMs'),
        steps,
        trainMs: of('trainMs'),
        firstStepMs: of('firstStepMs'),
        evaluateMs: of('evaluateMs'),
        exportMs: of('exportMs'),
        maxAbsDiff: diff,
      });
      const cpu = rows.find((row) => row.sample === sample && row.backend === 'cpu');
      ratios[`${sample}: ${backend} train time / cpu`] = Math.round((of('trainMs') / cpu.trainMs) * 100) / 100;
    }
  }
  await page.close();
  for (const sample of SAMPLES) {
    const longest = await longestTask(browser, server.url, sample);
    ratios[`${sample}: longest task while it trains, ms (bar ${RESPONSIVE_MS})`] = longest;
  }
  await browser.close();
  await server.close();
  return { rows, ratios };
}
