// Every stage, empty and in use, in both themes: axe-core finds nothing, a phone's width holds it, and the keyboard
// alone does the job.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nameOfRoute, PAGES, PLACES, type Route, STAGES } from '../../src/ui/shell/stages.ts';
import { launchApp, type App } from './app.ts';
import { audit } from './axe.ts';

const ROUTES = [...STAGES, ...PLACES, ...PAGES].map(({ id }) => id);

const places = PLACES.map(({ id }) => id);
/** What looks as it does with another sample, and is left to that. */
const ALIKE: Partial<Record<string, Route[]>> = { iris: places, diabetes: [...places, 'compare', 'update'], digits: ['update'], 'no data': ['compare'] }; // prettier-ignore

let app: App;
beforeAll(async () => {
  app = await launchApp();
});
afterAll(() => app.close());

async function goTo(page: Page, stage: Route): Promise<void> {
  await page.evaluate((stage) => (location.hash = `#/${stage}`), stage);
  await page.getByRole('heading', { level: 1, name: nameOfRoute(stage) }).waitFor();
  await ready(page);
}

async function ready(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector('[role=progressbar],[aria-busy=true]') === null);
  await settle(page);
}

/** Opens what is folded on the pages of what comes after training, and why two alerts were raised. */
async function unfold(page: Page): Promise<void> {
  await page.evaluate(() => document.querySelectorAll('details').forEach((group) => (group.open = true)));
  for (const why of (await page.getByRole('button', { name: 'Why', exact: true }).all()).slice(0, 2).reverse())
    await why.click();
  await ready(page);
}

/** Waits until charts are drawn and transitions have ended. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const drawn = () => new Promise((resolve) => requestAnimationFrame(resolve));
    for (let frame = 0; frame < 3; frame++) await drawn(); // what a frame measures is drawn in the next
    const ends = (each: Animation) =>
      each.playState === 'running' && each.effect?.getComputedTiming().endTime !== Infinity;
    const moving = document.getAnimations().filter(ends);
    // an animation that is taken over by another need never end
    const longest = new Promise((resolve) => setTimeout(resolve, 500));
    await Promise.race([longest, Promise.allSettled(moving.map((each) => each.finished))]);
  });
}

/** Trains a sample for a moment, and has a batch with labels raise alerts, so that every stage has something to show. */
async function fill(page: Page, sample: string): Promise<void> {
  await page.evaluate(async (sample) => {
    const dataset = await window.lathe.importSample(sample);
    const recipe = await window.lathe.suggestRecipe(dataset.id, { seed: 1 });
    recipe.backend = 'cpu';
    recipe.training.epochs = 2;
    const { id } = await window.lathe.train(recipe);
    await window.lathe.train({ ...recipe, seed: 2 });
    if (dataset.kind === 'images') {
      const { items } = await window.lathe.images(dataset.id, { label: dataset.classes[3], offset: 0, limit: 30 });
      const files = items.map(({ blob, label, index }) => new File([blob], `march/${label}/${index}.png`));
      return void (await window.lathe.scoreBatch(id, files));
    }
    const { rows } = await window.lathe.rows(dataset.id, { offset: 0, limit: 80 });
    const [{ name }] = recipe.columns.filter(({ role }) => role === 'feature');
    const lines = rows.map((row) => JSON.stringify({ ...row, [name]: Number(row[name]) + 3 }));
    await window.lathe.scoreBatch(id, [new File([lines.join('\n')], 'march.jsonl')]);
  }, sample);
  await page.reload();
  await page.waitForFunction(() => Boolean(window.lathe));
}

/** Elements that stick out of the window sideways and lie in no scroll area of their own. */
function overflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll<HTMLElement>('body *')]
      .filter((element) => element.getBoundingClientRect().right > width + 1)
      .map((element) => `${element.tagName}.${element.className} ${element.textContent?.trim().slice(0, 40)}`)
      .slice(-5);
  });
}

describe.each(['no data', 'iris', 'diabetes', 'digits'])('every stage with %s', (sample) => {
  let page: Page;
  beforeAll(async () => {
    page = await app.open();
    if (sample !== 'no data') await fill(page, sample);
  });
  afterAll(() => page.context().close());

  // each stage is gone to once and looked at in every way, for going there takes longer than looking
  test('has nothing for axe-core to find in either theme, and does not overflow sideways at any width', async () => {
    for (const stage of ROUTES.filter((route) => !ALIKE[sample]?.includes(route))) {
      await goTo(page, stage);
      if (stage === 'monitor' || stage === 'compare' || stage === 'update') await unfold(page);
      for (const colorScheme of sample === 'no data' ? (['dark'] as const) : (['dark', 'light'] as const)) {
        await page.emulateMedia({ colorScheme });
        await settle(page);
        const rules = colorScheme === 'light' ? ['color-contrast'] : undefined; // the others know no theme
        expect({ stage, colorScheme, faults: await audit(page, rules) }).toEqual({ stage, colorScheme, faults: [] });
      }
      for (const width of [320, 768, 1920, 1280]) {
        await page.setViewportSize({ width, height: 740 });
        await settle(page);
        expect({ stage, width, overflow: await overflow(page) }).toEqual({ stage, width, overflow: [] });
      }
    }
  });
});

test.each([
  { theme: 'light' as const, width: 320 },
  { theme: 'dark' as const, width: 1280 },
])('blocks and branches are edited in lists of lists, $theme, at $width pixels', async ({ theme, width }) => {
  const page = await app.open({ width, theme });
  await page.evaluate(() => window.lathe.importSample('digits'));
  await page.reload();
  await goTo(page, 'train');
  await page.getByText('Layers', { exact: true }).click();
  const add = async (list: string, label: string) => {
    await page.getByLabel(list, { exact: true }).selectOption({ label });
    const form = page.locator('.add', { has: page.getByLabel(list, { exact: true }) });
    await form.getByRole('button', { name: 'Add layer' }).click();
  };
  await page.getByRole('button', { name: /^Remove layer 1,/ }).click();
  while ((await page.getByRole('button', { name: /^Remove layer \d+,/ }).count()) > 0) {
    await page.getByRole('button', { name: /^Remove layer 1,/ }).click();
  }
  await add('Layer to add', 'Residual block');
  await add('Layer to add to layers of 1', 'Dropout');
  await add('Layer to add', 'Branches side by side');
  await add('Layer to add to branch 2 of 2', 'Max pooling');
  await page
    .getByText(/which does not go beside/)
    .first()
    .waitFor(); // the pool halves one of the branches
  expect(await audit(page)).toEqual([]);
  await page.getByRole('button', { name: 'Remove layer 2.2.1, Max pooling' }).click();
  await add('Layer to add to branch 2 of 2', 'Batch normalisation');
  await add('Layer to add', 'Global average pooling');
  await page.getByText('tells 10 classes apart').waitFor();
  expect(await page.getByRole('table').first().textContent()).toMatch(/residual.*dropout.*1\/0_batchNorm.*head/s);
  expect(await audit(page)).toEqual([]);
  expect(await overflow(page)).toEqual([]);
  await page.context().close();
});

/** Presses Tab until the focus is on the element that `matches`; fails where it never comes. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  const seen: string[] = [];
  for (let i = 0; i < 150; i++) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement | null;
      if (!element || element === document.body) return '';
      const label = (element as HTMLInputElement).labels?.[0]?.textContent ?? '';
      return `${element.getAttribute('aria-label') ?? ''} ${label} ${element.textContent ?? ''}`
        .replace(/\s+/g, ' ')
        .trim();
    });
    if (name.test(focused)) return;
    seen.push(focused.slice(0, 30));
  }
  throw new Error(`the focus never came to ${name}; it was on ${[...new Set(seen)].join(' | ')}`);
}

test('the keyboard alone goes from a sample to a verified file and a prediction', async () => {
  const page = await app.open({ width: 360, height: 740 });
  await page.getByRole('heading', { level: 1, name: 'Data' }).waitFor();
  await page
    .getByRole('button', { name: /sample.*iris|iris/i })
    .first()
    .waitFor();
  await tabTo(page, /use this sample.*iris|iris.*use this sample/i);
  await page.keyboard.press('Enter');
  await page
    .getByText(/\b150\b/)
    .first()
    .waitFor();
  await tabTo(page, /\bTrain :/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Train' }).waitFor();
  await page.getByRole('heading', { name: 'What this comes to' }).waitFor();
  await tabTo(page, /^Train$/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /^Trained/ }).waitFor({ timeout: 60_000 });
  await tabTo(page, /\bEvaluate :/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Evaluate' }).waitFor();
  await page.getByRole('button', { name: /actual setosa, predicted setosa/ }).waitFor();
  await tabTo(page, /actual setosa, predicted setosa/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /^Rightly predicted as setosa/ }).waitFor();
  await tabTo(page, /\bExport :/);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /make and verify.*onnx/i }).waitFor();
  await tabTo(page, /make and verify.*onnx/i);
  await page.keyboard.press('Enter');
  await page.getByRole('region', { name: 'ONNX' }).getByText('verified').waitFor({ timeout: 60_000 });
  await tabTo(page, /\bPredict :/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Predict' }).waitFor();
  await page.getByLabel('petal length (cm)').waitFor();
  await tabTo(page, /petal length/);
  await page.keyboard.press('Control+A');
  await page.keyboard.type('5.9');
  await page
    .getByText(/virginica/)
    .first()
    .waitFor();
  await page.context().close();
});

test('no page complained', () => {
  expect(app.complaints).toEqual([]);
});
