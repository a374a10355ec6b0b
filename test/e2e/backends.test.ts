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

test('auto counts a software adapter as none, takes the CPU, and says why', async () => {
  app = await launchApp();
  const outcome = await train('auto');
  expect(outcome).toMatchObject({ used: 'cpu', error: '', reason: expect.stringMatching(/software/i) });
  expect(outcome.again).toBe(outcome.loss);
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
