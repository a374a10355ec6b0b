// Runs that are cut off with their worker, and what becomes of them.

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Recipe } from '../../src/model/recipe.ts';
import type { CheckpointProgress, Dataset, Run, TrainProgress } from '../../src/worker/api.ts';
import { WorkerGone, type Client } from '../../src/worker/client.ts';
import { createContext } from '../../src/worker/context.ts';
import { train } from '../../src/worker/engineTrain.ts';
import { eraseWorkspace } from '../store/erase.ts';
import { clientOn, csv, deferred, errorOf, twoClouds } from './clients.ts';

const DATABASE = 'client resume test';
const client = clientOn(DATABASE);
const { lathe } = client;
let clouds: Dataset;

/** A network with whatever has a state, on the CPU; an epoch takes some milliseconds. */
async function recipeOf(epochs: number, change: Partial<Recipe> = {}): Promise<Recipe> {
  const recipe = await lathe.suggestRecipe(clouds.id, { model: 'linear', seed: 7 });
  recipe.model = {
    kind: 'mlp',
    layers: [{ kind: 'dense', units: 8, activation: 'tanh' }, { kind: 'batchNorm' }, { kind: 'dropout', rate: 0.3 }],
  };
  const optimizer = { kind: 'adam', learningRate: 0.003, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const;
  const training = { ...recipe.training, epochs, optimizer, earlyStopping: { patience: epochs, minDelta: 0 } };
  return { ...recipe, backend: 'cpu', training, ...change };
}

/** Begins with `begin` and ends the client's worker some time after a checkpoint. */
async function cutOff(
  begin: (client: Client, options: { onProgress: (progress: TrainProgress) => void }) => Promise<unknown>,
  laterMs: number,
): Promise<{ runId: number; seen: number[]; checkpoint: CheckpointProgress }> {
  const other = clientOn(DATABASE);
  let runId = 0;
  const seen: number[] = [];
  const saved = deferred<CheckpointProgress>();
  const ended = errorOf(
    begin(other, {
      onProgress(progress) {
        runId = progress.runId;
        if (progress.log) seen.push(...progress.log.map(({ epoch }) => epoch));
        if (progress.epoch) seen.push(progress.epoch.epoch);
        if (progress.checkpoint) saved.resolve(progress.checkpoint);
      },
    }),
  );
  const checkpoint = await Promise.race([saved.promise, ended.then((error) => Promise.reject(error))]);
  await new Promise((resolve) => setTimeout(resolve, laterMs));
  other.close();
  await ended;
  return { runId, seen, checkpoint };
}

const runOf = async (id: number): Promise<Run> => (await lathe.runs()).find((run) => run.id === id)!;
const interrupted = (id: number) => expect.poll(async () => (await runOf(id)).state).toBe('interrupted');

beforeAll(async () => {
  clouds = await lathe.importFiles([csv('clouds.csv', twoClouds(200))]);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});
afterAll(async () => {
  client.close();
  await eraseWorkspace(DATABASE);
});

describe('a run that is cut off', () => {
  it('three times ends with the weights, the log and the number of an undisturbed one', async () => {
    const recipe = await recipeOf(1000); // long enough for three checkpoints
    const wanted = await lathe.train(recipe, { model: 'undisturbed' });

    const first = await cutOff((other, options) => other.lathe.train(recipe, { model: 'cut', ...options }), 310);
    await interrupted(first.runId);
    expect(first.checkpoint).toMatchObject({ error: null, savedAt: expect.any(Number) });
    expect((await runOf(first.runId)).resumable!.epoch).toBeGreaterThanOrEqual(first.checkpoint.epoch);
    for (const laterMs of [120, 0]) {
      const again = await cutOff((other, options) => other.lathe.resumeRun(first.runId, options), laterMs);
      expect(again.seen).toEqual(again.seen.map((_, i) => i + 1)); // the curve goes on where it was
      await interrupted(first.runId);
    }
    const seen: number[] = [];
    const version = await lathe.resumeRun(first.runId, {
      onProgress({ log, epoch }) {
        if (log) seen.push(...log.map((each) => each.epoch));
        if (epoch) seen.push(epoch.epoch);
      },
    });
    expect(version).toMatchObject({ id: 'cut@1', runId: first.runId, recipe, ended: 'epochs' });
    expect(version.weightsSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(version.weightsSha256).toBe(wanted.weightsSha256);
    expect(version.bestEpoch).toBe(wanted.bestEpoch);
    const untimed = (log: typeof version.log) => log.map((each) => ({ ...each, durationMs: 0 }));
    expect(untimed(version.log)).toEqual(untimed(wanted.log));
    expect(seen).toEqual(version.log.map(({ epoch }) => epoch));
    expect(version.metrics).toEqual(wanted.metrics);
    expect(await runOf(first.runId)).toMatchObject({ state: 'finished', versionId: 'cut@1', resumable: null });
  });

  it('on WebGPU too', async () => {
    const recipe = await recipeOf(300, { backend: 'webgpu' });
    const wanted = await lathe.train(recipe, { model: 'undisturbed' });
    const { runId } = await cutOff((other, options) => other.lathe.train(recipe, options), 50);
    await interrupted(runId);
    const version = await lathe.resumeRun(runId);
    expect([version.backend, version.backendReason]).toEqual(['webgpu', wanted.backendReason]);
    expect(version.weightsSha256).toBe(wanted.weightsSha256);
  });

  it('before its first checkpoint begins anew, under its number', async () => {
    const recipe = await recipeOf(30);
    const other = clientOn(DATABASE);
    const begun = deferred<number>();
    const onProgress = ({ runId, phase }: TrainProgress) => phase === 'training' && begun.resolve(runId);
    const ended = errorOf(
      other.lathe.train({ ...recipe, training: { ...recipe.training, epochs: 100_000 } }, { onProgress }),
    );
    const runId = await begun.promise;
    other.close();
    await ended;
    await interrupted(runId);
    expect((await runOf(runId)).resumable).toEqual({ epoch: 1, epochs: 100_000, savedAt: null });
    const said: TrainProgress[] = [];
    const version = await lathe.resumeRun(runId, {
      onProgress(progress) {
        said.push(progress);
        if (progress.epoch?.epoch === 3) void lathe.stop();
      },
    });
    expect([version.runId, version.ended]).toEqual([runId, 'stopped']);
    expect(said.filter(({ epoch }) => epoch)[0].epoch!.epoch).toBe(1);
  });

  it('can be discarded, and then neither be taken up nor discarded again; its curve stays', async () => {
    const recipe = await recipeOf(100_000);
    const { runId } = await cutOff((other, options) => other.lathe.train(recipe, options), 0);
    await lathe.discardRun(runId); // the browser may have yet to say that it is gone
    const run = await runOf(runId);
    expect(run).toMatchObject({ state: 'stopped', resumable: null });
    expect((await lathe.run(runId)).log.length).toBeGreaterThan(0);
    expect(await errorOf(lathe.resumeRun(runId))).toMatchObject({
      code: 'invalid',
      message: expect.stringMatching(/discarded/),
    });
    expect(await errorOf(lathe.discardRun(runId))).toMatchObject({ code: 'invalid' });
    await lathe.removeRun(runId);
    expect(await errorOf(lathe.resumeRun(runId))).toMatchObject({ code: 'unknown' });
  });

  it('cannot be taken up while its data set is gone, and can when the same is imported again', async () => {
    const text = twoClouds(90);
    const { id } = await lathe.importFiles([csv('other.csv', text)]);
    const recipe = await recipeOf(100_000, { dataset: id });
    const { runId } = await cutOff((other, options) => other.lathe.train(recipe, options), 0);
    await interrupted(runId);
    await lathe.removeDataset(id);
    expect((await runOf(runId)).resumable).toBeNull();
    expect(await errorOf(lathe.resumeRun(runId))).toMatchObject({ name: 'UserError' });
    expect((await runOf(runId)).state).toBe('interrupted');
    await lathe.importFiles([csv('again.csv', text)]);
    expect((await runOf(runId)).resumable!.savedAt).not.toBeNull();
    const version = await lathe.resumeRun(runId, {
      onProgress: ({ phase }) => phase === 'training' && void lathe.stop(),
    });
    expect(version.runId).toBe(runId);
    expect(version.log.length).toBeGreaterThan(10);
  });

  it('is refused while another is trained, here or in another tab', async () => {
    const recipe = await recipeOf(100_000);
    const { runId } = await cutOff((other, options) => other.lathe.train(recipe, options), 0);
    const begun = deferred<void>();
    const training = lathe.train(recipe, { onProgress: ({ phase }) => phase === 'training' && begun.resolve() });
    await begun.promise;
    expect((await errorOf(lathe.resumeRun(runId))).message).toMatch(/is running/);
    const other = clientOn(DATABASE);
    expect((await errorOf(other.lathe.resumeRun(runId))).message).toMatch(/another tab/);
    other.close();
    await lathe.stop();
    expect(await errorOf(lathe.resumeRun((await training).runId))).toMatchObject({
      message: expect.stringMatching(/finished/),
    });
    await lathe.removeRun(runId);
  });
});

it('a checkpoint that finds no room is said, the training goes on, and the next one is tried', async () => {
  const context = createContext({ database: DATABASE, baseURI: location.href }); // in this page, whose disk can be filled
  let full = true;
  const { write } = FileSystemWritableFileStream.prototype;
  vi.spyOn(FileSystemWritableFileStream.prototype, 'write').mockImplementation(async function (
    this: FileSystemWritableFileStream,
    content,
  ) {
    if (full && content instanceof Blob) throw new DOMException('full', 'QuotaExceededError'); // the records have room
    return write.call(this, content);
  });
  const said: CheckpointProgress[] = [];
  const version = await train(context, await recipeOf(100_000), {
    model: 'crowded',
    onProgress({ checkpoint, epoch }) {
      if (checkpoint) said.push(checkpoint);
      if (checkpoint?.error) full = false;
      if (epoch && said.at(-1)?.savedAt) context.training!.stop();
    },
  });
  expect(said[0]).toMatchObject({
    savedAt: null,
    error: expect.stringMatching(/no room for the checkpoint of run \d+/),
  });
  expect(said.at(-1)).toMatchObject({ savedAt: expect.any(Number), error: null });
  expect(said.at(-1)!.epoch).toBeGreaterThan(said[0].epoch);
  expect(version).toMatchObject({ id: 'crowded@1', ended: 'stopped' });
  await context.workspace.close();
});

it('a worker that goes without a word is noticed, and its calls are answered', async () => {
  const workers: Worker[] = [];
  vi.stubGlobal(
    'Worker',
    class extends Worker {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args);
        workers.push(this);
      }
    },
  );
  const other = clientOn(DATABASE);
  const recipe = await recipeOf(100_000);
  const begun = deferred<number>();
  const onProgress = ({ runId, phase }: TrainProgress) => phase === 'training' && begun.resolve(runId);
  const training = errorOf(other.lathe.train(recipe, { onProgress }));
  const runId = await begun.promise;
  workers[0].terminate();
  expect(await training).toBeInstanceOf(WorkerGone);
  await other.lathe.discardRun(runId); // by a new worker
  expect(workers).toHaveLength(2);
  other.close();
});
