// Timing a step by TensorFlow.js on a device that may be too slow for it: it ends, and the device can be had again.

import { afterAll, expect, it } from 'vitest';
import { openGpu } from '../../src/gpu/device.ts';
import { estimateStep, timeSteps } from '../../src/gpu/timing.ts';
import type { Network } from '../../src/model/spec.ts';
import { memory, useBackend } from '../../src/train/backend.ts';
import { stepTimers, timeOnTf, TooSlow } from '../../src/train/stepTime.ts';
import { PLAIN } from './samples.ts';

const CNN: Network = {
  inputShape: [16, 16, 3],
  layers: [
    { kind: 'conv2d', filters: 8, kernelSize: 3, padding: 'same', activation: 'relu' },
    { kind: 'batchNorm' },
    { kind: 'maxPool2d', poolSize: 2 },
    { kind: 'flatten' },
    { kind: 'dense', units: 16, activation: 'tanh' },
  ],
  head: { kind: 'softmax', units: 4 },
};
const work = { network: CNN, training: { ...PLAIN, batchSize: 16 }, rows: 64 };
const AMPLE_MS = 100_000;

afterAll(async () => {
  await useBackend('cpu');
});

it.each(['webgl', 'webgpu'] as const)('%s gives a figure where it has the time', async (name) => {
  expect((await timeOnTf(name, work, AMPLE_MS)).ms).toBeGreaterThan(0);
});

it.each(['webgl', 'webgpu'] as const)('%s is ended where it has not, and can be used again', async (name) => {
  await useBackend('cpu');
  const before = await memory();
  await expect(timeOnTf(name, work, 20)).rejects.toBeInstanceOf(TooSlow);
  expect(await memory()).toEqual(before);
  expect((await timeOnTf(name, work, AMPLE_MS)).ms).toBeGreaterThan(0);
});

/** What was disturbed while one of two figures was taken is measured again. */
async function expectSimilar(factor: number, measure: () => Promise<[number, number]>): Promise<void> {
  await expect
    .poll(async () => Math.abs(Math.log(await measure().then(([one, other]) => one / other))), {
      timeout: AMPLE_MS,
    })
    .toBeLessThan(Math.log(factor));
}

it('a figure from some rows of a batch is one of the whole batch', async () => {
  await expectSimilar(10, async () => {
    const whole = await timeOnTf('webgl', { ...work, training: { ...PLAIN, batchSize: 64 } }, AMPLE_MS);
    const some = await timeOnTf('webgl', { ...work, training: { ...PLAIN, batchSize: 64 } }, AMPLE_MS, 16);
    expect([whole.estimated, some.estimated]).toEqual([undefined, true]);
    return [some.ms, whole.ms];
  });
});

it('a figure from the largest kernel is one of the whole step', async () => {
  const gpu = await openGpu();
  const input = { gpu, network: CNN, batchSize: 16, optimizer: PLAIN.optimizer, rows: 64 };
  await expectSimilar(10, async () => [await estimateStep(input), (await timeSteps(input)).msPerStep]);
  gpu.device.destroy();
});

it('compiled WebGPU is ended too', async () => {
  const wide = { ...CNN, layers: CNN.layers.map((layer) => ('filters' in layer ? { ...layer, filters: 24 } : layer)) };
  await expect(stepTimers.webgpu({ ...work, network: wide }, 1)).rejects.toBeInstanceOf(TooSlow);
  expect((await stepTimers.webgpu({ ...work, network: wide }, AMPLE_MS)).ms).toBeGreaterThan(0);
});
