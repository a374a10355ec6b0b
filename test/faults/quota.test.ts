// The room is used up at any write of any verb that writes: the browser's quota is set to what is used already, and the
// write goes on.

import { afterAll, beforeAll, expect } from 'vitest';
import type { CDPSession, Page } from 'playwright-core';
import { createProfile, launchChrome, removeProfile, type Chrome } from './chrome.ts';
import { faultAtEach } from './rows.ts';
import { openSite, type Site } from './site.ts';
import { fingerprint, makeWorkspace } from './workspace.ts';

const MOST_ATTEMPTS = 12;

let site: Site;
let profile: string;
let chrome: Chrome;
let page: Page;
let session: CDPSession;
let trials = 0;

beforeAll(async () => {
  site = await openSite();
  profile = createProfile();
  chrome = await launchChrome(profile);
  page = await site.open(chrome.context, { gated: true });
  session = await chrome.context.newCDPSession(page);
  await makeWorkspace(page);
});
afterAll(async () => {
  await chrome.kill();
  await site.close();
  removeProfile(profile);
});

/** What is done when there is no room; `n` is another number each time, so that there is something to write. */
const works = {
  'import a table': async (n: number) => {
    const lines = Array.from({ length: 3000 }, (_, i) => `${n},${i},${(i * 7919) % 1000}`);
    await window.lathe.importFiles([new File([`a,b,c\n${lines.join('\n')}\n`], `table-${n}.csv`)]);
  },
  'import images': async (n: number) => {
    const canvas = new OffscreenCanvas(64, 64);
    canvas.getContext('2d')!.fillText(String(n), 10, 30);
    await window.lathe.importFiles([new File([await canvas.convertToBlob()], `${n}.png`, { type: 'image/png' })]);
  },
  'correct a column': async () => {
    const numbers = (await window.lathe.datasets()).find(({ name }) => name.startsWith('numbers'))!;
    const { columns } = await window.lathe.dataset(numbers.id);
    const type = columns[0].type === 'category' ? 'number' : 'category';
    await window.lathe.updateColumns(numbers.id, [{ name: columns[0].name, type }]);
  },
  'rename a data set': async (n: number) => {
    const numbers = (await window.lathe.datasets()).find(({ name }) => name.startsWith('numbers'))!;
    await window.lathe.renameDataset(numbers.id, `numbers ${n}`);
  },
  train: async (n: number) => {
    const iris = (await window.lathe.datasets()).find(({ name }) => name === 'Iris')!;
    const recipe = await window.lathe.suggestRecipe(iris.id, { seed: n });
    recipe.backend = 'cpu';
    recipe.training.epochs = 2;
    await window.lathe.train(recipe, { model: 'when full' });
  },
  'write a note and tags': async (n: number) => {
    await window.lathe.updateVersion('Iris@1', { note: `note ${n}`, tags: [`tag-${n}`] });
  },
  'move an alias': async () => {
    const { aliases } = (await window.lathe.models()).find(({ name }) => name === 'Iris')!;
    const at = aliases.find(({ name }) => name === 'champion')?.number;
    await window.lathe.setAlias('Iris', 'champion', at === 1 ? 2 : 1);
  },
  'rename a model': async (n: number) => {
    const model = (await window.lathe.models()).find(({ name }) => name.startsWith('another'))!;
    await window.lathe.renameModel(model.name, `another ${n}`);
  },
};
type Work = keyof typeof works;

/** What a work changes where it went well; all else stays as it was. */
const TOUCHED: { [W in Work]?: RegExp } = {
  'correct a column': /^dataset /,
  'rename a data set': /^dataset /,
  'write a note and tags': /^version Iris@1$/,
  'move an alias': /^version Iris@/,
  'rename a model': /^(version another|run )/, // a run names its version
};

const run = (work: Work, n: number) =>
  page.evaluate(
    async ([source, n]) => {
      const work = (0, eval)(`(${source})`) as (n: number) => Promise<void>;
      return work(n).then(
        () => null,
        (error: Error) => {
          return `${error.name} ${error.message}`;
        },
      );
    },
    [works[work].toString(), n] as const,
  );

/** The writes of one work, counted while there is room. */
async function stepsOf(work: Work): Promise<string[]> {
  const steps: string[] = [];
  site.gate = (what) => (steps.push(what), null);
  expect(await run(work, ++trials)).toBeNull();
  site.gate = null;
  return steps;
}

async function fill(): Promise<void> {
  const { usage } = (await session.send('Storage.getUsageAndQuota', { origin: site.origin })) as { usage: number };
  await session.send('Storage.overrideQuotaForOrigin', { origin: site.origin, quotaSize: usage });
}

const makeRoom = () => session.send('Storage.overrideQuotaForOrigin', { origin: site.origin });

faultAtEach(
  'quota reached, at every point that writes',
  'a named error, nothing lost; to delete and to export still work',
  async () => {
    const points: { work: Work; step: number; what: string }[] = [];
    for (const work of Object.keys(works) as Work[]) {
      points.push(...(await stepsOf(work)).map((what, step) => ({ work, step, what })));
    }
    return points;
  },
  async ({ work, step }) => {
    const n = ++trials;
    const spare = await page.evaluate(async (n) => {
      const { lathe } = window;
      const dataset = await lathe.importFiles([new File([`x,y\n${'1,2\n'.repeat(50)}${n},3\n`], `spare-${n}.csv`)]);
      const iris = (await lathe.datasets()).find(({ name }) => name === 'Iris')!;
      const recipe = await lathe.suggestRecipe(iris.id, { seed: n });
      recipe.backend = 'cpu';
      recipe.training.epochs = 1;
      const version = await lathe.train(recipe, { model: 'spare' });
      return { dataset: dataset.id, version: version.id };
    }, n);
    // the journal is shortened now and then, so that not every run of a work gets as far
    let [before, error, count] = [{} as Record<string, string>, null as string | null, 0];
    for (let attempt = 0; count <= step && attempt < MOST_ATTEMPTS; attempt++) {
      before = await fingerprint(page);
      count = 0;
      site.gate = async () => {
        if (count++ === step) await fill();
        return null;
      };
      error = await run(work, ++trials);
      site.gate = null;
    }
    try {
      expect(count).toBeGreaterThan(step);
      if (error)
        expect(error).toMatch(/^UserError unsupported storage: there is no room for .*Nothing of it was saved/);
      const after = await fingerprint(page);
      const changed = Object.keys(before).filter((key) => after[key] !== before[key]);
      expect(error ? changed : changed.filter((key) => !TOUCHED[work]?.test(key))).toEqual([]);
      await page.evaluate(async ({ dataset, version }) => {
        await window.lathe.exportModel('Iris@1', 'onnx');
        await window.lathe.removeVersion(version);
        await window.lathe.removeDataset(dataset);
      }, spare);
    } finally {
      await makeRoom();
    }
    expect(await run(work, ++trials)).toBeNull();
  },
);
