// Backups of real workspaces, restored into others: the same ids and hashes, all or nothing, and never twice.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { backupWorkspace, type BackupFacts } from '../../src/store/backup.ts';
import { saveCheckpoint } from '../../src/store/checkpoints.ts';
import { listDatasets, readTable, removeDataset, saveDataset } from '../../src/store/datasets.ts';
import { sha256 } from '../../src/store/hash.ts';
import { setAlias } from '../../src/store/aliases.ts';
import { readBackup } from '../../src/store/readBackup.ts';
import { restoreBackup, type RestoreOptions } from '../../src/store/restore.ts';
import { addRun, listRuns } from '../../src/store/runs.ts';
import {
  changeVersion,
  listVersions,
  readTrained,
  readVersion,
  removeVersion,
  saveVersion,
} from '../../src/store/versions.ts';
import { createWorkspace, type Workspace } from '../../src/store/workspace.ts';
import { eraseWorkspace } from './erase.ts';
import { datasetOf, newRun, recipe, trained, versionOf } from './fixtures.ts';

let names: string[];
let open: Workspace[];
let source: Workspace;
let target: Workspace;
let count = 0;

beforeEach(async () => {
  names = [];
  open = [];
  [source, target] = [workspace(), workspace()];
  await fill(source);
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const each of open) await each.close();
  for (const name of names) await eraseWorkspace(name);
});

function workspace(name = `backup test ${++count}`): Workspace {
  if (!names.includes(name)) names.push(name);
  const each = createWorkspace(name, { now: () => 1000 });
  open.push(each);
  return each;
}

async function addData(ws: Workspace, text: string): Promise<string> {
  const file = new Blob([text]);
  const id = await sha256(file);
  const { dataset, content } = datasetOf(id);
  await saveDataset(ws, { ...dataset, name: `data ${text.length}` }, { ...content, source: file } as typeof content);
  return id;
}

async function addVersion(ws: Workspace, model: string, dataset: string, seed: number): Promise<void> {
  const run = await addRun(ws, { ...newRun, recipe: { ...recipe, dataset, seed }, startedAt: seed });
  const weights = [{ name: 'head/bias', shape: [1], data: Float32Array.of(seed) }];
  await saveVersion(ws, versionOf(model), { ...trained, weights }, run);
}

async function fill(ws: Workspace, seed = 0): Promise<void> {
  const first = await addData(ws, `x,y\n1,${seed}\n`);
  const second = await addData(ws, `x,y\n1,${seed}\n22,3\n`);
  await addVersion(ws, 'iris', first, seed + 1);
  await addVersion(ws, 'other', second, seed + 2);
  await addVersion(ws, 'iris', first, seed + 3);
  await setAlias(ws, 'iris', 'champion', 1);
  await changeVersion(ws, 'iris@1', { note: `seed ${seed}`, tags: ['good'] });
  const cut = await addRun(ws, {
    ...newRun,
    state: 'interrupted',
    recipe: { ...recipe, dataset: first, seed: seed + 4 },
  });
  await saveCheckpoint(ws, cut.id, { weights: Float32Array.of(seed) }, 1);
}

async function save(ws: Workspace, facts: Partial<BackupFacts> = {}): Promise<File> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const blob = new Response(readable as ReadableStream<Uint8Array<ArrayBuffer>>).blob();
  blob.catch(() => {});
  await backupWorkspace(ws, writable, { app: '1', models: null, ...facts });
  return new File([await blob], 'lathe.zip');
}

async function restore(ws: Workspace, file: Blob, o: RestoreOptions & { passphrase?: string } = {}) {
  return restoreBackup(ws, await (await readBackup(file)).open(o.passphrase), o);
}

const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error as UserError,
  );

/** What records come to, but for when they were written; and the names of all blobs. */
async function stateOf(ws: Workspace) {
  const { counts, digest, lastRun } = await ws.summary();
  return { counts, digest, lastRun, blobs: (await ws.blobs.list()).sort() };
}

/** The file with a byte of its blob flipped. */
async function damage(file: File, content: Uint8Array): Promise<File> {
  const bytes = await file.bytes();
  const at = bytes.findIndex((_, i) => content.every((byte, k) => bytes[i + k] === byte));
  expect(at).toBeGreaterThan(0);
  bytes[at] ^= 1;
  return new File([bytes as Uint8Array<ArrayBuffer>], file.name);
}

describe('a backup restored elsewhere', () => {
  it('gives the same ids, hashes, order, numbers and content', async () => {
    const report = await restore(target, await save(source));
    expect(report).toMatchObject({ same: [], renamed: [], damaged: [], repairedBlobs: 0 });
    expect(await stateOf(target)).toEqual(await stateOf(source));
    expect(await listVersions(target)).toEqual(await listVersions(source));
    expect(await listRuns(target)).toEqual(await listRuns(source));
    expect(await listDatasets(target)).toEqual(await listDatasets(source));
    const version = await readVersion(target, 'iris@champion');
    expect(await readTrained(target, version)).toEqual(await readTrained(source, version));
    const [{ id }] = await listDatasets(target);
    expect(await (await readTable(target, id)).source.text()).toBe('x,y\n1,0\n');
    expect(await workspace(target.name).incident()).toBeNull();
    expect((await addRun(target, newRun)).id).toBe(5);
  });

  it('a second time changes nothing, and says so', async () => {
    const file = await save(source);
    await restore(target, file);
    const { sequence } = await target.summary();
    const report = await restore(target, file);
    expect(report.added).toEqual([]);
    expect(report.same.map(({ name }) => name)).toContain("version 'iris@2'");
    expect((await target.summary()).sequence).toBe(sequence);
  });

  it('sealed, gives the same with its passphrase alone', async () => {
    const file = await save(source, { passphrase: 'words' });
    expect((await errorOf(restore(target, file))).message).toMatch(/^missing passphrase/);
    expect((await errorOf(restore(target, file, { passphrase: 'word' }))).message).toMatch(/^invalid passphrase/);
    expect((await target.summary()).sequence).toBe(0);
    await restore(target, file, { passphrase: 'words' });
    expect(await stateOf(target)).toEqual(await stateOf(source));
  });

  it('of one model brings that model with its lineage, from a whole backup or one of its own', async () => {
    for (const file of [await save(source), await save(source, { models: ['iris'] })]) {
      const ws = workspace();
      await restore(ws, file, { models: ['iris'] });
      expect((await listVersions(ws)).map(({ id }) => id)).toEqual(['iris@1', 'iris@2']);
      expect((await listRuns(ws)).map(({ id }) => id)).toEqual([1, 3]);
      expect(await listDatasets(ws)).toHaveLength(1);
      expect(await ws.blobs.list()).toHaveLength(4);
      expect(await readTrained(ws, await readVersion(ws, 'iris@2'))).toBeDefined();
    }
    const none = await errorOf(restore(target, await save(source), { models: ['tulip'] }));
    expect(none.message).toMatch(/^unknown model 'tulip': there is none of this name. There are 'iris', 'other'/);
  });

  it('where something else has the ids, leaves both', async () => {
    await fill(target, 50);
    const before = await listVersions(target);
    const report = await restore(target, await save(source));
    expect(report.renamed).toEqual([
      { kind: 'run', from: '1', to: '5' },
      { kind: 'run', from: '2', to: '6' },
      { kind: 'run', from: '3', to: '7' },
      { kind: 'run', from: '4', to: '8' },
      { kind: 'model', from: 'iris', to: 'iris (2)' },
      { kind: 'model', from: 'other', to: 'other (2)' },
    ]);
    const after = await listVersions(target);
    expect(after.slice(0, 3)).toEqual(before);
    expect(after.slice(3).map(({ id }) => id)).toEqual(['iris (2)@1', 'other (2)@1', 'iris (2)@2']);
    expect((await readVersion(target, 'iris (2)@champion')).note).toBe('seed 0');
    expect((await restore(target, await save(source))).added).toEqual([]);
  });

  it('brings back what was removed since', async () => {
    const file = await save(source);
    const before = await stateOf(source);
    const [{ id }] = await listDatasets(source);
    await removeVersion(source, 'iris@1');
    await removeDataset(source, id);
    const report = await restore(source, file);
    expect(report.added.map(({ name }) => name)).toEqual(["data set 'data 8'", "version 'iris@1'"]);
    // but for the history, which tells of it
    expect({ ...(await stateOf(source)), digest: '' }).toEqual({ ...before, digest: '' });
    const iris = (await source.read('model', 'iris'))!;
    expect(iris.aliases).toEqual([{ name: 'champion', number: 1 }]);
    expect(iris.history!.map(({ to, why }) => [to, why])).toEqual([[1, 'set'], [null, 'removed'], [1, 'restored']]); // prettier-ignore
  });
});

describe('what is damaged', () => {
  const weights = new Uint8Array(Float32Array.of(3).buffer);

  it('is listed and nothing is restored; on consent the rest is', async () => {
    const file = await damage(await save(source), new TextEncoder().encode('22,3'));
    const error = await errorOf(restore(target, file));
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(
      /^invalid backup: 1 thing in it is damaged: data set 'data 13' \(its content.*skipDamaged/,
    );
    await target.close(); // what was left is collected
    expect(await stateOf(target)).toEqual({ counts: {}, digest: '0'.repeat(64), lastRun: 0, blobs: [] });
    const report = await restore(target, file, { skipDamaged: true });
    expect(report.damaged).toHaveLength(1);
    expect((await listVersions(target)).map(({ id }) => id)).toEqual(['iris@1', 'other@1', 'iris@2']);
    expect(await listDatasets(target)).toHaveLength(1);
  });

  it('of weights leaves the version out and its run in', async () => {
    const file = await damage(await save(source), weights);
    const report = await restore(target, file, { skipDamaged: true });
    expect(report.damaged.map(({ what }) => what)).toEqual(["version 'iris@2'"]);
    expect((await listRuns(target)).map(({ id, versionId }) => [id, versionId])).toEqual([
      [1, 'iris@1'],
      [2, 'other@1'],
      [3, null],
      [4, null],
    ]);
    expect(await target.blobs.list()).toHaveLength((await source.blobs.list()).length - 1);
  });

  it('of what was not asked for does not matter', async () => {
    const file = await damage(await save(source), new TextEncoder().encode('22,3'));
    expect((await restore(target, file, { models: ['iris'] })).damaged).toEqual([]);
  });

  it('here, is made whole by a restore', async () => {
    const file = await save(source);
    const { runId } = await readVersion(source, 'iris@2');
    const hash = (await source.read('version', String(runId)))!.trained!;
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(source.name);
    const blobs = await (await folder.getDirectoryHandle('blobs')).getDirectoryHandle(hash.slice(0, 2));
    const writable = await (await blobs.getFileHandle(hash)).createWritable();
    await writable.write('damaged');
    await writable.close();
    const reopened = workspace(source.name);
    const version = await readVersion(reopened, 'iris@2');
    expect((await errorOf(readTrained(reopened, version))).message).toMatch(/Restore it from a backup/);
    expect(await restore(reopened, file)).toMatchObject({ added: [], damaged: [], repairedBlobs: 1 });
    expect((await readTrained(reopened, version)).weights[0].data).toEqual(Float32Array.of(3));
  });

  it('here, is left out of a backup and named in it', async () => {
    const blobs = await source.blobs.list();
    const lost = (await source.read('version', '3'))!.trained!;
    await source.blobs.remove(lost);
    const file = await save(source);
    const { contents, damaged } = await (await readBackup(file)).open();
    expect(contents.missing).toEqual([expect.stringMatching(/^missing version 'iris@2': the file is gone/)]);
    expect(contents.counts.blobs).toBe(blobs.length - 1);
    expect(damaged.map(({ what }) => what)).toEqual(["version 'iris@2'"]);
  });
});

describe('a restore after a loss', () => {
  it.each(['the second copy is there', 'the second copy is damaged'])('is a way out, where %s', async (second) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const file = await save(source);
    const before = await stateOf(source);
    await source.close();
    await new Promise((resolve) => (indexedDB.deleteDatabase(source.name).onsuccess = resolve));
    if (second.endsWith('damaged')) {
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(source.name);
      await folder.removeEntry('journal', { recursive: true });
    }
    const reopened = workspace(source.name);
    expect((await reopened.incident())!.kind).toBe('wiped');
    await restore(reopened, file);
    expect(await reopened.incident()).toBeNull();
    expect(await stateOf(reopened)).toEqual(before);
  });
});

describe('a restore that is cut off', () => {
  it('by the user leaves nothing, not even blobs', async () => {
    const file = await save(source);
    for (const after of [0, 1, 4]) {
      const abort = new AbortController();
      let calls = 0;
      const onProgress = () => void (calls++ === after && abort.abort());
      const error = await errorOf(restore(target, file, { signal: abort.signal, onProgress }));
      expect(error.name).toBe('AbortError');
      await target.close();
      expect(await stateOf(target)).toEqual({ counts: {}, digest: '0'.repeat(64), lastRun: 0, blobs: [] });
    }
  });

  it('by a full disk leaves nothing, and says that there is no room', async () => {
    const file = await save(source);
    const create = Object.getOwnPropertyDescriptor(FileSystemFileHandle.prototype, 'createWritable')!.value as (
      this: FileSystemFileHandle,
    ) => Promise<FileSystemWritableFileStream>;
    await target.open();
    for (const room of [0, 3, 6, 7]) {
      let calls = 0;
      vi.spyOn(FileSystemFileHandle.prototype, 'createWritable').mockImplementation(function (
        this: FileSystemFileHandle,
      ) {
        if (calls++ >= room) throw new DOMException('full', 'QuotaExceededError');
        return create.call(this);
      });
      const error = await errorOf(restore(target, file));
      expect(error.message).toMatch(/^unsupported storage: there is no room for the backup/);
      vi.restoreAllMocks();
      await target.close();
      expect(await stateOf(target)).toEqual({ counts: {}, digest: '0'.repeat(64), lastRun: 0, blobs: [] });
    }
    await restore(target, file);
    expect(await stateOf(target)).toEqual(await stateOf(source));
  });
});
