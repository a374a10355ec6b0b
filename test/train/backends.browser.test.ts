import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import type { Network } from '../../src/model/spec.ts';
import { activeEngine, memory, probeBackends, useBackend } from '../../src/train/backend.ts';
import { compiledGpu } from '../../src/train/compiled.ts';
import type { BackendName, TrainEvent, TrainResult } from '../../src/train/events.ts';
import { createPredictor } from '../../src/train/predictor.ts';
import { loadTf } from '../../src/train/tf.ts';
import { train } from '../../src/train/train.ts';
import { clouds, control, finish, MLP, PLAIN } from './samples.ts';

const CNN: Network = {
  inputShape: [6, 6, 2],
  layers: [
    { kind: 'conv2d', filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' },
    { kind: 'maxPool2d', poolSize: 2 },
    { kind: 'batchNorm' },
    { kind: 'conv2d', filters: 4, kernelSize: 2, strides: 2, padding: 'same', activation: 'swish' },
    { kind: 'averagePool2d', poolSize: 2, strides: 1, padding: 'same' },
    { kind: 'flatten' },
    { kind: 'dense', units: 6, activation: 'gelu' },
  ],
  head: { kind: 'sigmoid' },
};
const RECURRENT: Network = {
  ...MLP,
  layers: [
    { kind: 'reshape', shape: [2, 2] },
    { kind: 'gru', units: 4, goBackwards: true, returnSequences: true },
    { kind: 'lstm', units: 4 },
  ],
};
const DROPPED: Network = {
  ...MLP,
  layers: [{ kind: 'dropout', rate: 0.1 }, ...MLP.layers, { kind: 'dropout', rate: 0.3 }],
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
    expect(reason).toMatch(/^A step of the recipe is timed .* WebGPU and WebGL have only software adapters here/);
  });

  it('auto, with nothing to time, takes the CPU where there are only software adapters, and says so', async () => {
    expect(await useBackend('auto')).toMatchObject({ backend: 'cpu', adapter: 'plain JavaScript' });
    expect((await useBackend('auto')).reason).toMatch(/software adapters/);
  });
});

describe.each(['webgpu', 'webgl'] as const)('%s, asked for by name', (name) => {
  it('is used on a software adapter too, having passed the gradient test', async () => {
    expect(await useBackend(name)).toMatchObject({ backend: name, reason: null });
  });

  it.each([
    ['a multi-layer perceptron', MLP, clouds(40, 1), adam],
    ['a convolutional network', CNN, images, { kind: 'sgd', learningRate: 0.05 } as const],
    ['a network with dropout', DROPPED, clouds(40, 1), adam],
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
    expectAgreement(other.result, cpu.result, 1e-3);
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

describe('auto, for a recipe', () => {
  const wide: Network = {
    inputShape: [64],
    layers: [{ kind: 'dense', units: 256, activation: 'relu' }],
    head: { kind: 'softmax', units: 4 },
  };
  let batchSize = 32;
  /** A long training of a shape that was not timed before. */
  const newWork = () => ({ network: wide, training: { ...PLAIN, batchSize: batchSize++, epochs: 5000 }, rows: 3200 });

  /** The WebGL contexts that are made while `task` runs, those of the library's own tests included. */
  async function contextsOf(task: () => Promise<unknown>): Promise<WebGL2RenderingContext[]> {
    const made: WebGL2RenderingContext[] = [];
    for (const { prototype } of [HTMLCanvasElement, OffscreenCanvas]) {
      const real = Object.getOwnPropertyDescriptor(prototype, 'getContext')!.value as (...args: unknown[]) => unknown;
      vi.spyOn(prototype as HTMLCanvasElement, 'getContext').mockImplementation(function (this: unknown, ...args) {
        const context = real.apply(this, args);
        if (context instanceof WebGL2RenderingContext) made.push(context);
        return context as null;
      });
    }
    try {
      await task();
    } finally {
      vi.restoreAllMocks();
    }
    return made;
  }

  it('times a step on each backend, takes the fastest, and says what each takes or that it did not finish', async () => {
    const { backend, reason } = await useBackend('auto', newWork());
    console.log(reason);
    const [, first, rest] = reason!.match(
      /^Automatic choice: (.+?); (.+?)\. WebGPU and WebGL have only software adapters/,
    )!;
    const [title, taken] = first.split(', ');
    const others = rest.split(', ').map((clause) => {
      const [, other, said] = clause.match(/^(.+?) ((?:takes )?(?:about )?[\d.]+(?: ms a step)?|did not finish .+)$/)!;
      return { other, ms: parseFloat(said.replace(/^(takes )?(about )?/, '')) || Infinity };
    });
    const names = { webgpu: 'WebGPU (compiled)', webgl: 'WebGL', cpu: 'the CPU' };
    expect(title).toBe(names[backend]);
    expect([title, ...others.map(({ other }) => other)].sort()).toEqual(Object.values(names).sort());
    // what compiles for longer than it is allowed may be taken untimed: it pays in so long a training
    const figures = taken.startsWith('still compiling') ? [] : [parseFloat(taken.replace('about ', ''))];
    figures.push(...others.map(({ ms }) => ms));
    expect(figures).toEqual(figures.toSorted((a, b) => a - b));
  });

  it('leaves no WebGL context and no tensor of what it did not take', async () => {
    await useBackend('cpu');
    const before = await memory();
    const contexts = await contextsOf(async () => {
      expect((await useBackend('auto', newWork())).backend).not.toBe('webgl');
    });
    expect(contexts.length).toBeGreaterThan(0);
    expect(contexts.filter((gl) => !gl.isContextLost())).toEqual([]);
    expect(await memory()).toEqual(before);
    expect((await useBackend('webgl')).backend).toBe('webgl'); // it can still be had by name
  });

  it('keeps what it measured, so that the same recipe takes the same backend', async () => {
    const work = newWork();
    const first = await useBackend('auto', work);
    expect(await useBackend('auto', work)).toEqual(first);
  });

  it('starts nothing but the CPU for a training that is over in a moment, and says so', async () => {
    const small = { network: MLP, training: { ...PLAIN, epochs: 2 }, rows: 16 };
    const { backend, reason } = await useBackend('auto', small);
    expect(backend).toBe('cpu');
    expect(reason).toMatch(
      /^Automatic choice: the CPU, \S+ ms a step and about \S+ s in all, over before another would have started\. WebGPU and WebGL have only software adapters here/,
    );
  });
});

describe('the compiled trainer', () => {
  const validation = clouds(40, 2);
  const input = { network: MLP, training: { ...PLAIN, epochs: 40 }, seed: 1, train: clouds(64, 1), validation };

  beforeEach(async () => {
    await useBackend('webgpu', input);
    expect((await activeEngine(MLP)).kind).toBe('compiled');
  });

  it('gives the same weights, bit for bit, for the same seed, dropout and all', async () => {
    const first = await finish({ ...input, network: DROPPED });
    const second = await finish({ ...input, network: DROPPED });
    const other = await finish({ ...input, network: DROPPED, seed: 2 });
    expect(second.weights).toEqual(first.weights);
    expect(other.weights).not.toEqual(first.weights);
  });

  it('leaves TensorFlow.js alone', async () => {
    const before = await memory();
    await finish(input);
    expect(await memory()).toEqual(before);
    expect((await loadTf()).getBackend()).toBe('cpu');
  });

  it('weighs classes and rows, follows a schedule and takes a short last batch as the CPU does', async () => {
    const train = { ...clouds(61, 1), weights: Float32Array.from({ length: 61 }, (_, row) => row % 4) };
    const training = {
      ...PLAIN,
      epochs: 6,
      classWeights: 'balanced' as const,
      schedule: { kind: 'cosine', minFactor: 0.1, warmupEpochs: 2 } as const,
      optimizer: { ...adam, kind: 'adamw', weightDecay: 0.1 } as const,
      l1: 1e-3,
    };
    const compiled = await finish({ ...input, train, training });
    await useBackend('cpu');
    expectAgreement(compiled, await finish({ ...input, train, training }), 1e-4);
  });

  it('early stopping ends after its patience and gives back the weights of the best epoch', async () => {
    const training = {
      ...PLAIN,
      epochs: 60,
      earlyStopping: { patience: 4, minDelta: 0 },
      optimizer: { kind: 'sgd', learningRate: 1 } as const,
    };
    const { ended, history, bestEpoch, weights } = await finish({ ...input, train: clouds(24, 1), training });
    expect(ended).toBe('earlyStopping');
    expect(history).toHaveLength(bestEpoch + 4);
    const best = await finish({
      ...input,
      train: clouds(24, 1),
      training: { ...training, epochs: bestEpoch, earlyStopping: null },
    });
    expect(weights).toEqual(best.weights);
  });

  it('stop gives the weights so far', async () => {
    let stop = false;
    const { ended, weights, history } = await finish(
      { ...input, training: { ...PLAIN, epochs: 5000 } },
      control({ stop: () => stop }),
      (event) => (stop = event.kind === 'epoch' && event.log.epoch === 3),
    );
    expect([ended, history.length]).toEqual(['stopped', 3]);
    expect(weights).toEqual((await finish({ ...input, training: { ...PLAIN, epochs: 3 } })).weights);
  });

  it('a pause holds it and changes nothing', async () => {
    let pause: Promise<void> | null = null;
    let held = false;
    const { weights } = await finish(input, control({ paused: () => pause }), (event) => {
      if (event.kind !== 'epoch' || event.log.epoch !== 2) return;
      pause = new Promise<void>((resume) => setTimeout(resume, 200)).then(() => {
        held = true;
        pause = null;
      });
    });
    expect(held).toBe(true);
    expect(weights).toEqual((await finish(input)).weights);
  });

  it('an aborted signal throws the training away', async () => {
    const abort = new AbortController();
    const run = finish(input, control({ signal: abort.signal }), () => abort.abort());
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('says in which epoch and step the loss ceased to be a number', async () => {
    const network: Network = { inputShape: [4], layers: [], head: { kind: 'value' } };
    const training = { ...PLAIN, epochs: 200, optimizer: { kind: 'sgd', learningRate: 50 } as const };
    await expect(finish({ ...input, network, training, validation: null })).rejects.toThrow(
      /^invalid loss: (NaN|Infinity) .* epoch \d+, .*step.*lower the learning rate \(it is 50\)/,
    );
  });

  it('leaves the memory of the device and of TensorFlow.js flat over trainings that end anyhow', async () => {
    const { device } = await compiledGpu();
    const alive = new Set<GPUBuffer>();
    const create = device.createBuffer.bind(device);
    device.createBuffer = (descriptor) => {
      const buffer = create(descriptor);
      const destroy = buffer.destroy.bind(buffer);
      alive.add(buffer);
      buffer.destroy = () => {
        alive.delete(buffer);
        destroy();
      };
      return buffer;
    };
    const before = await memory();
    const random = createRandom(5);
    for (let i = 0; i < 60; i++) {
      const last = random.below(12);
      let events = 0;
      const earlyStopping = i % 2 ? { patience: 3, minDelta: 0 } : null;
      const some = { ...input, training: { ...PLAIN, epochs: 10, earlyStopping }, seed: i };
      if (i % 3 === 0) await finish(some, control({ stop: () => events > last }), () => events++);
      else if (i % 3 === 1) {
        const abort = new AbortController();
        const run = finish(some, control({ signal: abort.signal }), () => events++ === last && abort.abort());
        await run.catch(() => {});
      } else {
        const run = train(some, control());
        for (let n = 0; n < last; n++) await run.next();
        await run.return(undefined as never); // left in the middle
      }
      expect(alive.size).toBe(0);
    }
    expect(await memory()).toEqual(before);
    device.createBuffer = create;
  });

  it('trains on through TensorFlow.js what it does not cover, and says so', async () => {
    const { backend, reason } = await useBackend('webgpu', { network: RECURRENT });
    expect(backend).toBe('webgpu');
    expect(reason).toMatch(/^TensorFlow\.js on WebGPU, as this cannot be compiled: layer 1_gru is recurrent/);
    expect((await loadTf()).getBackend()).toBe('webgpu');
    const rows = clouds(8, 1);
    const input = {
      network: RECURRENT,
      training: { ...PLAIN, optimizer: adam },
      seed: 1,
      train: rows,
      validation: rows,
    };
    const seen = await finish(input);
    await useBackend('cpu');
    expectAgreement(seen, await finish(input), 1e-3);
  });
});

describe('a device that is lost or full', () => {
  const validation = clouds(40, 2);
  const training = { ...PLAIN, epochs: 30, optimizer: adam, earlyStopping: { patience: 30, minDelta: 0 } };
  const input = { network: MLP, training, seed: 1, train: clouds(100, 1), validation };
  const notes = (events: TrainEvent[]) => events.flatMap((event) => (event.kind === 'backend' ? [event.inUse] : []));

  /** A training whose device is taken away after each of these epochs. */
  async function interrupted(after: number[], lose: () => void | Promise<void>, from = input) {
    const events: TrainEvent[] = [];
    const result = await finish(from, control(), (event) => {
      events.push(event);
      if (event.kind === 'epoch' && after.includes(event.log.epoch)) void lose();
    });
    expect(events.filter(({ kind }) => kind === 'epoch')).toHaveLength(from.training.epochs); // each epoch is told once
    return { result, notes: notes(events) };
  }
  const loseCompiled = async () => (await compiledGpu()).device.destroy();

  it('a compiled training goes on by itself on a new device, to the very same weights', async () => {
    await useBackend('webgpu', input);
    const undisturbed = await finish(input);
    const { result, notes } = await interrupted([5, 12], loseCompiled);
    expect(result.weights).toEqual(undisturbed.weights);
    expect(notes.map(({ backend }) => backend)).toEqual(['webgpu', 'webgpu']);
    expect(notes[1].reason).toMatch(/^The webgpu device was lost twice; the training went on on a new one/);
  });

  it('after the third loss in one training it goes on on the CPU from the checkpoint, and says so', async () => {
    await useBackend('webgpu', input);
    const undisturbed = await finish(input);
    const { result, notes } = await interrupted([5, 12, 20], loseCompiled);
    expectAgreement(result, undisturbed, 1e-3);
    expect(notes.at(-1)).toMatchObject({ backend: 'cpu', adapter: 'plain JavaScript' });
    expect(notes.at(-1)!.reason).toMatch(/lost 3 times; the training went on on the CPU from a checkpoint/);
    expect(await useBackend('webgpu', input)).toMatchObject({ backend: 'webgpu', reason: null });
  });

  it('a prediction whose device is lost meanwhile is made on another', async () => {
    await useBackend('webgpu', input);
    const { weights } = await finish(input);
    const predictor = await createPredictor(MLP, weights);
    const { x, rows } = input.train;
    const undisturbed = await predictor.predict(x, rows);
    const disturbed = predictor.predict(x, rows);
    await loseCompiled();
    expect(await disturbed).toEqual(undisturbed);
    predictor.dispose();
  });

  it('a WebGL training goes on on a new context', async () => {
    const short = { ...input, training: { ...training, epochs: 8 } };
    await useBackend('webgl');
    const undisturbed = await finish(short);
    const { gpgpu } = (await loadTf()).backend() as unknown as { gpgpu: { gl: WebGL2RenderingContext } };
    const lose = () => gpgpu.gl.getExtension('WEBGL_lose_context')?.loseContext();
    const { result, notes } = await interrupted([3], lose, short);
    expectAgreement(result, undisturbed, 1e-3);
    expect(notes).toMatchObject([{ backend: 'webgl', reason: expect.stringMatching(/lost once/) }]);
  });

  it('ends a compiled training that runs out of memory with an error that says so, and the next has a device', async () => {
    await useBackend('webgpu', input);
    const { device } = await compiledGpu();
    // the very event that a full GPU raises; a real one cannot be filled on a software adapter
    const error = new GPUOutOfMemoryError('allocation failed');
    const run = finish(input, control(), () =>
      device.dispatchEvent(new GPUUncapturedErrorEvent('uncapturederror', { error })),
    );
    await expect(run).rejects.toThrow(/^unsupported size: out of memory on webgpu .*smaller batch/);
    expect(await useBackend('webgpu', input)).toMatchObject({ backend: 'webgpu', reason: null });
    expect((await finish({ ...input, training: { ...PLAIN, epochs: 1 } })).history).toHaveLength(1);
  });
});

/** Losses and weights of two trainings, to an absolute tolerance. */
function expectAgreement(seen: TrainResult, wanted: TrainResult, tolerance: number): void {
  expect(seen.history).toHaveLength(wanted.history.length);
  const differences = wanted.history.flatMap(({ loss, valLoss, metric }, epoch) => {
    const other = seen.history[epoch];
    return [other.loss - loss, other.valLoss! - valLoss!, 0.01 * (other.metric - metric)];
  });
  wanted.weights.forEach(({ data }, i) =>
    data.forEach((value, j) => differences.push(seen.weights[i].data[j] - value)),
  );
  expect(Math.max(...differences.map(Math.abs))).toBeLessThan(tolerance);
}

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
