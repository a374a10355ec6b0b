// Which backend a training takes, with a software adapter, and on a machine without WebGPU: never silently.

import { afterEach, expect, test } from 'vitest';
import { launchApp, type App } from './app.ts';

let app: App;
afterEach(() => app.close());

/** Trains iris for two epochs on a backend; an error becomes its message. */
async function train(backend: 'auto' | 'webgpu' | 'webgl' | 'cpu') {
  const page = await app.open();
  return page.evaluate(async (backend) => {
    const dataset = await window.lathe.importSample('iris');
    const recipe = await window.lathe.suggestRecipe(dataset.id, { seed: 1 });
    recipe.backend = backend;
    recipe.training.epochs = 2;
    try {
      const version = await window.lathe.train(recipe);
      const again = await window.lathe.train(recipe);
      return {
        used: version.backend,
        adapter: version.adapter,
        reason: version.backendReason ?? '',
        loss: version.log[1].loss,
        again: again.log[1].loss,
        error: '',
      };
    } catch (error) {
      const { name, message } = error as Error;
      return { used: null, adapter: '', reason: '', loss: NaN, again: NaN, error: `${name} ${message}` };
    }
  }, backend);
}

test('auto takes the CPU for a training that is over in a moment, and says what it knows of the adapters', async () => {
  app = await launchApp();
  const outcome = await train('auto');
  console.log(outcome.reason);
  expect(outcome).toMatchObject({ used: 'cpu', error: '', reason: expect.stringMatching(/ ms a step .*software/i) });
  expect(outcome.again).toBe(outcome.loss);
});

test('auto times a longer training on each backend, and keeps the answer for the next visit', async () => {
  app = await launchApp();
  const page = await app.open();
  const visit = () =>
    page.evaluate(async () => {
      const dataset = await window.lathe.importSample('breast-cancer');
      const recipe = await window.lathe.suggestRecipe(dataset.id, { seed: 1 });
      recipe.backend = 'auto';
      recipe.training.epochs = 100_000; // stopped long before that
      const { backend, backendReason, log } = await window.lathe.train(recipe, {
        onProgress: ({ epoch }) => void (epoch?.epoch === 3 && window.lathe.stop()),
      });
      return { backend, reason: backendReason, loss: log[2].loss };
    });
  const first = await visit();
  console.log(first.reason);
  expect(first.reason).toMatch(
    /^Automatic choice: (WebGPU \(compiled\), (about )?\S+ ms a step; the CPU|the CPU, (about )?\S+ ms a step; WebGPU \(compiled\)) takes (about )?[\d.]+, WebGL (did not finish a step within \d+ ms|(about )?[\d.]+)\. .*software/,
  );
  expect(page.workers()).toHaveLength(1);
  await page.reload();
  await page.waitForFunction(() => Boolean(window.lathe));
  const second = await visit();
  expect([second.backend, second.reason]).toEqual([first.backend, first.reason]);
  expect(second.loss).toBe(first.loss);
});

test('each backend that is asked for by name is used, and the three agree', async () => {
  app = await launchApp();
  const outcomes = [await train('webgpu'), await train('webgl'), await train('cpu')];
  console.log(outcomes.map(({ used, adapter, loss }) => `${used} on ${adapter}: loss ${loss}`).join('\n'));
  expect(outcomes.map(({ used }) => used)).toEqual(['webgpu', 'webgl', 'cpu']);
  for (const { loss } of outcomes) expect(Math.abs(loss - outcomes[2].loss)).toBeLessThan(1e-3);
});

test('without WebGPU, asking for it is an error with a remedy, and auto goes on without it', async () => {
  app = await launchApp({ webgpu: false });
  const asked = await train('webgpu');
  console.log(asked.error);
  expect(asked.error).toMatch(/^UserError unsupported.*WebGPU/s);
  expect(await train('auto')).toMatchObject({ error: '', reason: expect.stringMatching(/WebGPU/) });
});
