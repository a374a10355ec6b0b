// What goes wrong, and what must not: memory that stays, a device that is lost, sizes that do not fit, losses that are
// no numbers.

import { expect, test } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import { openGpu, type Gpu } from '../../src/gpu/device.ts';
import { timeSteps } from '../../src/gpu/timing.ts';
import { compileTraining, type TrainingInput } from '../../src/gpu/trainer.ts';
import type { Network } from '../../src/model/spec.ts';
import { randomRows, randomWeights } from './cases.ts';

const network: Network = {
  inputShape: [6, 6, 2],
  layers: [
    { kind: 'conv2d', filters: 4, kernelSize: 3, activation: 'relu' },
    { kind: 'batchNorm' },
    { kind: 'dropout', rate: 0.2 },
    { kind: 'flatten' },
  ],
  head: { kind: 'softmax', units: 3 },
};

async function start(gpu: Gpu, o: Partial<TrainingInput> = {}) {
  const random = createRandom(1);
  const data = randomRows(network, 40, random);
  const trainer = await compileTraining({
    gpu,
    network,
    batchSize: 8,
    optimizer: { kind: 'adam', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
    data,
    seed: 1,
    initial: randomWeights(network, random),
    ...o,
  });
  trainer.setPermutation(Uint32Array.from({ length: 40 }, (_, i) => i));
  return { trainer, data };
}

/** Counts the buffers that a device makes and gives back. */
function watch({ device }: Gpu) {
  const alive = new Set<GPUBuffer>();
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    alive.add(buffer);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      alive.delete(buffer);
      destroy();
    };
    return buffer;
  };
  return alive;
}

test('200 trainings, stopped at any step, leave nothing on the device', async () => {
  const gpu = await openGpu();
  const alive = watch(gpu);
  const random = createRandom(2);
  for (let i = 0; i < 200; i++) {
    const { trainer, data } = await start(gpu);
    const runs = Array.from({ length: random.below(4) }, () => trainer.run([0.01]));
    if (i % 10 === 0) await trainer.evaluate(data);
    if (i % 10 === 5) await trainer.predict(data.x, data.rows);
    if (i % 3 === 0) await Promise.all(runs);
    trainer.dispose();
    await Promise.allSettled(runs);
    expect(alive.size).toBe(0);
  }
  gpu.device.destroy();
});

test('a step after the end is an error, not a wait', async () => {
  const gpu = await openGpu();
  const { trainer } = await start(gpu);
  trainer.dispose();
  await expect(trainer.run([0.01])).rejects.toThrow('disposed');
  gpu.device.destroy();
});

test('a device lost in mid-training is named, for the run in progress and for the next', async () => {
  const gpu = await openGpu();
  const { trainer } = await start(gpu);
  const weights = await trainer.readWeights();
  const run = trainer.run(new Array<number>(5).fill(0.01));
  gpu.device.destroy();
  await expect(run).rejects.toThrow(/webgpu device: it was lost/);
  await expect(trainer.run([0.01])).rejects.toThrow(/webgpu device: it was lost/);
  trainer.dispose();
  const next = await openGpu(); // and from a checkpoint it goes on
  const again = await start(next, { initial: weights });
  expect((await again.trainer.run([0.01])).rows).toBe(8);
  again.trainer.dispose();
  next.device.destroy();
});

test('a network that no device can hold is refused with its size, and leaves nothing behind', async () => {
  const gpu = await openGpu();
  const alive = watch(gpu);
  const wide: Network = {
    inputShape: [60_000],
    layers: [{ kind: 'dense', units: 30_000, activation: 'relu' }],
    head: { kind: 'value' },
  };
  const data = { x: new Float32Array(60_000), y: new Float32Array(1), weights: null, rows: 1 };
  await expect(start(gpu, { network: wide, data, initial: [] })).rejects.toThrow(/unsupported size of weights: \d+ MB/);
  expect(alive.size).toBe(0);
  gpu.device.destroy();
});

test('memory that the device does not have is a clear error, and leaves nothing behind', async () => {
  const gpu = await openGpu();
  const alive = watch(gpu);
  const create = gpu.device.createBuffer.bind(gpu.device);
  const { device } = gpu;
  const real = device.popErrorScope.bind(device);
  let failed = false;
  device.popErrorScope = async () => {
    const error = await real();
    if (failed) return error;
    failed = true;
    return new GPUOutOfMemoryError('the pool is dry');
  };
  await expect(start(gpu)).rejects.toThrow(/unsupported size: out of memory on webgpu \(the pool is dry\)/);
  device.createBuffer = create;
  expect(alive.size).toBe(0);
  device.destroy();
});

test('a loss that is no number names the steps and the learning rate', async () => {
  const gpu = await openGpu();
  const { trainer } = await start(gpu, { optimizer: { kind: 'sgd', learningRate: 1e30 } });
  await expect(trainer.run([1e30, 1e30, 1e30])).rejects.toThrow(
    /invalid loss: \S+ between steps 1 and 3; lower the learning rate \(it is 1e\+30\)/,
  );
  trainer.dispose();
  gpu.device.destroy();
});

test('the second training of a shape compiles nothing', async () => {
  const gpu = await openGpu();
  const one = await start(gpu);
  let compiled = 0;
  const create = gpu.device.createComputePipelineAsync.bind(gpu.device);
  gpu.device.createComputePipelineAsync = (descriptor) => {
    compiled++;
    return create(descriptor);
  };
  const two = await start(gpu, { seed: 2 });
  expect(compiled).toBe(0);
  one.trainer.dispose();
  two.trainer.dispose();
  gpu.device.destroy();
});

test('what is measured is kept, and does not change what is learned', async () => {
  const gpu = await openGpu();
  const hardware = { ...gpu, software: false }; // on a software adapter there would be nothing to measure
  const tuning = {};
  const { trainer } = await start(hardware, { tuning, tuningBudget: 2000 });
  await trainer.run(new Array<number>(5).fill(0.01));
  const tuned = await trainer.readWeights();
  trainer.dispose();
  expect(Object.keys(tuning).length).toBeGreaterThan(0);
  const other = await start(gpu, { tuning: JSON.parse(JSON.stringify(tuning)) });
  await other.trainer.run(new Array<number>(5).fill(0.01));
  expect(await other.trainer.readWeights()).toEqual(tuned);
  other.trainer.dispose();
  gpu.device.destroy();
});

test('a step is timed before a training is begun, and leaves nothing behind', async () => {
  const gpu = await openGpu();
  const alive = watch(gpu);
  const optimizer = { kind: 'sgd' as const, learningRate: 0.1 };
  const timing = await timeSteps({ gpu, network, batchSize: 8, optimizer, rows: 40 }, 20);
  expect(timing.msPerStep).toBeGreaterThan(0);
  expect(timing.msToFirstStep).toBeGreaterThan(0);
  expect(alive.size).toBe(0);
  gpu.device.destroy();
});
