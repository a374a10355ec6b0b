import { afterAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import type { Network } from '../../src/model/spec.ts';
import { memory, probeBackends, useBackend } from '../../src/train/backend.ts';
import type { BackendName, TrainResult } from '../../src/train/events.ts';
import { createPredictor } from '../../src/train/predictor.ts';
import { loadTf } from '../../src/train/tf.ts';
import { clouds, control, finish, MLP, PLAIN } from './samples.ts';

const CNN: Network = {
  inputShape: [6, 6, 2],
  layers: [
    { kind: 'conv2d', filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' },
    { kind: 'maxPool2d', poolSize: 2 },
    { kind: 'batchNorm' },
    { kind: 'conv2d', filters: 4, kernelSize: 2, strides: 2, padding: 'same', activation: 'swish' },
    { kind: 'averagePool2d', poolSize: 2, strides: 1, padding: 'same' },
    { kind: 'dropout', rate: 0.2 },
    { kind: 'flatten' },
    { kind: 'dense', units: 6, activation: 'gelu' },
  ],
  head: { kind: 'sigmoid' },
};
const random = createRandom(3);
const images = {
  x: Float32Array.from({ length: 24 * 72 }, () => random.normal()),
  y: Float32Array.from({ length: 24 }, (_, i) => i % 2),
  weights: null,
  rows: 24,
};
const adam = { kind: 'adam', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const;

afterAll(async () => {
  await useBackend('cpu');
});

describe('what the browser offers', () => {
  it('is reported with the adapter, and a software adapter is known as one', async () => {
    const { backends, auto, reason } = await probeBackends();
    expect(backends.map(({ name }) => name)).toEqual(['webgpu', 'webgl', 'cpu']);
    const webgpu = backends[0];
    expect(webgpu).toMatchObject({ available: true, software: true });
    expect(webgpu.adapter).toMatch(/swiftshader.*\(software\)/i);
    expect(auto).toBe('cpu');
    expect(reason).toMatch(/the CPU\. WebGPU has only a software adapter/);
  });

  it('auto takes the CPU where there are only software adapters, and says so', async () => {
    expect(await useBackend('auto')).toMatchObject({ backend: 'cpu', adapter: 'plain JavaScript' });
    expect((await useBackend('auto')).reason).toMatch(/software adapter/);
  });
});

describe.each(['webgpu', 'webgl'] as const)('%s, asked for by name', (name) => {
  it('is used on a software adapter too, having passed the gradient test', async () => {
    expect(await useBackend(name)).toMatchObject({ backend: name, reason: null });
  });

  it.each([
    ['a multi-layer perceptron', MLP, clouds(40, 1), adam],
    ['a convolutional network', CNN, images, { kind: 'sgd', learningRate: 0.05 } as const],
  ])('trains and predicts as the CPU does, to 1e-3, and leaves no tensor: %s', async (_, network, rows, optimizer) => {
    const training = {
      ...PLAIN,
      epochs: 2,
      optimizer,
      l2: 1e-3,
      earlyStopping: { patience: 5, minDelta: 0 },
    };
    const on = async (backend: BackendName): Promise<{ result: TrainResult; predicted: Float32Array }> => {
      expect((await useBackend(backend)).backend).toBe(backend);
      const before = (await memory()).numTensors;
      const result = await finish({ network, training, seed: 1, train: rows, validation: rows });
      const predictor = await createPredictor(network, result.weights);
      const predicted = await predictor.predict(rows.x, rows.rows);
      predictor.dispose();
      expect((await memory()).numTensors).toBe(before);
      return { result, predicted };
    };
    const cpu = await on('cpu');
    const other = await on(name);
    expect(other.result.bestEpoch).toBe(cpu.result.bestEpoch);
    cpu.result.history.forEach((log, epoch) => {
      const { loss, valLoss } = other.result.history[epoch];
      expect(Math.abs(loss - log.loss)).toBeLessThan(1e-3);
      expect(Math.abs(valLoss! - log.valLoss!)).toBeLessThan(1e-3);
    });
    cpu.result.weights.forEach(({ data }, i) =>
      data.forEach((value, j) => expect(Math.abs(other.result.weights[i].data[j] - value)).toBeLessThan(1e-3)),
    );
    cpu.predicted.forEach((value, i) => expect(Math.abs(other.predicted[i] - value)).toBeLessThan(1e-3));
  });

  it('a predictor goes on when another backend is taken into use', async () => {
    await useBackend(name);
    const { weights } = await finish({ network: MLP, training: PLAIN, seed: 1, train: clouds(9, 1), validation: null });
    const predictor = await createPredictor(MLP, weights);
    const x = clouds(5, 2).x;
    const first = await predictor.predict(x, 5);
    await useBackend('cpu');
    const second = await predictor.predict(x, 5);
    predictor.dispose();
    first.forEach((value, i) => expect(second[i]).toBeCloseTo(value, 4));
  });
});

describe('a device that is lost or full', () => {
  const input = { network: MLP, training: { ...PLAIN, epochs: 50 }, seed: 1, train: clouds(40, 1), validation: null };

  it('ends a WebGPU training with an error that says so, and the next training gets a new device', async () => {
    await useBackend('webgpu');
    const { device } = (await loadTf()).backend() as unknown as { device: GPUDevice };
    const run = finish(input, control(), () => device.destroy());
    await expect(run).rejects.toThrow(/^missing webgpu device: it was lost .*'cpu'/);
    expect(await useBackend('webgpu')).toMatchObject({ backend: 'webgpu', reason: null });
    const { history } = await finish({ ...input, training: { ...PLAIN, epochs: 1 } });
    expect(history).toHaveLength(1);
  });

  it('ends a WebGPU training that runs out of memory with an error that says so', async () => {
    await useBackend('webgpu');
    const { device } = (await loadTf()).backend() as unknown as { device: GPUDevice };
    // the very event that a full GPU raises; a real one cannot be filled on a software adapter
    const error = new GPUOutOfMemoryError('allocation failed');
    const run = finish(input, control(), () =>
      device.dispatchEvent(new GPUUncapturedErrorEvent('uncapturederror', { error })),
    );
    await expect(run).rejects.toThrow(/^unsupported size: out of memory on webgpu .*smaller batch.*'cpu'/);
    expect(await useBackend('webgpu')).toMatchObject({ backend: 'webgpu' });
  });

  it('ends a WebGL training with an error that says so, and the next training gets a new context', async () => {
    await useBackend('webgl');
    const { gpgpu } = (await loadTf()).backend() as unknown as { gpgpu: { gl: WebGL2RenderingContext } };
    const run = finish(input, control(), () => gpgpu.gl.getExtension('WEBGL_lose_context')?.loseContext());
    await expect(run).rejects.toThrow(/^missing webgl device: it was lost .*'cpu'/);
    expect(await useBackend('webgl')).toMatchObject({ backend: 'webgl', reason: null });
    const { history } = await finish({ ...input, training: { ...PLAIN, epochs: 1 } });
    expect(history).toHaveLength(1);
  });
});

describe('in a dedicated worker', () => {
  it.each(['webgpu', 'webgl', 'cpu'] as const)('%s trains too', async (backend) => {
    const worker = new Worker(new URL('./trainInWorker.ts', import.meta.url), { type: 'module' });
    try {
      const answer = await new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = (event) => reject(new Error(event.message));
        worker.postMessage(backend);
      });
      expect(answer).toEqual({ backend, epochs: 2, leaked: 0 });
    } finally {
      worker.terminate();
    }
  });
});
