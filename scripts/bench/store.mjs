// A registry of 2,000 versions and 1,000 more runs, in the built page and a profile on disk: from a cold browser's
// navigation to the list, drawn, and from each key of a search to its answer. The peers are pages that only read the same
// values with IndexedDB's own getAll, from the same profile in the same run, a new browser for each.
// Arguments: a number of rounds (5 without).

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { loadModule } from '../benchStore/load.mjs';
import { CHROMIUM_ARGS } from '../chromium.mjs';
import { serveFolder } from '../serve.mjs';

const SIZE = { versions: 2000, runs: 1000, models: 25, epochs: 100 };
const OPEN_BAR_MS = 2000;
const SEARCH_BAR_MS = 100;
const QUERIES = [
  'tag:review accuracy>0.9',
  'wider layers',
  '-tag:review epochs>50 "model 7"',
  'alias:champion logLoss<0.6',
];

/** What each peer reads: the values that the list is made of; and the logs too. */
const PEERS = { 'getAll of the versions': ['versions'], 'getAll of versions, runs and logs': ['versions', 'runs'] };

/** A page that does nothing else; it tells when it has the values, in milliseconds from its navigation. */
const peerPage = (stores) => `<!doctype html><title>peer</title><script>
  const request = indexedDB.open('peer');
  request.onsuccess = () => {
    const transaction = request.result.transaction(${JSON.stringify(stores)});
    const reads = ${JSON.stringify(stores)}.map((name) => transaction.objectStore(name).getAll());
    transaction.oncomplete = () => {
      window.count = reads.reduce((sum, { result }) => sum + result.length, 0);
      window.doneMs = performance.now();
    };
  };
</script>`;

/** Runs in the page, as a script of its own: sets `doneMs` when the list has been drawn. */
function watchList(heading) {
  const look = () => {
    const drawn = document.querySelectorAll('article').length > 0 && document.body.textContent.includes(heading);
    if (drawn) requestAnimationFrame(() => (window.doneMs = performance.now()));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** Runs in the page: types a query; milliseconds from the slowest key to its answer, painted, and what was found. */
async function search(query) {
  const field = document.querySelector('input[type="search"]');
  const painted = () =>
    new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(performance.now()))));
  const put = (text) => {
    field.value = text;
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
  };
  put('');
  await painted();
  let slowestMs = 0;
  for (let end = 1; end <= query.length; end++) {
    const at = performance.now();
    put(query.slice(0, end));
    slowestMs = Math.max(slowestMs, (await painted()) - at);
  }
  return { slowestMs, found: document.querySelector('search [role="status"]').textContent.trim() };
}

/** Runs in the page: makes the workspace of the first version, and gives it as a backup, base64. */
async function makeTemplate() {
  const { lathe } = window;
  const dataset = await lathe.importSample('iris');
  const recipe = await lathe.suggestRecipe(dataset.id, { seed: 1 });
  recipe.backend = 'cpu';
  recipe.training.epochs = 2;
  const version = await lathe.train(recipe);
  const { file } = await lathe.backup();
  const bytes = new Uint8Array(await file.arrayBuffer());
  await lathe.removeVersion(version.id);
  await lathe.removeRun(version.runId);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

/** Runs in the page: restores the registry, and writes the same values for the peers. */
async function fill() {
  const { lathe } = window;
  const response = await fetch('/registry.zip');
  await lathe.restore(new File([await response.blob()], 'registry.zip'));
  const versions = await lathe.versions();
  const runs = await lathe.runs();
  const logs = await Promise.all(runs.map(async ({ id }) => (await lathe.run(id)).log));
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open('peer');
    request.onupgradeneeded = () => {
      for (const name of ['versions', 'runs']) request.result.createObjectStore(name, { autoIncrement: true });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const transaction = database.transaction(['versions', 'runs'], 'readwrite');
  for (const version of versions) transaction.objectStore('versions').add(version);
  for (const [i, run] of runs.entries()) transaction.objectStore('runs').add({ ...run, log: logs[i] });
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  return { versions: versions.length, runs: runs.length };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const rounded = (value) => Math.round(value * 10) / 10;

export default async function measure({ dist, executablePath, args = [] }) {
  const rounds = Number(args[0] ?? 5);
  const folder = mkdtempSync(join(tmpdir(), 'lathe-bench-'));
  const registry = join(folder, 'registry.zip');
  const server = await serveFolder(dist, 0, (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const peer = Object.keys(PEERS)[Number(/^\/peer(\d)$/.exec(pathname)?.[1] ?? NaN)];
    if (peer) response.writeHead(200, { 'content-type': 'text/html' }).end(peerPage(PEERS[peer]));
    else if (pathname === '/registry.zip') response.writeHead(200).end(readFileSync(registry));
    else return false;
    return true;
  });

  /** Runs `work` in a browser of its own on the profile. */
  async function inBrowser(work) {
    const context = await chromium.launchPersistentContext(join(folder, 'profile'), {
      executablePath,
      args: CHROMIUM_ARGS,
      viewport: { width: 1280, height: 900 },
    });
    try {
      return await work(context.pages()[0] ?? (await context.newPage()));
    } finally {
      await context.close();
    }
  }

  /** From the navigation to what the page says is done, milliseconds. */
  async function open(page, path) {
    await page.goto(server.url + path, { waitUntil: 'commit' });
    await page.waitForFunction(() => window.doneMs, null, { timeout: 60_000 });
    return page.evaluate(() => window.doneMs);
  }

  try {
    const template = await inBrowser(async (page) => {
      await page.goto(server.url);
      return page.evaluate(makeTemplate);
    });
    const { writeRegistry } = await loadModule('registry');
    await writeRegistry(new Uint8Array(Buffer.from(template, 'base64')), registry, SIZE);
    const kept = await inBrowser(async (page) => {
      page.setDefaultTimeout(0);
      await page.goto(server.url);
      return page.evaluate(fill);
    });
    console.log(`${kept.versions} versions, ${kept.runs} runs, ${SIZE.epochs} epochs each`);

    const times = { Lathe: [], ...Object.fromEntries(Object.keys(PEERS).map((name) => [name, []])) };
    const searches = QUERIES.map(() => []);
    for (let round = 0; round < rounds; round++) {
      await inBrowser(async (page) => {
        const heading = `${SIZE.versions.toLocaleString('en')} versions`;
        await page.addInitScript(`(${watchList.toString()})(${JSON.stringify(heading)})`);
        times.Lathe.push(await open(page, '#/versions'));
        for (const [i, query] of QUERIES.entries()) searches[i].push(await page.evaluate(search, query));
      });
      for (const [i, name] of Object.keys(PEERS).entries()) {
        await inBrowser(async (page) => times[name].push(await open(page, `peer${i}`)));
      }
    }
    const rows = [
      ...Object.entries(times).map(([page, each]) => ({
        measure: 'cold browser to the values',
        page,
        medianMs: rounded(median(each)),
        slowestMs: rounded(Math.max(...each)),
        found: '',
      })),
      ...QUERIES.map((query, i) => ({
        measure: 'search, slowest key to its answer',
        page: query,
        medianMs: rounded(median(searches[i].map(({ slowestMs }) => slowestMs))),
        slowestMs: rounded(Math.max(...searches[i].map(({ slowestMs }) => slowestMs))),
        found: searches[i][0].found,
      })),
    ];
    const ratios = { [`registry open and drawn, ms (bar ${OPEN_BAR_MS})`]: rows[0].medianMs };
    for (const name of Object.keys(PEERS)) {
      ratios[`registry open / ${name}`] = rounded(median(times.Lathe) / median(times[name]));
    }
    ratios[`slowest search, ms (bar ${SEARCH_BAR_MS})`] = Math.max(
      ...rows.slice(-QUERIES.length).map((row) => row.medianMs),
    );
    return { rows, ratios };
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}
