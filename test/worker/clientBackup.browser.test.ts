// Backup and restore as the page calls them: the file, its contents, and what comes of it in another place.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Version } from '../../src/worker/api.ts';
import type { Client } from '../../src/worker/client.ts';
import { clientOn, csv, errorOf, removeDatabase, twoClouds } from './clients.ts';

const [HERE, THERE] = ['client backup test', 'client backup test, elsewhere'];
let here: Client;
let there: Client;
let version: Version;

beforeAll(async () => {
  [here, there] = [clientOn(HERE), clientOn(THERE)];
  const { id } = await here.lathe.importFiles([csv('clouds.csv', twoClouds(200))]);
  const recipe = await here.lathe.suggestRecipe(id, { target: 'class', seed: 1 });
  recipe.training.epochs = 2;
  version = await here.lathe.train({ ...recipe, backend: 'cpu' }, { model: 'clouds & co' });
  await here.lathe.setAlias('clouds & co', 'champion', 1);
});

afterAll(async () => {
  for (const client of [here, there]) client.close();
  for (const name of [HERE, THERE]) await removeDatabase(name);
});

describe('a backup', () => {
  it('is a file on disk with a name of its day, and says what is in it', async () => {
    const progress: number[] = [];
    const { file, contents } = await here.lathe.backup({}, { onProgress: ({ doneBytes }) => progress.push(doneBytes) });
    expect(file!.name).toMatch(/^lathe-backup-\d{4}-\d\d-\d\d\.zip$/);
    expect(contents.models).toEqual([{ name: 'clouds & co', versions: [1] }]);
    expect(contents.datasets.map(({ name }) => name)).toEqual(['clouds']);
    expect(progress.at(-1)).toBe(contents.sizeBytes);
    expect(file!.size).toBeGreaterThan(contents.sizeBytes);
    expect(await here.lathe.inspectBackup(file!)).toEqual({ sealed: false, contents, damaged: [] });
  });

  it('of one model has its name', async () => {
    const { file } = await here.lathe.backup({ models: ['clouds & co'] });
    expect(file!.name).toMatch(/^clouds-co-backup-/);
    const none = await errorOf(here.lathe.backup({ models: ['tulips'] }));
    expect(none).toMatchObject({ name: 'UserError', code: 'unknown' });
  });

  it('is written to the file that was picked', async () => {
    const folder = await navigator.storage.getDirectory();
    const to = await folder.getFileHandle('picked.zip', { create: true });
    const { file } = await here.lathe.backup({ to });
    expect(file).toBeNull();
    expect((await here.lathe.inspectBackup(await to.getFile())).contents!.counts.version).toBe(1);
    await folder.removeEntry('picked.zip');
  });

  it('leaves one temporary file at most, and none when it was stopped or its page is gone', async () => {
    const top = await navigator.storage.getDirectory();
    const kept = async (): Promise<number> => {
      const folder = await (await top.getDirectoryHandle(HERE)).getDirectoryHandle('temporary');
      let count = 0;
      for await (const _name of folder.keys()) count++;
      return count;
    };
    await here.lathe.backup();
    await here.lathe.backup();
    expect(await kept()).toBe(1);
    const abort = new AbortController();
    const stopped = here.lathe.backup({}, { signal: abort.signal, onProgress: () => abort.abort() });
    expect((await errorOf(stopped)).name).toBe('AbortError');
    expect(await kept()).toBe(0);
    const other = clientOn(HERE);
    await other.lathe.backup();
    expect(await kept()).toBe(1);
    other.close();
    await expect.poll(async () => (await here.lathe.backup(), kept())).toBe(1);
  });
});

describe('a restore elsewhere', () => {
  it('gives the same version, which evaluates, predicts and is exported to the same bytes', async () => {
    const { file } = await here.lathe.backup({ passphrase: 'good words' });
    expect(await there.lathe.inspectBackup(file!)).toEqual({ sealed: true, contents: null, damaged: [] });
    expect((await errorOf(there.lathe.inspectBackup(file!, { passphrase: 'bad' }))).message).toMatch(
      /^invalid passphrase/,
    );
    const { contents } = await there.lathe.inspectBackup(file!, { passphrase: 'good words' });
    expect(contents!.counts).toMatchObject({ dataset: 1, version: 1 });
    const report = await there.lathe.restore(file!, { passphrase: 'good words' });
    expect(report.added.map(({ id }) => id)).toContain('clouds & co@1');
    expect(await there.lathe.version('clouds & co@champion')).toEqual({ ...version, aliases: ['champion'] });
    const row = { a: 1, b: 0.5 };
    expect(await there.lathe.predict(version.id, [row])).toEqual(await here.lathe.predict(version.id, [row]));
    expect(await there.lathe.evaluate(version.id)).toEqual(await here.lathe.evaluate(version.id));
    const [a, b] = [
      await here.lathe.exportModel(version.id, 'tfjs'),
      await there.lathe.exportModel(version.id, 'tfjs'),
    ];
    expect(b.sha256).toBe(a.sha256);
  });

  it('a second time adds nothing', async () => {
    const { file } = await here.lathe.backup();
    const report = await there.lathe.restore(file!);
    expect(report).toMatchObject({ added: [], renamed: [], damaged: [], repairedBlobs: 0 });
  });

  it.each(['nothing', 'PK\x03\x04', 'a,b\n1,2\n'])('of %j is refused by name, and the page is usable', async (text) => {
    const file = new File([text], 'x.zip');
    for (const verb of ['inspectBackup', 'restore'] as const) {
      const error = await errorOf(there.lathe[verb](file));
      expect(error.message).toMatch(/^invalid backup 'x.zip': it is no backup of Lathe, or is damaged/);
      expect(error).toMatchObject({ name: 'UserError', code: 'invalid' });
    }
    expect(await there.lathe.versions()).toHaveLength(1);
  });
});
