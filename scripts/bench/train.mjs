// Training steps on every trainer that runs in a page: TensorFlow.js `fit` on its backends, jax-js, and the compiled
// training of src/gpu, all in one page and one run, in turn; PyTorch on the CPU beside them where it is installed.
// Arguments: works by a part of their name, spaces left out (`cnn32 mlp784`; all without), and a number of rounds
// (3 without); TRAINER=part,part MS=1500. PROFILE=part lists the kernels of a step instead,
// VARIANT={"kind":"direct","tileRows":4,"tileColumns":8} in one variant.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { build } from 'vite';
import { CHROMIUM_ARGS, SOFTWARE_WEBGPU_ARGS } from '../chromium.mjs';
import { ROOT } from '../install.mjs';
import { serveFolder } from '../serve.mjs';

const PAGE = join(ROOT, 'scripts', 'benchTrain');
const OUT = join(ROOT, '.cache', 'benchTrain');

/** [workload, peer, at least so many times as fast as the peer] */
const BARS = [
  ['MLP 20-64-64-3', 'fit webgpu', 25],
  ['MLP 20-64-64-3', 'jax-js webgpu', 4],
  ['CNN 28x28x1', 'fit webgpu', 20],
  ['CNN 28x28x1', 'jax-js webgpu', 1.5],
  ...['logistic 30-2', 'MLP 784-512-512-10', 'CNN 32x32x3', 'depthwise stack 32x32x3'].flatMap((name) => [
    [name, 'fit webgpu', 5],
    [name, 'jax-js webgpu', 1],
  ]),
];

/** Milliseconds to the first step, at most. */
const FIRST_STEP = (workload) => (workload.startsWith('MLP') || workload.startsWith('logistic') ? 1000 : 3000);

const WORKLOADS = [...new Set(BARS.map(([name]) => name))];

/** The works whose names contain one of these parts. */
function workloadsOf(parts) {
  const plain = (text) => text.toLowerCase().replace(/[^a-z0-9]/g, '');
  const unknown = parts.find((part) => !WORKLOADS.some((name) => plain(name).includes(plain(part))));
  if (unknown) throw new Error(`unknown work '${unknown}': choose from ${WORKLOADS.map(plain).join(', ')}`);
  return WORKLOADS.filter((name) => parts.some((part) => plain(name).includes(plain(part))));
}

export default async function measure({ executablePath, args = [] }) {
  const option = (name) => args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1);
  const list = (name) => option(name)?.split(',') ?? [];
  const plain = args.filter((arg) => !arg.includes('='));
  const rounds = plain.find((arg) => /^\d+$/.test(arg));
  const workloads = workloadsOf(plain.filter((arg) => arg !== rounds));
  await build({
    root: PAGE,
    base: './',
    logLevel: 'warn',
    configFile: false,
    resolve: { alias: process.env.JAX_JS ? { '@jax-js/jax': process.env.JAX_JS } : {} },
    build: { outDir: OUT, emptyOutDir: true, target: 'es2023', chunkSizeWarningLimit: 8000 },
  });
  const server = await serveFolder(OUT);
  const gpu = process.env.BENCH_GPU ? ['--enable-unsafe-webgpu'] : SOFTWARE_WEBGPU_ARGS;
  const browser = await chromium.launch({ executablePath, args: [...CHROMIUM_ARGS, ...gpu] });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    page.on('console', (message) => console.log(message.text()));
    page.on('pageerror', (error) => console.log(error.message));
    await page.goto(server.url);
    await page.waitForFunction('window.benchReady');
    if (option('PROFILE')) {
      const variant = JSON.parse(option('VARIANT') ?? 'null');
      const lines = await page.evaluate(([name, one]) => window.profile(name, one), [option('PROFILE'), variant]);
      console.log(lines.join('\n'));
      return { rows: [], ratios: {} };
    }
    const options = {
      workloads,
      trainers: list('TRAINER'),
      rounds: Math.max(1, Number(rounds ?? 3)),
      milliseconds: Number(option('MS') ?? 1500),
    };
    const rows = [...(await page.evaluate((o) => window.bench(o), options)), ...pytorch(options)];
    if (option('TUNING')) console.log(await page.evaluate(() => window.tuning));
    const time = (workload, trainer) =>
      rows.find((row) => row.workload === workload && row.trainer === trainer)?.msPerStep;
    const ratios = {};
    for (const [workload, peer, bar] of BARS) {
      const [mine, other] = [time(workload, 'Lathe'), time(workload, peer)];
      if (mine && other) ratios[`${workload}: ${peer} / Lathe (bar ${bar})`] = Number((other / mine).toFixed(1));
    }
    for (const { workload, trainer, firstStepMs } of rows) {
      if (trainer === 'Lathe')
        ratios[`${workload}: ms to the first step (bar ${FIRST_STEP(workload)})`] = Math.round(firstStepMs);
    }
    const rounded = (value) => (typeof value === 'number' ? Number(value.toPrecision(3)) : value);
    return {
      rows: rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, rounded(value)]))),
      ratios,
    };
  } finally {
    await browser.close();
    await server.close();
  }
}

function pytorch({ workloads, trainers }) {
  if (trainers.length > 0 && !trainers.some((part) => 'PyTorch cpu'.includes(part))) return [];
  const script = join(PAGE, 'pytorch.py');
  for (const python of ['/usr/bin/python3', 'python3']) {
    const run = spawnSync(python, [script, ...workloads], { encoding: 'utf8', maxBuffer: 1 << 24 });
    if (run.status === 0) return JSON.parse(run.stdout);
  }
  console.log('PyTorch is not installed: its rows are left out');
  return [];
}
