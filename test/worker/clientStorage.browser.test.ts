// The verbs for what is kept as a whole, and what one tab tells the others.

import { afterAll, describe, expect, it } from 'vitest';
import type { EpochLog } from '../../src/model/epochLog.ts';
import type { LatheEvent } from '../../src/worker/api.ts';
import { makeEarlier } from '../store/earlier.ts';
import { clientOn, csv, deferred, errorOf, removeDatabase, twoClouds } from './clients.ts';

const DATABASE = 'client storage test';
let client = clientOn(DATABASE);
/** A worker loads TensorFlow.js first. */
const SLOW = { timeout: 30_000 };
const file = csv('clouds.csv', twoClouds(60));

afterAll(async () => {
  client.close();
  await removeDatabase(DATABASE);
});

/** What a client is told, until it is stopped. */
function follow({ lathe }: typeof client): { events: LatheEvent[]; stop(): Promise<unknown> } {
  const events: LatheEvent[] = [];
  const abort = new AbortController();
  const watching = errorOf(lathe.watch({ signal: abort.signal, onProgress: (event) => events.push(event) }));
  return {
    events,
    stop() {
      abort.abort();
      return watching;
    },
  };
}

describe('what is kept', () => {
  it('is told by size, and audited with its progress', async () => {
    const { lathe } = client;
    const { id } = await lathe.importFiles([file]);
    const { datasets } = await lathe.usage();
    expect(datasets).toMatchObject([{ key: id, name: 'clouds', blobs: 2 }]);
    const told: number[] = [];
    const report = await lathe.audit({ onProgress: ({ blobsDone }) => told.push(blobsDone) });
    expect([told, report.damaged, report.repaired]).toEqual([[1, 2], [], []]);
    expect(await lathe.lastAudit()).toEqual(report);
    expect(await lathe.cleanUp(['files', 'runs'], { preview: true })).toEqual([]);
  });

  it('comes back after its database was wiped, and until then nothing is written', async () => {
    await expect(client.lathe.incident()).resolves.toBeNull();
    client.close();
    await new Promise((resolve) => (indexedDB.deleteDatabase(DATABASE).onsuccess = resolve));
    client = clientOn(DATABASE);
    const other = clientOn(DATABASE);
    const { lathe } = client;
    expect(await lathe.incident()).toMatchObject({ kind: 'wiped', expected: { dataset: 1 } });
    expect(await other.lathe.incident()).toMatchObject({ kind: 'wiped' });
    expect(await lathe.datasets()).toEqual([]);
    expect(await errorOf(lathe.importFiles([csv('other.csv', 'a,b\n1,2\n3,4\n')]))).toMatchObject({ code: 'missing' });
    expect(await lathe.salvage()).toMatchObject({ recovered: 1, lost: [] });
    expect((await lathe.datasets()).map(({ name }) => name)).toEqual(['clouds']);
    expect(await lathe.incident()).toBeNull();
    await expect.poll(() => other.lathe.incident()).toBeNull(); // it heard of the salvage
    const [{ id, name }] = await other.lathe.datasets();
    await other.lathe.renameDataset(id, name);
    other.close();
  });

  it('leaves the page whole, as one file', async () => {
    const raw = await client.lathe.rawExport();
    expect(raw.name).toBe('lathe-raw.tar');
    expect(await raw.text()).toContain(await file.text());
  });
});

describe('a tab', () => {
  it('is told what another one changes', async () => {
    const other = clientOn(DATABASE);
    await other.lathe.datasets();
    const [here, there] = [follow(client), follow(other)];
    const [{ id }] = await client.lathe.datasets();
    await client.lathe.renameDataset(id, 'renamed');
    const changed: LatheEvent = { kind: 'changed', kinds: ['dataset'] };
    await expect.poll(() => [here.events, there.events]).toEqual([[changed], [changed]]);
    await here.stop();
    await there.stop();
    expect((await other.lathe.datasets())[0].name).toBe('renamed');
    other.close();
  });

  it('is told of a training in another, can pause and stop it, and hears when that tab goes', async () => {
    const here = follow(client);
    const other = clientOn(DATABASE);
    const [{ id }] = await client.lathe.datasets();
    const suggested = await client.lathe.suggestRecipe(id, { seed: 1, model: 'linear' });
    const training = { ...suggested.training, epochs: 100_000, earlyStopping: null };
    const recipe = { ...suggested, backend: 'cpu' as const, training };
    const told = () => here.events.filter((event) => event.kind === 'training');
    const last = () => told().at(-1)?.news;

    const version = other.lathe.train(recipe);
    await expect.poll(() => last()?.epochs.length ?? 0, SLOW).toBeGreaterThan(0);
    const late = follow(client); // is told all that was before
    await expect.poll(() => late.events.find((event) => event.kind === 'training')?.news.after, SLOW).toBe(0);
    await late.stop();
    await client.lathe.pause();
    await expect.poll(() => last()?.paused, SLOW).toBe(true);
    await client.lathe.resume();
    await client.lathe.stop();
    const { runId, log } = await version;
    await expect.poll(() => here.events, SLOW).toContainEqual({ kind: 'trainingEnded', runId });
    const heard: EpochLog[] = [];
    for (const { news } of told()) heard.splice(news.after, Infinity, ...news.epochs);
    expect(heard).toEqual(log);
    expect(told().every((event) => !event.here)).toBe(true);
    expect(JSON.stringify(told())).not.toMatch(/yes|class|clouds/); // figures, nothing of the data

    const cutOff = errorOf(other.lathe.train(recipe));
    await expect.poll(() => last()?.runId, SLOW).toBeGreaterThan(runId);
    other.close();
    await cutOff;
    await expect.poll(() => here.events.at(-1), SLOW).toMatchObject({ kind: 'trainingEnded' });
    expect((await client.lathe.runs()).map(({ state }) => state)).toEqual(['finished', 'interrupted']);
    expect(await errorOf(client.lathe.stop())).toMatchObject({ code: 'invalid' });
    await here.stop();
  });

  it('lets a newer page have the database once its training has ended, and then writes no more', async () => {
    const { lathe } = client;
    const { events, stop } = follow(client);
    const states = () => events.flatMap((event) => (event.kind === 'storage' ? event.state : []));
    const [{ id }] = await lathe.datasets();
    const recipe = await lathe.suggestRecipe(id, { seed: 1, model: 'linear' });
    const training = { ...recipe.training, epochs: 100_000, earlyStopping: null };
    const begun = deferred<void>();
    const version = lathe.train({ ...recipe, backend: 'cpu', training }, { onProgress: () => begun.resolve() });
    await begun.promise;
    const request = indexedDB.open(DATABASE, 1000);
    const opened = new Promise<IDBDatabase>((resolve) => (request.onsuccess = () => resolve(request.result)));
    await expect.poll(states, SLOW).toEqual(['wanted']);
    await lathe.stop();
    expect((await version).ended).toBe('stopped');
    (await opened).close();
    await expect.poll(states, SLOW).toEqual(['wanted', 'superseded']);
    expect(await lathe.incident()).toMatchObject({ kind: 'newer' });
    for (const call of [() => lathe.versions(), () => lathe.salvage(), () => lathe.importFiles([file])]) {
      expect(await errorOf(call())).toMatchObject({
        code: 'unsupported',
        message: expect.stringMatching(/newer Lathe/),
      });
    }
    await stop();
  });

  it('that an older page keeps from opening says so, and goes on when that page is closed', async () => {
    const database = `${DATABASE} 2`;
    await makeEarlier(database, 2);
    const old = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open(database, 2);
      request.onsuccess = () => resolve(request.result);
    });
    const blocked = clientOn(database);
    const { events, stop } = follow(blocked);
    const datasets = blocked.lathe.datasets();
    await expect.poll(() => events).toEqual([{ kind: 'storage', state: 'blocked' }]);
    old.close();
    expect(await datasets).toHaveLength(2);
    await expect.poll(() => events.at(-1)).toEqual({ kind: 'storage', state: 'open' });
    await stop();
    blocked.close();
    await removeDatabase(database);
  });
});

describe('a passphrase', () => {
  it('locks every tab, and each is unlocked by itself', async () => {
    const database = `${DATABASE} passphrase`;
    const client = clientOn(database);
    const { lathe } = client;
    await lathe.importFiles([file]);
    const other = clientOn(database);
    const names = async (each: typeof client) => (await each.lathe.datasets()).map(({ name }) => name);
    const before = await names(other);
    const { events, stop } = follow(other);
    await expect(lathe.unlock('x')).rejects.toMatchObject({ code: 'invalid' });
    await lathe.setPassphrase('four quiet paper boats');
    await expect.poll(() => events).toContainEqual({ kind: 'passphrase', lock: false });
    expect([await lathe.passphrase(), await other.lathe.passphrase()]).toEqual([
      { state: 'sealed', locked: false },
      { state: 'sealed', locked: true },
    ]);
    expect(await names(client)).toEqual(before);
    expect(await errorOf(other.lathe.datasets())).toMatchObject({ code: 'missing' });
    expect(await errorOf(other.lathe.unlock('another'))).toMatchObject({ code: 'invalid' });
    await other.lathe.unlock('four quiet paper boats');
    expect(await names(other)).toEqual(before);
    await lathe.lock();
    await expect.poll(async () => (await other.lathe.passphrase()).locked).toBe(true);
    expect(await errorOf(lathe.datasets())).toMatchObject({ code: 'missing' });
    expect((await (await lathe.rawExport()).text()).includes('clouds')).toBe(false);
    await lathe.unlock('four quiet paper boats');
    await lathe.setPassphrase(null, { current: 'four quiet paper boats' });
    expect(await names(other)).toEqual(before);
    await lathe.erase();
    expect([await lathe.passphrase(), await names(client)]).toEqual([{ state: 'none', locked: false }, []]);
    await stop();
    other.close();
    client.close();
    await removeDatabase(database);
  });
});
