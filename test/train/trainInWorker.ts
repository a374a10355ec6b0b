// A dedicated worker that trains once on the backend it is told, for backends.browser.test.ts.

import type { BackendChoice } from '../../src/model/recipe.ts';
import { memory, useBackend } from '../../src/train/backend.ts';
import { clouds, finish, MLP, PLAIN } from './samples.ts';

self.onmessage = async ({ data }: MessageEvent<BackendChoice>) => {
  try {
    const { backend } = await useBackend(data);
    const before = (await memory()).numTensors;
    const training = { ...PLAIN, epochs: 2 };
    const { history } = await finish({ network: MLP, training, seed: 1, train: clouds(20, 1), validation: null });
    self.postMessage({ backend, epochs: history.length, leaked: (await memory()).numTensors - before });
  } catch (error) {
    self.postMessage(String(error));
  }
};
