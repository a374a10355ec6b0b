// From databases of earlier Lathes to today's: everything comes along, or the old database stays as it was.

import { openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { audit } from '../../src/store/audit.ts';
import { listDatasets, readImages, readTable } from '../../src/store/datasets.ts';
import { openShelf } from '../../src/store/measurements.ts';
import { addRun, listRuns, readRunDetail } from '../../src/store/runs.ts';
import { salvage } from '../../src/store/salvage.ts';
import { listVersions, readTrained, readVersion, readVersionDetail, saveVersion } from '../../src/store/versions.ts';
import { createWorkspace, type Workspace } from '../../src/store/workspace.ts';
import { dump, expected, makeEarlier, makeSchema3, pictures } from './earlier.ts';
import { eraseWorkspace } from './erase.ts';
import { datasetOf, newRun, recipe, trained, versionOf } from './fixtures.ts';

let name: string;
let open: Workspace[] = [];
let count = 0;

beforeEach(() => {
  name = `migration test ${++count}`;
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const each of open) await each.close();
  open = [];
  await eraseWorkspace(name);
});

function workspaceOn(onMigrationStep?: (step: string) => void): Workspace {
  const workspace = createWorkspace(name, { onMigrationStep });
  open.push(workspace);
  return workspace;
}

async function expectEverything(workspace: Workspace): Promise<void> {
  expect(await workspace.incident()).toBeNull();
  expect((await listDatasets(workspace)).map(({ id }) => id)).toEqual(['pictures', 'd1']);
  const { columns } = datasetOf('d1').content as { columns: unknown };
  const { table, source } = await readTable(workspace, 'd1');
  expect([table.columns, await source.text()]).toEqual([columns, 'x,y\n1,2\n']);
  const { packed, ...index } = await readImages(workspace, 'pictures');
  expect(await packed.text()).toBe('abcdef');
  expect(index).toEqual({ kind: 'images', offsets: pictures.offsets, names: pictures.names, labels: pictures.labels });
  expect((await listRuns(workspace)).map(({ id, state, versionId }) => [id, state, versionId])).toEqual([
    [1, 'finished', '__proto__@1'],
    [2, 'finished', 'iris@5'],
    [3, 'failed', null],
    [4, 'finished', '__proto__@2'],
  ]);
  const versions = await listVersions(workspace);
  expect(versions.map(({ id, note, tags }) => [id, note, tags])).toEqual([
    ['__proto__@1', 'note 1', []],
    ['iris@5', 'note 2', []],
    ['__proto__@2', 'note 4', []],
  ]);
  for (const version of versions) {
    expect(version.recipe).toEqual(recipe);
    expect(version.epochs).toBe(1);
    expect((await readVersionDetail(workspace, version.id)).log).toHaveLength(1);
    expect(await readTrained(workspace, version)).toEqual(trained);
  }
  expect(await workspace.blobs.list()).toHaveLength(5); // the versions have the same weights
}

async function expectSchema3(workspace: Workspace): Promise<void> {
  expect(await workspace.incident()).toBeNull();
  const runs = await listRuns(workspace);
  expect(await Promise.all(runs.map(({ id }) => readRunDetail(workspace, id)))).toMatchObject(expected.runs);
  const versions = await listVersions(workspace);
  const details = await Promise.all(versions.map(({ id }) => readVersionDetail(workspace, id)));
  expect(details).toMatchObject(expected.versions);
  expect(versions.map(({ epochs }) => epochs)).toEqual(details.map(({ log }) => log.length));
  expect(runs.map(({ last }) => last)).toEqual(expected.runs.map(({ log }) => log.at(-1)));
  expect([runs, versions].flat().some((item) => 'log' in item)).toBe(false);
}

const earlier = [
  { schema: 1, make: (name: string) => makeEarlier(name, 1), expectAll: expectEverything },
  { schema: 2, make: (name: string) => makeEarlier(name, 2), expectAll: expectEverything },
  { schema: 3, make: makeSchema3, expectAll: expectSchema3 },
];

describe('a database of schema 3', () => {
  it('comes along with its logs in records of their own, and both copies agree', async () => {
    await makeSchema3(name);
    const workspace = workspaceOn();
    await expectSchema3(workspace);
    expect(await audit(workspace)).toMatchObject({ repaired: [], damaged: [] });
    await workspace.close();
    const later = workspaceOn();
    await expectSchema3(later);
    expect((await addRun(later, newRun)).id).toBe(6);
  });

  it('that has lost something still says so, and salvage leads on what the journal has of it', async () => {
    await makeSchema3(name);
    const db = await openDB(name);
    await db.delete('records', ['run', '2']);
    db.close();
    const workspace = workspaceOn();
    expect(await workspace.incident()).toMatchObject({ kind: 'halved' });
    expect(await listVersions(workspace)).toHaveLength(expected.versions.length);
    expect((await salvage(workspace)).lost).toEqual([]);
    await expectSchema3(workspace);
    expect(await audit(workspace)).toMatchObject({ repaired: [], damaged: [] });
  });
});

describe.each([1, 2] as const)('a database of schema %i', (schema) => {
  it('comes along whole, and goes on where it was', async () => {
    await makeEarlier(name, schema);
    const workspace = workspaceOn();
    await expectEverything(workspace);
    expect(await openShelf(workspace).get('step')).toEqual(schema === 2 ? { cpu: 1 } : undefined);
    const run = await addRun(workspace, newRun);
    expect(run.id).toBe(6);
    expect((await saveVersion(workspace, versionOf('iris'), trained, run)).id).toBe('iris@6');
    expect([...(await workspace.open()).objectStoreNames]).toEqual(['measurements', 'records', 'summary']);
    await workspace.close();
    expect(await workspaceOn().incident()).toBeNull();
  });
});

describe.each(earlier)('a database of schema $schema', ({ make, expectAll }) => {
  it('that is aborted at any step is whole in its old schema, and comes along the next time', async () => {
    await make(name);
    const before = await dump(name);
    const steps: string[] = [];
    for (let at = 0; ; at++) {
      steps.length = 0;
      const workspace = workspaceOn((step) => {
        steps.push(step);
        if (steps.length > at) throw new Error('aborted');
      });
      const error = await workspace.open().then(
        () => null,
        (error: Error) => error,
      );
      if (!error) break;
      expect(error.message).toBe('aborted');
      expect(await dump(name)).toEqual(before);
    }
    expect(steps.length).toBeGreaterThan(15);
    await expectAll(workspaceOn());
  });

  it('that finds no room at any write is whole in its old schema', async () => {
    await make(name);
    const before = await dump(name);
    const close = FileSystemWritableFileStream.prototype.close;
    for (let at = 0; ; at++) {
      let writes = 0;
      vi.spyOn(FileSystemWritableFileStream.prototype, 'close').mockImplementation(function (
        this: FileSystemWritableFileStream,
      ) {
        return writes++ === at ? Promise.reject(new DOMException('full', 'QuotaExceededError')) : close.call(this);
      });
      const error = await workspaceOn()
        .open()
        .then(
          () => null,
          (error: Error) => error,
        );
      vi.restoreAllMocks();
      if (!error) break;
      expect(error.message).toContain('no room');
      expect(await dump(name)).toEqual(before);
    }
    await expectAll(workspaceOn());
  });
});

it('a migration waits for an old page to close, says so, and goes on', async () => {
  await makeEarlier(name, 2);
  const old = await openDB(name, 2); // it does not let go by itself
  const workspace = workspaceOn();
  const blocked = new Promise<void>((resolve) => (workspace.onBlocked = resolve));
  const opened = workspace.open();
  await blocked;
  old.close();
  await opened;
  await expectEverything(workspace);
});

it('two tabs that migrate at a time do it once', async () => {
  await makeEarlier(name, 2);
  const [one, other] = [workspaceOn(), workspaceOn()];
  await Promise.all([one.open(), other.open()]);
  await expectEverything(one);
  await expectEverything(other);
});

it('what an old page writes after it was read comes along too', async () => {
  await makeEarlier(name, 2);
  const write = async () => {
    const old = await openDB(name, 2);
    await old.put('runs', { ...newRun, id: 3, state: 'stopped' });
    old.close();
  };
  let late: Promise<void> | undefined;
  const workspace = workspaceOn((step) => {
    if (step === 'journal') late ??= write();
  });
  await workspace.open();
  await late;
  expect((await listRuns(workspace))[2].state).toBe('stopped');
});

it('what was already lost in the old database is named as lost, the rest comes along, and the old stores stay', async () => {
  await makeEarlier(name, 2);
  const old = await openDB(name);
  await old.delete('content', 'd1');
  const model = await old.get('trained', 2);
  await old.put('trained', { ...model, weights: [{ ...model.weights[0], data: Float32Array.of(9) }] }, 2);
  old.close();
  const workspace = workspaceOn();
  expect(await listDatasets(workspace)).toHaveLength(2);
  await expect(readTable(workspace, 'd1')).rejects.toMatchObject({ code: 'missing' });
  await expect(readTrained(workspace, await readVersion(workspace, 'iris@5'))).rejects.toMatchObject({
    code: 'missing',
  });
  expect(await readTrained(workspace, await readVersion(workspace, '__proto__@1'))).toEqual(trained);
  expect([...(await workspace.open()).objectStoreNames]).toContain('trained');
});
