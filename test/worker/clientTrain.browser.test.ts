import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readZip } from '../../src/data/formats/zip.ts';
import type { Recipe } from '../../src/model/recipe.ts';
import type { Dataset, TrainProgress, Version } from '../../src/worker/api.ts';
import { clientOn, csv, errorOf, removeDatabase, twoClouds } from './clients.ts';

const DATABASE = 'client train test';
const client = clientOn(DATABASE);
const { lathe } = client;
let clouds: Dataset;

/** What the page would propose for the clouds, on the CPU, with a few epochs. */
async function tinyRecipe(epochs = 3): Promise<Recipe> {
  const recipe = await lathe.suggestRecipe(clouds.id, { model: 'linear', seed: 7 });
  return { ...recipe, backend: 'cpu', training: { ...recipe.training, epochs, earlyStopping: null } };
}

/** A version's weights as its exported file has them. */
async function weightsOf({ id }: Version): Promise<Uint8Array> {
  const { file } = await lathe.exportModel(id, 'tfjs');
  return (await readZip(file)).find(({ name }) => name === 'weights.bin')!.bytes;
}

beforeAll(async () => {
  clouds = await lathe.importFiles([csv('clouds.csv', twoClouds(60))]);
});

afterAll(async () => {
  client.close();
  await removeDatabase(DATABASE);
});

describe('a recipe', () => {
  it('is proposed by what the target is', async () => {
    const text =
      'two,few,count,number,word,id,day\n' +
      Array.from(
        { length: 40 },
        (_, i) => `${i % 2},${i % 5},${i * 3},${i / 7},${'abc'[i % 3]},r${i},2024-01-${(i % 28) + 1}`,
      ).join('\n');
    const { id } = await lathe.importFiles([csv('kinds.csv', text)]);
    const tasks = [];
    for (const target of ['two', 'few', 'count', 'number', 'word']) {
      tasks.push((await lathe.suggestRecipe(id, { target })).task);
    }
    expect(tasks).toEqual(['binary', 'multiclass', 'regression', 'regression', 'multiclass']);
    expect(await errorOf(lathe.suggestRecipe(id, { target: 'nope' }))).toMatchObject({ code: 'unknown' });
    const noDate = {
      code: 'unsupported',
      message: expect.stringMatching(/target 'day': it is a date.*number of days/),
    };
    expect(await errorOf(lathe.suggestRecipe(id, { target: 'day' }))).toMatchObject(noDate);
    const recipe = await lathe.suggestRecipe(id, { target: 'number' });
    const columns = recipe.columns.map((column) => ({ ...column, role: column.name === 'day' ? 'target' : 'feature' }) as const); // prettier-ignore
    expect(await errorOf(lathe.checkRecipe({ ...recipe, columns, target: 'day' }))).toMatchObject(noDate);
  });

  it('says what it comes to', async () => {
    const recipe = await tinyRecipe();
    expect(recipe.positive).toBe('yes');
    expect(await lathe.checkRecipe(recipe)).toMatchObject({ parameters: 3, outputs: ['no', 'yes'] });
    expect(await lathe.checkRecipe({ ...recipe, positive: 'no' })).toMatchObject({ outputs: ['yes', 'no'] });
  });

  it.each([
    ['an unknown data set', { dataset: 'x' }, 'unknown'],
    ['an unknown target', { target: 'nope' }, 'unknown'],
    ['another format', { format: 2 as never }, 'unsupported'],
    ['no features', { columns: [] }, 'missing'],
    ['a task for images', { task: 'imageClassification' as const }, 'invalid'],
  ])('with %s is refused by name, and leaves no run', async (_, change, _code) => {
    const runs = (await lathe.runs()).length;
    const error = await errorOf(lathe.train({ ...(await tinyRecipe()), ...change }));
    expect(error).toMatchObject({ name: 'UserError' });
    expect((await lathe.runs()).length).toBe(runs);
  });

  it('with a weight column that has a negative weight names the row', async () => {
    const text =
      'x,w,class\n' +
      Array.from({ length: 30 }, (_, i) => `${i % 7},${i === 0 ? -1 : 1.5},${i % 2 ? 'a' : 'b'}`).join('\n');
    const { id } = await lathe.importFiles([csv('weights.csv', text)]);
    await lathe.updateColumns(id, [
      { name: 'w', role: 'weight' },
      { name: 'class', role: 'target' },
    ]);
    const recipe = await lathe.suggestRecipe(id, { model: 'linear' });
    recipe.split = { train: 1, validation: 0, test: 0, stratify: false };
    recipe.training.earlyStopping = null;
    expect((await errorOf(lathe.checkRecipe(recipe))).message).toMatch(/'w', row 1: it is -1/);
  });
});

describe('a training', () => {
  it('gives a version that is evaluated, kept, and seen by another worker', async () => {
    const said: TrainProgress[] = [];
    const recipe = await tinyRecipe(200);
    const version = await lathe.train(recipe, { model: 'clouds', onProgress: (progress) => said.push(progress) });
    expect(version).toMatchObject({ id: 'clouds@1', number: 1, backend: 'cpu', adapter: 'plain JavaScript', recipe });
    expect(version.metrics.accuracy).toBeGreaterThan(0.9);
    expect(version.dummy.accuracy).toBeLessThan(0.6);
    expect(new Set(said.map(({ phase }) => phase))).toEqual(new Set(['preparing', 'training', 'evaluating', 'saving']));
    expect(said.flatMap(({ epoch }) => (epoch ? [epoch.epoch] : []))).toEqual(version.log.map(({ epoch }) => epoch));

    const other = clientOn(DATABASE);
    expect(await other.lathe.version('clouds@1')).toEqual(version);
    const last = version.log.at(-1);
    expect((await other.lathe.runs()).at(-1)).toMatchObject({ state: 'finished', versionId: 'clouds@1', last });
    expect((await other.lathe.evaluate('clouds@1')).metrics).toEqual(version.metrics);
    other.close();
  });

  it('repeated with one seed on the CPU gives the same weights, bit for bit', async () => {
    const [a, b] = [await lathe.train(await tinyRecipe()), await lathe.train(await tinyRecipe())];
    const [ours, theirs] = [await weightsOf(a), await weightsOf(b)];
    expect(ours.length).toBe(3 * Float32Array.BYTES_PER_ELEMENT);
    expect(theirs).toEqual(ours);
    const seeded = await weightsOf(await lathe.train({ ...(await tinyRecipe()), seed: 8 }));
    expect(seeded).not.toEqual(ours);
  });

  it('runs on WebGPU in the worker, and says so', async () => {
    const version = await lathe.train({ ...(await tinyRecipe()), backend: 'webgpu' });
    expect(version.backend).toBe('webgpu');
    expect(version.adapter).not.toBe('');
    expect(await lathe.predict(version.id, [{ a: 1, b: 0 }])).toHaveLength(1);
  });

  it('that is aborted gives no version and leaves a stopped run', async () => {
    const before = (await lathe.versions()).length;
    const abort = new AbortController();
    const onProgress = ({ epoch }: TrainProgress) => epoch && abort.abort();
    const error = await errorOf(lathe.train(await tinyRecipe(5000), { signal: abort.signal, onProgress }));
    expect(error.name).toBe('AbortError');
    expect((await lathe.versions()).length).toBe(before);
    expect((await lathe.runs()).at(-1)).toMatchObject({ state: 'stopped', versionId: null });
  });

  it('that is stopped keeps what it has', async () => {
    let stopping: Promise<void> | undefined;
    const onProgress = ({ epoch }: TrainProgress) => epoch && (stopping ??= lathe.stop());
    const version = await lathe.train(await tinyRecipe(5000), { onProgress });
    await stopping;
    expect(version.ended).toBe('stopped');
    expect(version.log.length).toBeLessThan(5000);
  });

  it('pauses and goes on, and refuses another beside it', async () => {
    const states: boolean[] = [];
    let paused: () => void;
    const isPaused = new Promise<void>((resolve) => (paused = resolve));
    let asked = false;
    const training = lathe.train(await tinyRecipe(50_000), {
      onProgress(progress) {
        if (progress.epoch && !asked) {
          asked = true;
          void lathe.pause();
        }
        if (progress.paused !== (states.at(-1) ?? false)) states.push(progress.paused);
        if (progress.paused) paused();
      },
    });
    await isPaused;
    const other = clientOn(DATABASE);
    expect(await errorOf(lathe.train(await tinyRecipe()))).toMatchObject({ code: 'invalid' });
    expect((await errorOf(other.lathe.train(await tinyRecipe()))).message).toContain('another tab');
    expect((await other.lathe.runs()).at(-1)?.state).toBe('running');
    other.close();
    expect(await errorOf(lathe.removeDataset(clouds.id))).toMatchObject({ code: 'invalid' });
    expect(await lathe.predict('clouds@1', [{ a: 1, b: 0 }])).toHaveLength(1);
    await lathe.resume();
    expect(await lathe.predict('clouds@1', [{ a: 1, b: 0 }])).toHaveLength(1);
    await expect.poll(() => states).toEqual([true, false]);
    await lathe.stop();
    expect((await training).ended).toBe('stopped');
  });

  it('wakes from a pause when it is aborted', async () => {
    const abort = new AbortController();
    let asked = false;
    const training = errorOf(
      lathe.train(await tinyRecipe(5000), {
        signal: abort.signal,
        onProgress({ epoch, paused }) {
          if (epoch && !asked) {
            asked = true;
            void lathe.pause();
          }
          if (paused) abort.abort();
        },
      }),
    );
    expect((await training).name).toBe('AbortError');
    expect(await errorOf(lathe.pause())).toMatchObject({ code: 'invalid' });
  });

  it('that is cut off with its worker is shown as interrupted, with its curve', async () => {
    const other = clientOn(DATABASE);
    const recipe = await tinyRecipe(50_000);
    let saved: () => void;
    const running = new Promise<void>((resolve) => (saved = resolve));
    const onProgress = ({ epoch }: TrainProgress) => epoch && epoch.epoch > 3 && saved();
    const training = errorOf(other.lathe.train(recipe, { onProgress }));
    await running;
    other.close();
    expect((await training).message).toContain('closed');
    await expect.poll(async () => (await lathe.runs()).at(-1)?.state).toBe('interrupted');
    const run = (await lathe.runs()).at(-1)!;
    expect(run.last!.epoch).toBeGreaterThan(0);
    await lathe.removeRun(run.id);
    expect((await lathe.runs()).some(({ id }) => id === run.id)).toBe(false);
  });

  it('whose loss is no number fails with a run that says why', async () => {
    const recipe = await tinyRecipe(50);
    recipe.training.optimizer = { kind: 'sgd', learningRate: 1000 };
    recipe.training.l2 = 10;
    const error = await errorOf(lathe.train(recipe));
    expect(error.name).toBe('UserError');
    expect((await lathe.runs()).at(-1)).toMatchObject({ state: 'failed', error: error.message });
  });

  it('leaves no tensor behind, 60 times in a row', async () => {
    const recipe = await tinyRecipe(1);
    await lathe.removeVersion((await lathe.train(recipe, { model: 'many' })).id);
    const { numTensors } = await lathe.memory();
    for (let i = 0; i < 60; i++) {
      const { id } = await lathe.train(recipe, { model: 'many' });
      if (i % 10 === 0) await lathe.predict(id, [{ a: 1, b: 2 }]);
    }
    expect((await lathe.memory()).numTensors).toBe(numTensors);
    expect((await lathe.versions()).at(-1)!.id).toBe('many@61');
  });
});

describe('versions', () => {
  let version: Version;
  beforeAll(async () => {
    version = await lathe.train(await tinyRecipe(20), { model: 'kept' });
  });

  it('take a note, another name, and go', async () => {
    expect((await lathe.updateVersion(version.id, { note: '<b>good</b>' })).note).toBe('<b>good</b>');
    await lathe.renameModel('kept', '__proto__');
    expect((await lathe.version('__proto__@1')).note).toBe('<b>good</b>');
    await lathe.renameModel('__proto__', 'kept');
    const { id } = await lathe.train(await tinyRecipe(1), { model: 'kept' });
    expect(id).toBe('kept@2');
    await lathe.removeVersion(id);
    expect(await errorOf(lathe.version(id))).toMatchObject({ code: 'unknown' });
  });

  it('are judged on every part, and show the rows behind a cell of the confusion matrix', async () => {
    const [no, yes] = version.labels;
    for (const split of ['train', 'validation', 'test'] as const) {
      const { rows, confusion } = await lathe.evaluate(version.id, { split });
      expect(rows).toBe(version.split[split]);
      const { total, examples } = await lathe.examples(version.id, { split, actual: yes, predicted: yes, limit: 3 });
      expect(total).toBe(confusion!.counts[1][1]);
      expect(examples).toHaveLength(Math.min(3, total));
      for (const { row, actual, index } of examples) {
        expect([row!.class, actual]).toEqual([yes, yes]);
        expect((await lathe.rows(clouds.id, { offset: index, limit: 1 })).rows[0]).toEqual(row);
      }
    }
    const confident = (await lathe.examples(version.id, { order: 'confident' })).examples.map(
      (each) => each.confidence!,
    );
    expect(confident).toEqual([...confident].sort((a, b) => b - a));
    expect(await errorOf(lathe.examples(version.id, { actual: 'maybe', predicted: no }))).toMatchObject({
      code: 'unknown',
    });
  });

  it('predict from a form, from rows and from a file, all alike', async () => {
    const form = await lathe.predictForm(version.id);
    expect(form.fields.map(({ column }) => column)).toEqual(['a', 'b']);
    const [one] = await lathe.predict(version.id, [form.example!]);
    if (!('label' in one)) throw new Error('a class was expected');
    expect(one.probabilities.no + one.probabilities.yes).toBeCloseTo(1, 6);

    const { file, rows, preview } = await lathe.predictFile(version.id, [
      csv('new.csv', `b,a,prediction\n${form.example!.b},${form.example!.a},=1+1\n,,x\n`),
    ]);
    expect([file.name, rows, preview.total]).toEqual(['new-predictions.csv', 2, 2]);
    const [header, first] = (await file.text()).trim().split(/\r?\n/);
    expect(header).toBe('b,a,prediction,prediction (2),probability no,probability yes');
    expect(first.split(',')[3]).toBe(one.label);
    expect(first).toContain("'=1+1");
    expect(Number(first.split(',')[4])).toBeCloseTo(one.probabilities.no, 6);
    expect(preview.rows[0]['prediction (2)']).toBe(one.label);
  });

  it('name what an input lacks or has wrong', async () => {
    expect((await errorOf(lathe.predictFile(version.id, [csv('x.csv', 'a,c\n1,2\n3,4\n')]))).message).toContain("'b'");
    expect((await errorOf(lathe.predict(version.id, [{ a: 'tall', b: 1 }]))).message).toMatch(/'tall'.*row 1.*'a'/);
    expect((await errorOf(lathe.predict(version.id, [csv('a.csv', 'a')]))).message).toContain('takes rows');
    expect(await lathe.predict(version.id, [])).toEqual([]);
  });

  it.each([
    ['onnx', /^kept-v1\.onnx$/],
    ['tfjs', /^kept-v1-tfjs\.zip$/],
    ['triton', /^kept-v1-triton\.zip$/],
    ['mlflow', /^kept-v1-mlflow\.zip$/],
    ['npm', /^kept-v1-npm\.zip$/],
    ['python', /^kept-v1-python\.zip$/],
  ] as const)('are exported as %s and verified on every row', async (format, name) => {
    const { file, sha256, verification, checks } = await lathe.exportModel(version.id, format);
    expect(file.name).toMatch(name);
    expect(file.size).toBeGreaterThan(100);
    expect(verification.rows).toBe(60);
    expect(verification.maxAbsDiff).toBeLessThanOrEqual(1e-5);
    // what a smoke test expects is checked too
    expect(checks.slice(1).map(({ rows }) => rows)).toEqual(format === 'onnx' || format === 'tfjs' ? [] : [3]);
    const { nodes } = await lathe.lineage();
    expect(nodes).toContainEqual(expect.objectContaining({ kind: 'artifact', key: sha256, name: file.name }));
  });

  it('are told of in documents whose figures are worked out again or read back', async () => {
    const card = await lathe.exportModel(version.id, 'modelCard');
    expect(card.file.name).toBe('kept-v1-model-card.md');
    expect(card.verification).toMatchObject({ runtime: 'Lathe', rows: version.split.test });
    expect(card.verification.maxAbsDiff).toBeLessThanOrEqual(1e-5);
    const report = await (await lathe.exportModel(version.id, 'report')).file.text();
    expect(report).toContain('kept-v1-model-card.md'); // in its lineage
    expect(report).toMatch(/<li>Recipe <bdi>[0-9a-f]{8}</);
    expect(report).toMatch(/<li>Run <bdi>\d+</);
    expect(report).toContain(version.weightsSha256);
    const { file, verification } = await lathe.exportModel(version.id, 'tensorboard');
    expect(file.name).toMatch(/^events\.out\.tfevents\.\d{10}\.kept-v1$/);
    expect(verification).toMatchObject({ unit: 'epoch', rows: version.epochs });
  });

  it('go on predicting without their data, and say what evaluating and exporting lack', async () => {
    await lathe.removeDataset(clouds.id);
    expect(await lathe.predict(version.id, [{ a: 1, b: 1 }])).toHaveLength(1);
    expect((await lathe.predictForm(version.id)).example).not.toBeNull();
    expect(await errorOf(lathe.evaluate(version.id))).toMatchObject({ code: 'missing' });
    expect(await errorOf(lathe.exportModel(version.id, 'onnx'))).toMatchObject({ code: 'missing' });
    const again = await lathe.importFiles([csv('clouds.csv', twoClouds(60))]);
    expect(again.id).toBe(clouds.id);
    expect((await lathe.evaluate(version.id)).metrics).toEqual(version.metrics);
  });
});
