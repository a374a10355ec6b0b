// Hostile names of columns, classes, files, models, tags and notes through every view: the canary never fires, each name
// is shown as the text that it is, and no layout gives way to it.

import { readFileSync } from 'node:fs';
import Papa from 'papaparse';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchApp, type App } from '../app.ts';
import { dropFiles, forgetRecords, goTo, title } from '../steps.ts';
import { placeCanary, type Canary } from './canary.ts';
import { payload, PAYLOADS, type Payload } from './payloads.ts';

let app: App;
beforeAll(async () => {
  app = await launchApp();
});
afterAll(() => app.close());

describe('the canary', () => {
  /** A page that puts itself together as text, as no program should. */
  const careless: Record<NonNullable<Payload['fires']>, (name: string) => string> = {
    content: (name) => `<p>${name}</p>`,
    'double-quoted attribute': (name) => `<input title="${name}">`,
    'single-quoted attribute': (name) => `<input title='${name}'>`,
    address: (name) => `<a href="${name}">here</a>`,
    'text area': (name) => `<textarea>${name}</textarea>`,
    script: (name) => `<script>const name = "${name}"</script>`,
  };
  const firing = PAYLOADS.filter(({ fires }) => fires);

  test('sees each name that is put into a page as markup', async () => {
    expect(firing.length).toBeGreaterThan(12);
    const context = await app.browser.newContext();
    const canary = await placeCanary(context);
    const page = await context.newPage();
    for (const { name, fires } of firing) {
      await page.goto(`${app.url}samples/index.json`); // a document without a policy
      await page.evaluate((html) => (document.body.innerHTML = html), careless[fires!](name));
      if (fires === 'address') await page.getByText('here').click();
      await expect.poll(() => canary.fired(), { message: name }).not.toEqual([]);
    }
    await context.close();
  });
});

/** As a CSV of UTF-8 has a name: no NUL, no half of a pair, no blanks around it. */
const inCsv = (name: string) =>
  name
    .replaceAll('\0', '')
    .replace(/\p{Cs}/gu, '\ufffd')
    .trim();
const CLASSES = PAYLOADS.map(({ name }) => inCsv(name));
const LONG = inCsv(payload('namename'));
/** Column names are cut. */
const COLUMNS = CLASSES.map((name) => name.slice(0, 500));
/** As a model or a data set may be called. */
const UNSEEN = /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u;
const GIVEN = PAYLOADS.map(({ name }) => name).filter((name) => name.length <= 100 && !UNSEEN.test(name));

/** A column for each name, each class eight times, and in one column a name in every cell. @param drift what numbers are shifted by, and names are for letters then */
function hostileCsv(drift = 0): Buffer {
  const cell = (text: string | number) => `"${String(text).replaceAll('"', '""')}"`;
  const rows = Array.from({ length: CLASSES.length * 8 }, (_, row) => {
    const at = row % CLASSES.length;
    const cells = PAYLOADS.map((_, column) => {
      if (column === 0) return CLASSES[at] === LONG ? 'short' : CLASSES[at];
      if (column % 8 === 1) return drift ? CLASSES[at] : 'ab'[row % 2];
      return at + ((row * column) % 7) + drift;
    });
    return [...cells, PAYLOADS[at].name];
  });
  return Buffer.from(
    [[...PAYLOADS.map(({ name }) => name), 'class'], ...rows].map((row) => row.map(cell).join()).join('\n'),
  );
}

/** Every text on the page: what it reads as, and what stands in attributes and fields. */
const textsOf = (page: Page) =>
  page.evaluate(() => {
    const texts = [document.title];
    for (const element of document.querySelectorAll('body, body *')) {
      for (const { value } of element.attributes) texts.push(value);
      if ('value' in element && typeof element.value === 'string') texts.push(element.value);
      if (element.children.length === 0 || element === document.body) texts.push(element.textContent ?? '');
    }
    return texts.join('\uffff');
  });

/** What sticks out of the window sideways, and single names that are spread over more than ten lines. */
const misfits = (page: Page) =>
  page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const all = [...document.querySelectorAll<HTMLElement>('body *')];
    const describe = (element: HTMLElement) =>
      `${element.tagName}.${element.className} ${element.textContent?.trim().slice(0, 40)}`;
    const wide = document.documentElement.scrollWidth <= width ? [] : all.filter((element) => element.getBoundingClientRect().right > width + 1); // prettier-ignore
    const tall = all.filter(
      (element) =>
        [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.nodeValue!.length > 400) &&
        !element.closest('pre, textarea, select') &&
        element.clientHeight > 200,
    );
    return [
      ...wide.slice(-3).map((each) => `wide: ${describe(each)}`),
      ...tall.map((each) => `tall: ${describe(each)}`),
    ];
  });

let shot = 0;
/** The view as it is: quiet, whole at both widths, and with each of these names as text. */
async function look(page: Page, canary: Canary, view: string, names: string[] = []): Promise<void> {
  const texts = await textsOf(page);
  expect.soft({ view, absent: names.filter((name) => !texts.includes(name)) }).toEqual({ view, absent: [] });
  for (const width of [320, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    if (process.env.LATHE_SHOTS)
      await page.screenshot({ path: `${process.env.LATHE_SHOTS}/${++shot}-${view}-${width}.png`, fullPage: true });
    expect.soft({ view, width, misfits: await misfits(page) }).toEqual({ view, width, misfits: [] });
  }
  expect.soft({ view, fired: await canary.fired() }).toEqual({ view, fired: [] });
}

async function openApp(): Promise<{
  page: Page;
  canary: Canary;
  see: (view: string, names?: string[]) => Promise<void>;
}> {
  const page = await app.open();
  const canary = await placeCanary(page.context());
  await page.evaluate(() => window.lathe.datasets()); // the storage is open
  await page.reload();
  await page.waitForFunction(() => Boolean(window.lathe));
  return { page, canary, see: (view, names) => look(page, canary, view, names) };
}

/** Once nothing trains, for while something does the page asks before it goes. */
async function reload(page: Page): Promise<void> {
  await page.waitForFunction(() => !/^\d+ % /.test(document.title));
  await page.reload();
}

/** Lets a file be saved, and gives its name and its text. */
async function save(page: Page, link: RegExp): Promise<{ name: string; text: string }> {
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: link }).click();
  const file = await download;
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), 'utf8') };
}

test('a table of hostile columns and classes, from the file to the predictions', async () => {
  const { page, see } = await openApp();
  const DATASET = payload('<svg');
  const CSV = hostileCsv();
  await dropFiles(page, [{ name: `${DATASET}.csv`, bytes: CSV }]);
  await page.getByRole('heading', { name: DATASET, exact: true }).waitFor();
  await page.getByText('column name of more than 500 characters cut').waitFor();
  await page.getByRole('button', { name: /^Show \d+ more of/ }).click();
  await see('data', [DATASET, ...COLUMNS]);
  await page.getByLabel(`Type of ${payload('<script')}`, { exact: true }).selectOption('category');
  await page.getByText(`${payload('<script')}: category.`).waitFor();
  await page.getByLabel('Type of class', { exact: true }).selectOption('category');
  await page.getByText('class: category.').waitFor();
  await page.getByLabel('Role of class', { exact: true }).selectOption('target');
  await page.getByText('class: target.').waitFor();
  await page
    .getByRole('button', { name: /^Delete/ })
    .first()
    .click();
  await see('delete-data', [DATASET]);
  await page.keyboard.press('Escape');

  await goTo(page, 'Train');
  await page.getByRole('heading', { name: 'What this comes to' }).waitFor();
  await page.getByText(/parameters;/).waitFor();
  await page.evaluate(() => document.querySelectorAll('details').forEach((group) => (group.open = true)));
  await page.getByLabel('Class weights').selectOption('own');
  const json = page.getByLabel(/^Everything that is needed to repeat the run/);
  const recipe = JSON.parse(await json.inputValue());
  expect(recipe.columns.map(({ name }: { name: string }) => name)).toEqual([...COLUMNS, 'class']);
  expect(Object.keys(recipe.training.classWeights).sort()).toEqual([...CLASSES].sort());
  await see('train', [DATASET, ...CLASSES]);
  await json.fill(JSON.stringify({ ...recipe, backend: 'cpu', training: { ...recipe.training, epochs: 2 } }));
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.getByText('The recipe is taken over.').waitFor();
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await page.getByRole('heading', { name: `Trained ${DATASET}@1` }).waitFor({ timeout: 60_000 });
  await see('trained', [`${DATASET}@1`]);
  const kept = await page.evaluate(async () => {
    const [{ labels, recipe }] = await window.lathe.versions();
    return { labels, weighted: Object.keys(recipe.training.classWeights) };
  });
  expect(new Set(kept.labels)).toEqual(new Set(CLASSES));
  expect(kept.weighted.sort()).toEqual([...CLASSES].sort());

  await goTo(page, 'Evaluate');
  await page
    .getByRole('button', { name: /row.*: actual/ })
    .first()
    .click();
  await page.getByRole('columnheader', { name: 'Predicted' }).last().waitFor();
  await see('evaluate', [...CLASSES, ...COLUMNS, `${DATASET}@1`]);

  await goTo(page, 'Predict');
  await page.getByText(/% sure/).waitFor();
  await page.getByRole('button', { name: /Show all \d+ classes/ }).click();
  await see('predict', [...COLUMNS, ...CLASSES]);
  await dropFiles(page, [{ name: `${payload('etc/passwd')}.csv`, bytes: CSV }]);
  const predictions = await save(page, /^Download .*predictions\.csv/);
  expect(predictions.name).toBe('passwd-predictions.csv');
  const { data, errors } = Papa.parse<string[]>(predictions.text, { skipEmptyLines: true });
  expect(errors).toEqual([]);
  const safe = (name: string) => (/^[=@-]/.test(name) ? `'${name}` : name);
  expect(data[0]).toEqual([...COLUMNS.map(safe), 'class', 'prediction', ...kept.labels.map((label) => `probability ${label}`)]); // prettier-ignore
  expect(data).toHaveLength(CLASSES.length * 8 + 1);
  await see('predictions', COLUMNS);

  await goTo(page, 'Monitor');
  await dropFiles(page, [{ name: `${payload('onfocus')}.csv`, bytes: hostileCsv(50) }]);
  await page.getByRole('heading', { level: 2, name: payload('onfocus') }).waitFor();
  await page.getByRole('button', { name: /^Show all \d+ columns/ }).waitFor(); // the report of the batch is there
  for (const all of (await page.getByRole('button', { name: /^Show all/ }).all()).reverse()) await all.click();
  for (const column of COLUMNS.slice(1, 3)) {
    const alert = page.locator('.alert', { hasText: column }).first();
    await alert.getByRole('button', { name: 'Why' }).click();
    await alert.getByRole('region', { name: /^Rows of the batch/ }).waitFor();
  }
  await see('monitor', [payload('onfocus'), ...COLUMNS]);
  await page.evaluate(() => (location.hash = '#/update'));
  await page.getByRole('table').waitFor();
  await page.getByText('Update the model when').click();
  await see('update', [payload('onfocus'), `${DATASET}@1`]);

  await goTo(page, 'Export');
  await page.getByRole('heading', { name: 'Code for this model' }).waitFor();
  for (const format of ['ONNX', 'TensorFlow.js']) {
    const card = page.getByRole('region', { name: format });
    await card.getByRole('button', { name: /make and verify/i }).click();
    await card.getByText('verified', { exact: false }).waitFor({ timeout: 60_000 });
    expect((await save(page, format === 'ONNX' ? /\.onnx$/ : /tfjs\.zip$/)).name).toMatch(/^[\w.-]+$/);
  }
  for (const language of ['onnxruntime-web', 'TensorFlow.js', 'Python']) {
    await page.getByRole('tab', { name: language }).click();
    await see(`export-${language}`, COLUMNS);
  }
  await page.context().close();
});

test('models, data sets, aliases, tags and notes of hostile names, from the versions to a restored backup', async () => {
  const { page, see } = await openApp();
  // the first few have models, and the rest data sets
  const models = GIVEN.slice(0, 7);
  await page.evaluate(
    async ({ names, models }) => {
      const { lathe } = window;
      for (const [i, name] of names.entries()) {
        const rows = Array.from({ length: 20 }, (_, row) => `${row % 2}${i},${row % 2 ? 'yes' : 'no'}`);
        const { id } = await lathe.importFiles([new File([`x,y\n${rows.join('\n')}`], 'table.csv')]);
        await lathe.renameDataset(id, name);
        if (!models.includes(name)) continue;
        const recipe = await lathe.suggestRecipe(id, { model: 'linear' });
        recipe.backend = 'cpu';
        recipe.training.epochs = 1;
        await lathe.train(recipe);
        if (i === 0) await lathe.train(recipe);
        await lathe.updateVersion(`${name}@1`, { tags: names, note: names.join('\n') });
        for (const alias of ['__proto__', 'constructor', 'toString', 'CON']) await lathe.setAlias(name, alias, 1);
      }
    },
    { names: GIVEN, models },
  );
  for (const name of ['a\nb', 'a\u202eb', 'half \ud83d', 'x'.repeat(10_000)]) {
    const refusals = await page.evaluate(async (name) => {
      const { lathe } = window;
      const [{ id, model, datasetId }] = await lathe.versions();
      const attempts = [
        () => lathe.renameDataset(datasetId, name),
        () => lathe.renameModel(model, name),
        () => lathe.updateVersion(id, { tags: [name] }),
        () => lathe.setAlias(model, name, 1),
      ];
      return Promise.all(
        attempts.map((attempt) =>
          attempt().then(
            () => 'taken',
            (error: Error) => error.name,
          ),
        ),
      );
    }, name);
    expect(refusals).toEqual(refusals.map(() => 'UserError'));
  }
  await reload(page);
  await page.getByRole('heading', { level: 1, name: 'Data' }).waitFor();
  await page.getByRole('button', { name: 'Rename' }).first().click();
  await see('data-sets', GIVEN);
  await page.keyboard.press('Escape');

  await goTo(page, 'Versions');
  await page.getByRole('article').nth(5).waitFor();
  await see('versions', [...GIVEN, ...models.map((name) => `${name}@1`)]);
  const [model] = models;
  const card = page.getByRole('article', { name: `${model}@1`, exact: true });
  await card.getByLabel(`Add alias to ${model}@1`).fill(payload('<svg'));
  await page.keyboard.press('Enter');
  await page
    .getByRole('alert')
    .getByText(/^Invalid alias/)
    .waitFor();
  await see('error', [`alias '${payload('<svg')}'`]);
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await page
    .getByLabel('Find versions')
    .fill(`tag:"${payload('onfocus').replaceAll('"', '')}" ${payload('Set-Cookie')} x:y`);
  await page.getByText("'x:' is no field").waitFor();
  await see('search');
  await page.getByLabel('Find versions').fill('');
  await card.getByText('Compare').click();
  await page
    .getByRole('article', { name: `${model}@2`, exact: true })
    .getByText('Compare')
    .click();
  await page.getByRole('heading', { name: `${model}@1 and ${model}@2` }).waitFor();
  await see('comparison', [`${model}@1 and ${model}@2`]);
  await page.getByRole('button', { name: 'Compare on unseen rows' }).click();
  await page.getByRole('heading', { name: 'Size and speed' }).waitFor();
  await page.getByRole('heading', { name: /^Predictions that/ }).waitFor();
  await see('compare', [`${model}@2`]);
  await goTo(page, 'Versions');
  await card.getByRole('button', { name: /^Delete/ }).click();
  await see('delete-version', [`Delete ${model}@1?`]);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: `Rename ${model}` }).click();
  await see('rename-model', [`Rename ${model}`]);
  await page.keyboard.press('Escape');
  await card.getByRole('button', { name: /^Lineage/ }).click();
  await page.getByRole('region', { name: 'Lineage' }).waitFor();
  await see('lineage', [`${model}@1`]);

  for (const place of ['privacy', 'about']) {
    await page.evaluate((place) => (location.hash = `#/${place}`), place);
    await page.waitForFunction((place) => document.querySelector(`[aria-current=page][href="#/${place}"]`), place);
    await see(place, [model]);
  }
  await page.evaluate(() => (location.hash = '#/workspace'));
  await title(page, 'Workspace');
  await page.evaluate(() => delete (window as { showSaveFilePicker?: unknown }).showSaveFilePicker);
  await page.getByRole('radio', { name: 'Some models' }).check({ force: true });
  for (const name of models) await page.getByLabel(name, { exact: true }).check();
  await see('workspace', GIVEN);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save a backup' }).click();
  const file = await (await download).path();

  const other = await openApp();
  await other.page.evaluate(() => (location.hash = '#/workspace'));
  await other.page.getByLabel('Backup file').setInputFiles(file);
  await other.page.getByText(/^Made /).waitFor();
  await other.page.getByRole('radio', { name: 'Some models' }).last().check();
  await other.see('restore', models);
  await other.page.getByRole('radio', { name: 'Everything' }).last().check();
  await other.page.getByRole('button', { name: 'Read it back' }).click();
  await other.page.getByText(/came back/).waitFor();
  await other.see('restored', models);
  expect(await other.page.evaluate(async () => (await window.lathe.models()).map(({ name }) => name))).toEqual(models);
  await forgetRecords(other.page);
  await other.page.reload();
  await other.page.getByRole('heading', { name: 'Something that was kept here is gone' }).waitFor();
  await other.see('incident');
  await page.context().close();
  await other.page.context().close();
});

test('images in folders of hostile names', async () => {
  const { page, see } = await openApp();
  // what begins with a dot is hidden, and skipped; a slash begins another folder
  const classes = PAYLOADS.map(({ name }) => name.replaceAll('/', '\u2215').replace(/\p{Cs}/gu, '\ufffd')).filter(
    (name) => !name.startsWith('.'),
  );
  await page.evaluate(async (classes) => {
    const { lathe } = window;
    const picture = async (shade: number) => {
      const canvas = new OffscreenCanvas(4, 4);
      const context = canvas.getContext('2d')!;
      context.fillStyle = `rgb(${shade} ${shade} ${shade})`;
      context.fillRect(0, 0, 4, 4);
      return canvas.convertToBlob();
    };
    const files = await Promise.all(
      classes.flatMap((name, i) =>
        [0, 1, 2].map(async (n) => new File([await picture(6 * i + n)], `set/${name}/${n}${name}.png`)),
      ),
    );
    const { id } = await lathe.importFiles(files);
    const recipe = await lathe.suggestRecipe(id, { model: 'mlp' });
    recipe.backend = 'cpu';
    recipe.training.epochs = 1;
    await lathe.train(recipe);
  }, classes);
  await reload(page);
  await page.getByRole('img').nth(20).waitFor();
  await see('gallery', classes);
  await goTo(page, 'Evaluate');
  await page
    .getByRole('button', { name: /image.*: actual|row.*: actual/ })
    .first()
    .click();
  await see('evaluate-images', classes);
  await goTo(page, 'Predict');
  await page
    .getByLabel('Image to score')
    .setInputFiles({ name: `${payload('<svg')}.png`, mimeType: 'image/png', buffer: await pictureOf(page) });
  await page.getByText(/% sure/).waitFor();
  await see('predict-image', [payload('<svg')]);

  await page.evaluate(async (classes) => {
    const [{ id, datasetId }] = await window.lathe.versions();
    const { items } = await window.lathe.images(datasetId, { label: null, offset: 0, limit: 20 });
    await window.lathe.scoreBatch(id, items.map(({ blob }, i) => new File([blob], `${classes[0]}/${classes[i]}.png`))); // prettier-ignore
  }, classes);
  await goTo(page, 'Monitor');
  await page.getByRole('button', { name: 'Why', exact: true }).first().click();
  await page.getByRole('listitem').getByRole('img').nth(19).waitFor();
  await see('monitor-images', classes.slice(0, 20));
  await page.context().close();
});

const pictureOf = async (page: Page) =>
  Buffer.from(
    await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(4, 4);
      canvas.getContext('2d');
      const blob = await canvas.convertToBlob();
      return btoa(String.fromCharCode(...new Uint8Array(await blob.arrayBuffer())));
    }),
    'base64',
  );
