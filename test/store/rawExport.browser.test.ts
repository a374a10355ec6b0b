// The last way out, of a database of any age and state.

import { deleteDB, openDB } from 'idb';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { exportRaw } from '../../src/store/rawExport.ts';
import { addRun } from '../../src/store/runs.ts';
import { saveVersion } from '../../src/store/versions.ts';
import { createWorkspace } from '../../src/store/workspace.ts';
import { dump, makeEarlier } from './earlier.ts';
import { eraseWorkspace } from './erase.ts';
import { newRun, trained, versionOf } from './fixtures.ts';

let name: string;
let count = 0;

beforeEach(() => {
  name = `raw export test ${++count}`;
});

afterEach(async () => {
  vi.restoreAllMocks();
  await eraseWorkspace(name);
});

/** The files of a tar archive. */
async function untar(file: Blob): Promise<Map<string, string>> {
  const text = new TextDecoder('latin1').decode(await file.arrayBuffer());
  const files = new Map<string, string>();
  for (let at = 0; text.charCodeAt(at) !== 0;) {
    const size = parseInt(text.slice(at + 124, at + 135), 8);
    files.set(text.slice(at, at + 100).replace(/\0.*$/s, ''), text.slice(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

it('has every record, the second copy and every blob', async () => {
  const workspace = createWorkspace(name);
  await saveVersion(workspace, versionOf('a'), trained, await addRun(workspace, newRun));
  await workspace.collected(); // or a file might be written while it is read
  const [hash] = await workspace.blobs.list();
  const files = await untar(await exportRaw(name, 1e12));
  expect(files.get('database/records.jsonl')!.trim().split('\n')).toHaveLength(5);
  expect([...files.keys()]).toContain(`files/blobs/${hash.slice(0, 2)}/${hash}`);
  expect([...files.keys()]).toContain('files/ledger.json');
  expect([...files.keys()]).toContain('files/journal/2.json');
  expect(files.has('unreadable.txt')).toBe(false);
  await workspace.close();
});

it.each([1, 2, 99])('takes a database of schema %i as it is, and leaves it so', async (schema) => {
  await makeEarlier(name, 2);
  if (schema === 99) (await openDB(name, schema)).close();
  if (schema === 1) {
    await deleteDB(name);
    await makeEarlier(name, 1);
  }
  const before = await dump(name);
  if (schema === 99) await expect(createWorkspace(name).open()).rejects.toThrow('newer Lathe');
  const files = await untar(await exportRaw(name, 1e12));
  expect(await dump(name)).toEqual(before);
  expect(files.get('database/versions.jsonl')!.trim().split('\n')).toHaveLength(3);
  const content = JSON.parse(files.get('database/content.jsonl')!.split('\n')[0]);
  expect(files.get(content[1].source.$[1].entry)).toBe('x,y\n1,2\n');
  const { type, entry } = content[1].columns[0].values.$[1];
  expect([type, files.get(entry)!.length]).toEqual(['Float64Array', 16]);
});

it('says what it could not read, and has the rest', async () => {
  await makeEarlier(name, 2);
  const { get } = IDBObjectStore.prototype;
  vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementation(function (this: IDBObjectStore, key) {
    if (this.name === 'trained') throw new DOMException('read error', 'UnknownError');
    return get.call(this, key);
  });
  const files = await untar(await exportRaw(name, 1e12));
  expect(files.get('unreadable.txt')!.split('\n')).toHaveLength(3);
  expect(files.get('database/runs.jsonl')!.trim().split('\n')).toHaveLength(3);
});

it('makes no database where there is none', async () => {
  const files = await untar(await exportRaw(name, 1e12));
  expect(files.get('unreadable.txt')).toContain('database');
  expect((await indexedDB.databases()).map((each) => each.name)).not.toContain(name);
});
