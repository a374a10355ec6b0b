import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { UserError } from '../../src/base/errors.ts';
import {
  changeDataset,
  listDatasets,
  readDataset,
  readImages,
  readTable,
  removeDataset,
  saveDataset,
} from '../../src/store/datasets.ts';
import { recordArtifact } from '../../src/store/artifacts.ts';
import { readLineage } from '../../src/store/lineage.ts';
import { readCheckpoint, saveCheckpoint } from '../../src/store/checkpoints.ts';
import { openShelf } from '../../src/store/measurements.ts';
import { promote, rollBack, setAlias } from '../../src/store/aliases.ts';
import { readModels, renameModel } from '../../src/store/models.ts';
import {
  addRun,
  discardRun,
  interruptRuns,
  listRuns,
  readRunDetail,
  removeRun,
  saveRun,
} from '../../src/store/runs.ts';
import {
  changeVersion,
  listVersions,
  readTrained,
  readVersion,
  readVersionDetail,
  removeVersion,
  saveVersion,
} from '../../src/store/versions.ts';
import { createWorkspace, type Workspace } from '../../src/store/workspace.ts';
import { eraseWorkspace } from './erase.ts';
import { datasetOf, newRun, trained, versionOf } from './fixtures.ts';

let name: string;
let workspace: Workspace;
let count = 0;

beforeEach(() => {
  name = `store test ${++count}`;
  workspace = createWorkspace(name);
});

afterEach(async () => {
  await workspace.close();
  await eraseWorkspace(name);
});

async function reopen(): Promise<void> {
  await workspace.close();
  workspace = createWorkspace(name);
}

const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error as UserError,
  );

async function addVersion(model: string) {
  const run = await addRun(workspace, newRun);
  return saveVersion(workspace, versionOf(model), trained, run);
}

describe('data sets', () => {
  it('are there again, columns, missing values and source file, when the database is opened anew', async () => {
    const { dataset, content } = datasetOf('d1');
    await saveDataset(workspace, dataset, content);
    await reopen();
    expect(await listDatasets(workspace)).toEqual([dataset]);
    const { table, source } = await readTable(workspace, 'd1');
    expect(table).toEqual({ rows: 2, columns: (content as { columns: unknown }).columns });
    expect(await source.text()).toBe('x,y\n1,2\n');
  });

  it('are listed in the order in which they came, whatever the clock says', async () => {
    for (const [id, createdAt] of [['b', 2] as const, ['a', 3] as const, ['c', 1] as const]) {
      const { dataset, content } = datasetOf(id);
      await saveDataset(workspace, { ...dataset, createdAt }, content);
    }
    await changeDataset(workspace, 'b', () => ({ name: 'changed last' }));
    expect((await listDatasets(workspace)).map(({ id }) => id)).toEqual(['b', 'a', 'c']);
  });

  it('of images keep the files, their names and their labels', async () => {
    const { dataset } = datasetOf('pictures');
    const content = {
      kind: 'images' as const,
      packed: new Blob(['abc']),
      offsets: Float64Array.of(0, 1, 3),
      names: ['a.png', '__proto__'],
      labels: Int32Array.of(0, -1),
    };
    await saveDataset(workspace, { ...dataset, kind: 'images' }, content);
    await reopen();
    const { packed, ...index } = await readImages(workspace, 'pictures');
    expect(await packed.text()).toBe('abc');
    expect(index).toEqual({ kind: 'images', offsets: content.offsets, names: content.names, labels: content.labels });
    expect(await errorOf(readTable(workspace, 'pictures'))).toMatchObject({ code: 'invalid' });
  });

  it('get another name without their content being written again', async () => {
    const { dataset, content } = datasetOf('d1');
    await saveDataset(workspace, dataset, content);
    const changed = await changeDataset(workspace, 'd1', () => ({ name: '<img onerror=alert(1)>' }));
    expect(changed.name).toBe('<img onerror=alert(1)>');
    expect((await readDataset(workspace, 'd1')).columns).toEqual(dataset.columns);
    expect((await readTable(workspace, 'd1')).table.rows).toBe(2);
  });

  it('go with their content, but for what another one has too', async () => {
    for (const id of ['d1', 'd2']) await saveDataset(workspace, datasetOf(id).dataset, datasetOf(id).content);
    expect(await workspace.blobs.list()).toHaveLength(2);
    await removeDataset(workspace, 'd1');
    expect((await readTable(workspace, 'd2')).table.rows).toBe(2);
    await removeDataset(workspace, 'd2');
    await expect.poll(() => workspace.blobs.list()).toEqual([]);
    expect(await errorOf(readDataset(workspace, 'd1'))).toMatchObject({ code: 'unknown' });
    expect(await errorOf(removeDataset(workspace, 'd1'))).toMatchObject({ code: 'unknown' });
  });

  it('are kept whole or not at all', async () => {
    const { dataset } = datasetOf('d1');
    const broken = { kind: 'table', source: new Blob(['x']), columns: [() => 1] } as never;
    expect(await errorOf(saveDataset(workspace, dataset, broken))).toMatchObject({ name: 'TypeError' });
    expect(await listDatasets(workspace)).toEqual([]);
    await expect.poll(() => workspace.blobs.list()).toEqual([]);
  });
});

describe('runs', () => {
  it('get numbers that are never given twice', async () => {
    const first = await addRun(workspace, { ...newRun, state: 'failed' });
    const second = await addRun(workspace, { ...newRun, state: 'failed' });
    await removeRun(workspace, second.id);
    const third = await addRun(workspace, newRun);
    expect([first.id, second.id, third.id]).toEqual([1, 2, 3]);
  });

  it('that were cut off become interrupted and keep their log', async () => {
    const run = await addRun(workspace, newRun);
    const log = [{ epoch: 1, loss: 1, metric: 0.5, valLoss: null, valMetric: null, learningRate: 0.1, durationMs: 3 }];
    await saveRun(workspace, { ...run, log });
    await interruptRuns(workspace);
    expect(await listRuns(workspace)).toMatchObject([{ id: 1, state: 'interrupted', last: log[0], versionId: null }]);
    expect(await readRunDetail(workspace, 1)).toMatchObject({ state: 'interrupted', log });
  });

  it('cannot be changed in what was asked for, and not at all once they are finished', async () => {
    const run = await addRun(workspace, newRun);
    const other = { ...run, recipe: { ...run.recipe, seed: 2 } };
    expect(await errorOf(saveRun(workspace, other))).toMatchObject({ code: 'invalid' });
    expect(await errorOf(saveRun(workspace, { ...run, startedAt: 2 }))).toMatchObject({ code: 'invalid' });
    await saveVersion(workspace, versionOf('a'), trained, run);
    expect(await errorOf(saveRun(workspace, { ...run, state: 'failed' }))).toMatchObject({ code: 'invalid' });
    expect((await listRuns(workspace))[0]).toMatchObject({ state: 'finished', recipe: newRun.recipe });
  });

  it('stay while their version does, and take their recipe with them when nothing else has it', async () => {
    const { id, runId } = await addVersion('a');
    expect((await errorOf(removeRun(workspace, runId))).message).toContain("'a@1'");
    const alike = await addRun(workspace, { ...newRun, state: 'failed' });
    expect(await workspace.list('recipe')).toHaveLength(1);
    await removeVersion(workspace, id);
    await removeRun(workspace, runId);
    expect((await listRuns(workspace)).map((run) => run.recipe)).toEqual([newRun.recipe]);
    await removeRun(workspace, alike.id);
    expect(await workspace.list('recipe')).toEqual([]);
  });

  it('are not removed while they run', async () => {
    const run = await addRun(workspace, newRun);
    expect(await errorOf(removeRun(workspace, run.id))).toMatchObject({ code: 'invalid' });
    expect(await errorOf(removeRun(workspace, 99))).toMatchObject({ code: 'unknown' });
  });
});

describe('versions', () => {
  it('count up within a model, finish their run, and come back with their weights', async () => {
    const versions = [await addVersion('a'), await addVersion('b'), await addVersion('a')];
    expect(versions.map(({ id }) => id)).toEqual(['a@1', 'b@1', 'a@2']);
    expect(await listVersions(workspace)).toEqual(versions.map(({ log: _log, ...version }) => version));
    expect((await listRuns(workspace)).map(({ state, versionId }) => [state, versionId])).toEqual([
      ['finished', 'a@1'],
      ['finished', 'b@1'],
      ['finished', 'a@2'],
    ]);
    expect(await readTrained(workspace, versions[2])).toMatchObject(trained);
  });

  it('keep the log once, in a record of its own', async () => {
    const run = await addRun(workspace, newRun);
    const log = [{ epoch: 1, loss: 1, metric: 0.5, valLoss: null, valMetric: null, learningRate: 0.1, durationMs: 3 }];
    const version = await saveVersion(workspace, versionOf('a'), trained, { ...run, log });
    expect(version.log).toEqual(log);
    expect((await readVersionDetail(workspace, 'a@1')).log).toEqual(log);
    expect(await readRunDetail(workspace, run.id)).toMatchObject({ log, last: log[0] });
    for (const kind of ['run', 'version'] as const) {
      expect(await workspace.read(kind, String(run.id))).not.toHaveProperty('log');
    }
    expect(await readVersion(workspace, 'a@1')).toMatchObject({ epochs: 1 });
  });

  it('never get the number of one that was removed', async () => {
    await addVersion('a');
    await removeVersion(workspace, (await addVersion('a')).id);
    expect((await addVersion('a')).id).toBe('a@3');
    expect(await errorOf(readVersion(workspace, 'a@2'))).toMatchObject({ code: 'unknown' });
  });

  it('keep their numbers, notes, aliases and weights under a new name of the model', async () => {
    await addVersion('old');
    await addVersion('old');
    await addVersion('other');
    await changeVersion(workspace, 'old@2', { note: 'the good one' });
    await setAlias(workspace, 'old', 'champion', 2);
    await renameModel(workspace, 'old', 'new');
    const renamed = (await listVersions(workspace)).filter(({ model }) => model === 'new');
    expect(renamed.map(({ id, note, aliases }) => [id, note, aliases])).toEqual([
      ['new@1', '', []],
      ['new@2', 'the good one', ['champion']],
    ]);
    expect(await readTrained(workspace, await readVersion(workspace, 'new@champion'))).toEqual(trained);
    expect((await addVersion('new')).number).toBe(3);
    expect(await errorOf(renameModel(workspace, 'new', 'other'))).toMatchObject({ code: 'invalid' });
    expect(await errorOf(renameModel(workspace, 'old', 'x'))).toMatchObject({ code: 'unknown' });
  });

  it('of a run that is cut off or under way get the new name of its model', async () => {
    await addVersion('old');
    const runs = [];
    for (const _ of [1, 2, 3]) runs.push(await addRun(workspace, { ...newRun, model: 'old' }));
    await saveRun(workspace, { ...runs[0], state: 'interrupted' });
    const other = await addRun(workspace, { ...newRun, model: 'other' });
    await renameModel(workspace, 'old', 'new');
    await saveRun(workspace, { ...runs[1], durationMs: 5 }); // its training knows the old name
    const names = (await listRuns(workspace)).map(({ id, model }) => [id, model]);
    expect(names).toEqual([[1, undefined], ...runs.map(({ id }) => [id, 'new']), [other.id, 'other']]);
    expect((await saveVersion(workspace, versionOf('old'), trained, runs[2])).id).toBe('new@2');
  });

  it('take tags, each once and sorted', async () => {
    const { id } = await addVersion('a');
    const { tags } = await changeVersion(workspace, id, { tags: [' b ', 'a', 'b', ''] });
    expect(tags).toEqual(['a', 'b']);
    expect((await changeVersion(workspace, id, { note: 'x' })).tags).toEqual(['a', 'b']);
    const long = 'x'.repeat(101);
    expect(await errorOf(changeVersion(workspace, id, { tags: [long] }))).toMatchObject({ code: 'invalid' });
  });

  it('take hostile names as names', async () => {
    for (const model of ['__proto__', 'constructor', '<img src=x onerror=alert(1)>', '../../etc', 'a@1', '💥\u202e']) {
      const { id } = await addVersion(model);
      expect((await readVersion(workspace, id)).model).toBe(model);
    }
  });

  it('whose weights are no longer those that were saved say so', async () => {
    const version = await addVersion('a');
    const { trained: hash } = (await workspace.read('version', String(version.runId)))!;
    const top = await (await navigator.storage.getDirectory()).getDirectoryHandle(name);
    const folder = await (await top.getDirectoryHandle('blobs')).getDirectoryHandle(hash!.slice(0, 2));
    const writable = await (await folder.getFileHandle(hash!)).createWritable({ keepExistingData: true });
    await writable.write({ type: 'write', position: 40, data: 'x' });
    await writable.close();
    await reopen();
    expect(await errorOf(readTrained(workspace, version))).toMatchObject({ code: 'invalid' });
    await folder.removeEntry(hash!);
    expect(await errorOf(readTrained(workspace, version))).toMatchObject({ code: 'missing' });
    await addVersion('a'); // the same weights, written again
    await reopen();
    expect(await readTrained(workspace, version)).toEqual(trained);
  });
});

describe('aliases', () => {
  it('stand on one version, move, and go with it', async () => {
    for (let i = 0; i < 3; i++) await addVersion('m');
    await setAlias(workspace, 'm', 'champion', 1);
    await setAlias(workspace, 'm', 'champion', 2);
    await setAlias(workspace, 'm', '__proto__', 2);
    const idsOf = async (ids: string[]) => Promise.all(ids.map(async (id) => (await readVersion(workspace, id)).id));
    expect(await idsOf(['m@champion', 'm@__proto__', 'm@latest', 'm@v1'])).toEqual(['m@2', 'm@2', 'm@3', 'm@1']);
    expect((await listVersions(workspace)).map(({ aliases }) => aliases)).toEqual([[], ['__proto__', 'champion'], []]);
    await removeVersion(workspace, 'm@latest');
    await removeVersion(workspace, 'm@champion');
    expect(await idsOf(['m@latest'])).toEqual(['m@1']);
    expect(await readModels(workspace)).toMatchObject([{ name: 'm', lastNumber: 3, aliases: [], numbers: [1] }]);
    expect(await errorOf(readVersion(workspace, 'm@champion'))).toMatchObject({ code: 'unknown' });
  });

  it('are promoted and rolled back, and no move is lost to another that came first', async () => {
    for (let i = 0; i < 3; i++) await addVersion('m');
    await setAlias(workspace, 'm', 'champion', 1);
    await setAlias(workspace, 'm', 'challenger', 2);
    const version = (number: number) => ({ model: 'm', number });
    const both = await Promise.allSettled([
      promote(workspace, version(2), { against: 1, note: 'better in the north' }),
      promote(workspace, version(3), { against: 1 }),
    ]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(await errorOf(promote(workspace, version(3), { against: 1 }))).toMatchObject({ code: 'invalid' });
    expect(await errorOf(promote(workspace, version(2), { against: 2 }))).toMatchObject({ code: 'invalid' });
    const [model] = await readModels(workspace);
    expect(model).toMatchObject({ aliases: [{ name: 'champion', number: 2 }], rollsBackTo: 1 });
    expect(model.history!.at(-2)).toMatchObject({ from: 1, to: 2, why: 'promoted', note: 'better in the north' });
    expect(await rollBack(workspace, 'm')).toHaveLength(2);
    await reopen();
    const back = [{ name: 'challenger', number: 2 }, { name: 'champion', number: 1 }]; // prettier-ignore
    expect(await readModels(workspace)).toMatchObject([{ aliases: back, rollsBackTo: null }]);
    expect(await errorOf(rollBack(workspace, 'm'))).toMatchObject({ code: 'missing' });
  });

  it('have names that mean nothing else', async () => {
    await addVersion('m');
    for (const alias of ['latest', 'v1', 'V12', '1', '', 'a b', 'é', 'x'.repeat(256), '<b>', 'a@1']) {
      expect(await errorOf(setAlias(workspace, 'm', alias, 1))).toMatchObject({ code: 'invalid' });
    }
    await setAlias(workspace, 'm', 'x'.repeat(255), 1);
    expect(await errorOf(setAlias(workspace, 'm', 'a', 2))).toMatchObject({ code: 'unknown' });
    expect(await errorOf(setAlias(workspace, 'x', 'a', 1))).toMatchObject({ code: 'unknown' });
    expect(await errorOf(setAlias(workspace, 'm', 'a', null))).toMatchObject({ code: 'unknown' });
  });
});

describe('the lineage', () => {
  it('goes from data set to recipe, run, version, alias and file', async () => {
    await saveDataset(workspace, datasetOf('d1').dataset, datasetOf('d1').content);
    const { runId } = await addVersion('m');
    await addVersion('m');
    await setAlias(workspace, 'm', 'champion', 2);
    const file = { sha256: 'f'.repeat(64), runId, format: 'onnx', fileName: 'm-v1.onnx', sizeBytes: 9 };
    await recordArtifact(workspace, file);
    await recordArtifact(workspace, file);
    const recipe = `recipe:${(await workspace.read('run', '1'))!.recipeId}`;
    const { nodes, edges } = await readLineage(workspace);
    expect(nodes.map(({ id }) => id)).toEqual([
      'dataset:d1',
      recipe,
      ...['run:1', 'run:2', 'version:m@1', 'version:m@2', 'alias:m@champion', `artifact:${file.sha256}`],
    ]);
    expect(edges.map(({ from, to }) => [from, to])).toEqual([
      ['dataset:d1', recipe],
      [recipe, 'run:1'],
      [recipe, 'run:2'],
      ['run:1', 'version:m@1'],
      ['run:2', 'version:m@2'],
      ['version:m@2', 'alias:m@champion'],
      ['version:m@1', `artifact:${file.sha256}`],
    ]);
    await removeVersion(workspace, 'm@1');
    await removeDataset(workspace, 'd1');
    const later = await readLineage(workspace);
    expect(later.nodes.some(({ kind }) => kind === 'artifact')).toBe(false);
    expect(later.nodes.find(({ kind }) => kind === 'dataset')).toMatchObject({ name: 'data d1', missing: true });
  });
});

describe('checkpoints', () => {
  const states = [1, 2, 3].map((epoch) => ({ epoch, weights: Float32Array.of(epoch, NaN) }));

  it('are kept for a run, the last two, and go with its version', async () => {
    const run = await addRun(workspace, newRun);
    expect(await readCheckpoint(workspace, run.id)).toBeUndefined();
    for (const state of states) await saveCheckpoint(workspace, run.id, state, state.epoch);
    await reopen();
    expect(await readCheckpoint(workspace, run.id)).toEqual(states[2]);
    await expect.poll(async () => (await workspace.blobs.list()).length).toBeLessThanOrEqual(3);
    await saveVersion(workspace, versionOf('a'), trained, run);
    expect(await readCheckpoint(workspace, run.id)).toBeUndefined();
    await expect.poll(async () => (await workspace.blobs.list()).length).toBe(1);
  });

  it('go with a run that is discarded, and none comes after it has ended', async () => {
    const run = await addRun(workspace, newRun);
    await saveCheckpoint(workspace, run.id, states[0], 1);
    await expect(discardRun(workspace, run.id)).rejects.toThrow(/it is running/);
    await interruptRuns(workspace);
    await discardRun(workspace, run.id);
    await saveCheckpoint(workspace, run.id, states[1], 2);
    expect(await readCheckpoint(workspace, run.id)).toBeUndefined();
    expect((await listRuns(workspace))[0]).toMatchObject({ state: 'stopped', resumable: null });
    await expect.poll(() => workspace.blobs.list()).toEqual([]);
    await expect(discardRun(workspace, run.id)).rejects.toThrow(/it is stopped/);
  });

  it('say where a run that was cut off can go on from, while its data set is there', async () => {
    const { dataset, content } = datasetOf('d1');
    await saveDataset(workspace, dataset, content);
    const run = await addRun(workspace, newRun);
    expect((await listRuns(workspace))[0].resumable).toBeNull();
    await interruptRuns(workspace);
    expect((await listRuns(workspace))[0].resumable).toEqual({ epoch: 1, epochs: 1, savedAt: null });
    await saveRun(workspace, run);
    await saveCheckpoint(workspace, run.id, states[2], 3);
    await saveRun(workspace, { ...run, state: 'failed' });
    expect((await listRuns(workspace))[0].resumable).toMatchObject({ epoch: 3, savedAt: expect.any(Number) });
    await removeDataset(workspace, 'd1');
    expect((await listRuns(workspace))[0].resumable).toBeNull();
  });

  it('fall back to the one before where the newest is damaged', async () => {
    const run = await addRun(workspace, newRun);
    for (const state of states) await saveCheckpoint(workspace, run.id, state, state.epoch);
    const [newest, previous] = (await workspace.read('checkpoint', String(run.id)))!.states;
    await reopen();
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await workspace.blobs.remove(newest.sha256);
    expect(await readCheckpoint(workspace, run.id)).toEqual(states[1]);
    await workspace.blobs.remove(previous.sha256);
    expect(await readCheckpoint(workspace, run.id)).toBeUndefined();
    expect(warn).toHaveBeenCalledTimes(3);
    warn.mockRestore();
  });
});

describe('measurements', () => {
  it('are kept from one visit to the next, and are never a reason to fail', async () => {
    await openShelf(workspace).set('step of iris', { cpu: 0.9, webgpu: 0.4 });
    await reopen();
    const shelf = openShelf(workspace);
    expect(await shelf.get('step of iris')).toEqual({ cpu: 0.9, webgpu: 0.4 });
    expect(await shelf.get('step of another')).toBeUndefined();
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    vi.spyOn(workspace, 'open').mockRejectedValue(new Error('closed'));
    expect(await shelf.get('step of iris')).toBeUndefined();
    await shelf.set('step of iris', {});
    expect(warn).toHaveBeenCalledTimes(2);
    vi.restoreAllMocks();
  });
});
