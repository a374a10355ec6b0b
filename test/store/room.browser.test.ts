// Room: what takes it, what can go, and that things can be removed where there is none left.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { saveCheckpoint } from '../../src/store/checkpoints.ts';
import { cleanUp, previewCleanUp } from '../../src/store/cleanUp.ts';
import { removeDataset, saveDataset } from '../../src/store/datasets.ts';
import { addRun, interruptRuns, listRuns } from '../../src/store/runs.ts';
import { readUsage } from '../../src/store/usage.ts';
import { listVersions, readTrained, removeVersion, saveVersion } from '../../src/store/versions.ts';
import { createWorkspace, type Workspace } from '../../src/store/workspace.ts';
import { eraseWorkspace } from './erase.ts';
import { datasetOf, newRun, trained, versionOf } from './fixtures.ts';

let name: string;
let workspace: Workspace;
let count = 0;

beforeEach(() => {
  name = `room test ${++count}`;
  workspace = createWorkspace(name);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await workspace.close();
  await eraseWorkspace(name);
});

async function addVersion(model: string, mean: number) {
  return saveVersion(workspace, versionOf(model), { ...trained, dummy: { mean } }, await addRun(workspace, newRun));
}

it('is told by data set and by model, shared content once, with the oldest that has it', async () => {
  for (const id of ['d1', 'd2']) await saveDataset(workspace, datasetOf(id).dataset, datasetOf(id).content);
  await addVersion('a', 1);
  await addVersion('a', 2);
  await addVersion('b', 1);
  const run = await addRun(workspace, newRun);
  await saveCheckpoint(workspace, run.id, { weights: new Float32Array(1000) }, 1);
  const { datasets, models, checkpoints, records, unused } = await readUsage(workspace);
  expect(datasets.map(({ key, blobs }) => [key, blobs])).toEqual([
    ['d1', 2],
    ['d2', 0],
  ]);
  expect(models.map(({ name, blobs, versions }) => [name, blobs, versions])).toEqual([
    ['a', 2, 2],
    ['b', 0, 1],
  ]);
  expect(datasets[0].sizeBytes).toBeGreaterThan(8);
  expect(checkpoints.runs).toBe(1);
  expect(checkpoints.sizeBytes).toBeGreaterThan(4000);
  expect([records.count, unused.files]).toEqual([2 + 1 + 4 + 4 + 2 + 3 + 1, 0]);
});

describe('clean-up', () => {
  async function fill(): Promise<void> {
    await saveDataset(workspace, datasetOf('d1').dataset, datasetOf('d1').content);
    await addVersion('a', 1);
    await addRun(workspace, { ...newRun, state: 'failed' });
    await saveCheckpoint(workspace, (await addRun(workspace, newRun)).id, { weights: new Float32Array(10) }, 1);
    await interruptRuns(workspace);
    await saveCheckpoint(workspace, (await addRun(workspace, newRun)).id, { weights: new Float32Array(20) }, 1);
    // a tab that was killed between its blobs and its commit, and one in the middle of a blob
    const unused = await workspace.blobs.put(new Blob(['nobody refers to it']), 'a test');
    const top = await (await workspace.folder()).getDirectoryHandle('blobs');
    await (await workspace.folder()).getFileHandle('ledger.json.crswap', { create: true });
    await (await top.getDirectoryHandle(unused.slice(0, 2))).getFileHandle(`${unused}.crswap`, { create: true });
  }

  it('shows what would go, and removes that and nothing else', async () => {
    await fill();
    const preview = await previewCleanUp(workspace, ['files', 'checkpoints', 'runs', 'aside']);
    const names = preview.map(({ name }) => name.replace(/[0-9a-f]{8}/, '…'));
    expect(names).toEqual([
      'checkpoints of run 3',
      'run 2 (failed)',
      'run 3 (interrupted)',
      'unused content …',
      'what a write that was cut off has left',
      'what a write that was cut off has left',
    ]);
    expect(await workspace.blobs.list()).toHaveLength(7);
    const gone = await cleanUp(workspace, ['runs', 'files', 'aside', 'checkpoints']);
    expect(gone).toEqual(preview);
    expect((await listRuns(workspace)).map(({ id }) => id)).toEqual([1, 4]);
    expect(await workspace.blobs.list()).toHaveLength(4);
    expect(await previewCleanUp(workspace, ['files', 'checkpoints', 'runs', 'aside'])).toEqual([]);
    expect(await readTrained(workspace, (await listVersions(workspace))[0])).toMatchObject({ dummy: { mean: 1 } });
  });

  it('of some parts leaves the others', async () => {
    await fill();
    expect((await cleanUp(workspace, ['runs'])).map(({ name }) => name)).toEqual(['run 2 (failed)']);
    expect((await cleanUp(workspace, ['checkpoints'])).map(({ name }) => name)).toEqual(['checkpoints of run 3']);
    expect((await cleanUp(workspace, ['files'])).map(({ part }) => part)).toEqual(['files', 'files', 'files']);
    await expect(cleanUp(workspace, ['all' as never])).rejects.toMatchObject({ code: 'unknown' });
  });
});

it('is found for a removal where there is none left', async () => {
  await saveDataset(workspace, datasetOf('d1').dataset, datasetOf('d1').content);
  const { id } = await addVersion('a', 1);
  await workspace.collected();
  const folder = await workspace.folder();
  const reserve = () =>
    folder.getFileHandle('reserve').then(
      () => true,
      () => false,
    );
  expect(await reserve()).toBe(true);
  const { close } = FileSystemWritableFileStream.prototype;
  vi.spyOn(FileSystemWritableFileStream.prototype, 'close').mockImplementation(async function (
    this: FileSystemWritableFileStream,
  ) {
    if (await reserve()) throw new DOMException('full', 'QuotaExceededError');
    return close.call(this);
  });
  await expect(addRun(workspace, newRun)).rejects.toThrow('no room for the run');
  await removeVersion(workspace, id);
  vi.restoreAllMocks();
  await workspace.collected();
  expect(await reserve()).toBe(true);
  await removeDataset(workspace, 'd1');
  await workspace.collected();
  expect(await workspace.blobs.list()).toEqual([]);
});
