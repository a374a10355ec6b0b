import { afterAll, expect, test, vi } from 'vitest';
import type { FolderNews } from '../../src/worker/api.ts';
import { clientOn, csv, errorOf, removeDatabase, twoClouds } from './clients.ts';

const DATABASE = 'client folder test';
const here = clientOn(DATABASE);
const there = clientOn(DATABASE);

let root: FileSystemDirectoryHandle;
afterAll(async () => {
  here.close();
  there.close();
  await root.removeEntry('inbox', { recursive: true }).catch(() => {});
  await removeDatabase(DATABASE);
});

async function write(folder: FileSystemDirectoryHandle, name: string, text: string): Promise<void> {
  const stream = await (await folder.getFileHandle(name, { create: true })).createWritable();
  await stream.write(text);
  await stream.close();
}

/** A tab that looks into a folder. */
function look(client: typeof here, folder: FileSystemDirectoryHandle | null, model = 'clouds') {
  const abort = new AbortController();
  const tab: { news: FolderNews | null; looks: number } = { news: null, looks: 0 };
  const onProgress = (news: FolderNews) => {
    if (news.lookedAt !== tab.news?.lookedAt) tab.looks++;
    tab.news = news;
  };
  const ended = errorOf(client.lathe.watchFolder(model, folder, { signal: abort.signal, onProgress, everyMs: 50 }));
  const stop = async () => {
    abort.abort();
    expect(await ended).toMatchObject({ name: 'AbortError' });
  };
  /** So many more looks. */
  const wait = async (looks: number) => {
    const until = tab.looks + looks;
    await vi.waitFor(() => expect(tab.looks).toBeGreaterThanOrEqual(until), { timeout: 20_000 });
  };
  return { tab, ended, stop, wait };
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000 });

test('Each new file of a folder becomes a batch once: in this tab, in another after it, and after a reload', async () => {
  const { lathe } = here;
  const dataset = await lathe.importFiles([csv('clouds.csv', twoClouds(200))]);
  const recipe = await lathe.suggestRecipe(dataset.id, { target: 'class' });
  recipe.backend = 'cpu';
  recipe.training.epochs = 2;
  await lathe.train(recipe, { model: 'clouds' });
  const names = async (model = 'clouds') => (await lathe.batches(model)).map(({ name }) => name);

  root = await navigator.storage.getDirectory(); // a handle as a picker gives it
  const inbox = await root.getDirectoryHandle('inbox', { create: true });
  const march = await inbox.getDirectoryHandle('march', { create: true });
  await write(inbox, 'first.csv', twoClouds(60));
  await write(march, 'rows.jsonl', '{"a": 1, "b": 2}\n{"a": -1, "b": 0.5}\n');
  await write(inbox, 'notes.docx', 'no batch');
  await write(inbox, 'half.csv.part', 'not yet');
  await write(inbox, 'bad.csv', 'x,y\n1,2\n');

  const first = look(here, inbox);
  await until(() => expect(first.tab.news).toMatchObject({ taken: 2, ignored: 2, settling: [], lasts: true }));
  expect(await names()).toEqual(['first', 'rows']);
  await until(() => expect(first.tab.news!.faults).toMatchObject([{ path: 'bad.csv', error: expect.stringMatching(/none is one that version 'clouds@1'/) }])); // prettier-ignore
  await first.wait(3);
  expect(first.tab.news!.batches).toHaveLength(2); // nothing came twice, the bad file was not tried again

  // another tab waits for its turn, and then goes on where this one was
  const second = look(there, null);
  await until(() => expect(second.tab.news?.state).toBe('elsewhere'));
  await write(inbox, 'bad.csv', twoClouds(40)); // it has changed
  await until(() => expect(first.tab.news).toMatchObject({ taken: 3, faults: [] }));
  await first.stop();
  await until(() => expect(second.tab.news).toMatchObject({ state: 'looking', taken: 3 }));

  // one that is being written is left alone for as long as it grows
  let rows = 50;
  await write(inbox, 'growing.csv', twoClouds(rows));
  for (let i = 0; i < 3; i++) {
    await write(inbox, 'growing.csv', twoClouds(++rows));
    expect(await names()).not.toContain('growing');
  }
  await until(() => expect(second.tab.news!.taken).toBe(4));
  expect((await lathe.batches('clouds')).at(-1)).toMatchObject({ name: 'growing', rows });

  // a folder that is gone is said, and found again
  await root.removeEntry('inbox', { recursive: true });
  await until(() => expect(second.tab.news!.gone).toMatch(/not there any more/));
  await write(await root.getDirectoryHandle('inbox', { create: true }), 'back.csv', twoClouds(30));
  await until(() => expect(second.tab.news).toMatchObject({ gone: null, taken: 5 }));
  expect(await names()).toEqual(['first', 'rows', 'bad', 'growing', 'back']);

  // a model that is called otherwise takes it along, in the tab that looks and in one that waits
  const third = look(here, null);
  await until(() => expect(third.tab.news?.state).toBe('elsewhere'));
  const ways = ['clouds', 'fog', 'haze', 'clouds', 'fog', 'haze', 'clouds', 'fog', 'mist'];
  for (const [i, name] of ways.slice(1).entries()) {
    await lathe.renameModel(ways[i], name); // before either tab may have heard of the last one
    expect(await lathe.folders()).toMatchObject([{ model: name, handle: { name: 'inbox' } }]);
  }
  const looking = () => [second, third].map(({ tab }) => tab.news!).find(({ state }) => state === 'looking')!;
  await until(() => expect([second, third].map(({ tab }) => tab.news!.model)).toEqual(['mist', 'mist']));
  await write(await root.getDirectoryHandle('inbox'), 'after.csv', twoClouds(20));
  await until(() => expect(looking().taken).toBe(6));
  expect(await names('mist')).toEqual(['first', 'rows', 'bad', 'growing', 'back', 'after']);
  await second.stop();
  await third.stop();

  // a removed batch does not come back with the next visit
  await lathe.removeBatch((await lathe.batches('mist')).at(-1)!.id);
  expect(await lathe.folders()).toMatchObject([{ model: 'mist', handle: { name: 'inbox' } }]);
  const fourth = look(here, null, 'mist');
  await fourth.wait(3);
  await fourth.stop();
  expect(await names('mist')).toEqual(['first', 'rows', 'bad', 'growing', 'back']);
  await lathe.forgetFolder('mist');
  expect(await lathe.folders()).toEqual([]);
  expect((await look(here, null, 'mist').ended).message).toMatch(/^missing folder of model 'mist': none is kept/);
});
