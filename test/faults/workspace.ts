// A small workspace made through Lathe's verbs, and what can be read of one: each thing that is kept with a hash of all
// that Lathe says of it, or the error that reading it gave.

import type { Page } from 'playwright-core';

/** Imports three data sets and trains three versions of two models, all within a second. */
export function makeWorkspace(page: Page): Promise<void> {
  return page.evaluate(async () => {
    const { lathe } = window;
    const iris = await lathe.importSample('iris');
    const lines = Array.from({ length: 500 }, (_, i) => `${i},${(i * 7919) % 1000},${i % 2 ? 'odd' : 'even'}`);
    await lathe.importFiles([new File([`a,b,parity\n${lines.join('\n')}\n`], 'numbers.csv')]);
    const canvas = new OffscreenCanvas(8, 8);
    canvas.getContext('2d')!.fillRect(0, 0, 4, 8);
    await lathe.importFiles([new File([await canvas.convertToBlob()], 'half.png', { type: 'image/png' })]);
    const recipe = await lathe.suggestRecipe(iris.id, { seed: 1 });
    recipe.backend = 'cpu';
    recipe.training.epochs = 2;
    await lathe.train(recipe);
    const { id } = await lathe.train({ ...recipe, seed: 2 });
    await lathe.updateVersion(id, { note: 'the one to keep' });
    await lathe.train({ ...recipe, seed: 3 }, { model: 'another' });
  });
}

/** Everything that is kept, by `dataset <id>`, `run <number>` and `version <id>`: a hash, or `error: ` and why. */
export function fingerprint(page: Page): Promise<Record<string, string>> {
  return page.evaluate(async () => {
    const { lathe } = window;
    const hash = async (value: unknown) => {
      const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(value)));
      return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
    };
    const found: Record<string, string> = {};
    const look = async (key: string, read: () => Promise<unknown>) => {
      found[key] = await read().then(hash, (error: Error) => `error: ${error.message}`);
    };
    for (const { id, kind } of await lathe.datasets()) {
      await look(`dataset ${id}`, async () => {
        const detail = await lathe.dataset(id);
        if (kind === 'table') return [detail, await lathe.rows(id, { offset: 0, limit: 1000 })];
        const { items } = await lathe.images(id, { label: null, offset: 0, limit: 100 });
        return [detail, await Promise.all(items.map(async ({ name, blob }) => [name, await blob.text()]))];
      });
    }
    for (const { id } of await lathe.runs()) await look(`run ${id}`, () => lathe.run(id));
    for (const { id } of await lathe.versions()) {
      await look(`version ${id}`, async () => {
        const { example } = await lathe.predictForm(id);
        return [await lathe.version(id), example && (await lathe.predict(id, [example]))];
      });
    }
    return found;
  });
}
