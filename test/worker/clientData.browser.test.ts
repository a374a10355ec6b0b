import { afterAll, describe, expect, it } from 'vitest';
import type { ImportProgress } from '../../src/worker/api.ts';
import { clientOn, csv, errorOf, removeDatabase, twoClouds } from './clients.ts';

const DATABASE = 'client data test';
const client = clientOn(DATABASE);
const { lathe } = client;

afterAll(async () => {
  client.close();
  await removeDatabase(DATABASE);
});

describe('data sets through the client', () => {
  it('the same content is one data set, however often and under whatever name it comes', async () => {
    const first = await lathe.importFiles([csv('clouds.csv', twoClouds(20))]);
    const second = await lathe.importFiles([csv('other.csv', twoClouds(20))]);
    expect(second).toEqual(first);
    expect(first).toMatchObject({ kind: 'table', rows: 20, name: expect.stringContaining('clouds') as string });
    expect(await lathe.datasets()).toEqual([first]);
  });

  it('takes files as an input element has them', async () => {
    const transfer = new DataTransfer();
    transfer.items.add(csv('clouds.csv', twoClouds(20)));
    const [known] = await lathe.datasets();
    expect(await lathe.importFiles(transfer.files as unknown as File[])).toEqual(known);
  });

  it('says how far it is', async () => {
    const said: ImportProgress[] = [];
    await lathe.importFiles([csv('p.csv', twoClouds(22))], { onProgress: (progress) => said.push(progress) });
    expect(said.at(-1)).toMatchObject({ phase: 'saving', rows: 22 });
    expect(said.map(({ phase }) => phase)).toContain('profiling');
  });

  it('keeps nothing of an import that was cancelled', async () => {
    const before = await lathe.datasets();
    const abort = new AbortController();
    const importing = errorOf(
      lathe.importFiles([csv('c.csv', twoClouds(50_000))], { signal: abort.signal, onProgress: () => abort.abort() }),
    );
    expect((await importing).name).toBe('AbortError');
    expect(await lathe.datasets()).toEqual(before);
  });

  it('gives rows by page, and the profile of each column', async () => {
    const { id } = await lathe.importFiles([csv('clouds.csv', twoClouds(20))]);
    const page = await lathe.rows(id, { offset: 18, limit: 10 });
    expect(page).toMatchObject({ total: 20, index: [18, 19] });
    expect(page.rows.map((row) => row.class)).toEqual(['yes', 'no']);
    expect((await lathe.dataset(id)).profile.map(({ name }) => name)).toEqual(['a', 'b', 'class']);
  });

  it('keeps a recipe that was set up for the next visit, until its columns or its data set are others', async () => {
    const { id } = await lathe.importFiles([csv('draft.csv', twoClouds(24))]);
    const { id: other } = await lathe.importFiles([csv('other draft.csv', twoClouds(26))]);
    const recipe = { ...(await lathe.suggestRecipe(id)), seed: 7 };
    expect(await lathe.draft(id)).toBeNull();
    const visit = clientOn(DATABASE);
    const aside = { ...recipe, dataset: other, seed: 8 };
    await Promise.all([
      lathe.keepDraft(id, recipe),
      visit.lathe.keepDraft(other, aside),
      lathe.keepDraft('gone', recipe),
    ]);
    expect(await lathe.draft('gone')).toBeNull();
    expect(await visit.lathe.draft(id)).toEqual(recipe);
    await visit.lathe.updateColumns(id, [{ name: 'a', role: 'meta' }]);
    visit.close();
    expect([await lathe.draft(id), (await lathe.draft(other))?.seed]).toEqual([null, 8]);
    await lathe.keepDraft(other, null);
    expect(await lathe.draft(other)).toBeNull();
    await lathe.keepDraft(id, recipe);
    for (const each of [id, other]) await lathe.removeDataset(each);
    expect(await lathe.draft(id)).toBeNull(); // nor is it on the disk any more
  });

  it('reads a column anew when its type is corrected, and moves the target', async () => {
    const { id } = await lathe.importFiles([csv('codes.csv', 'code,x,y\n01,1,2\n02,2,3\n01,3,5\n')]);
    await lathe.updateColumns(id, [{ name: 'x', role: 'target' }]);
    const changed = await lathe.updateColumns(id, [
      { name: 'code', type: 'category' },
      { name: 'y', role: 'target' },
    ]);
    expect(changed.columns).toMatchObject([
      { name: 'code', type: 'category' },
      { name: 'x', role: 'feature' },
      { name: 'y', role: 'target' },
    ]);
    expect((await lathe.rows(id, { offset: 0, limit: 1 })).rows).toEqual([{ code: '01', x: 1, y: 2 }]);
    expect(await errorOf(lathe.updateColumns(id, [{ name: 'nope', role: 'meta' }]))).toMatchObject({ code: 'unknown' });
  });

  it('takes hostile column names as names', async () => {
    const names = ['__proto__', 'constructor', 'toString', '<img src=x onerror=alert(1)>', '=1+1'];
    const { id } = await lathe.importFiles([csv('names.csv', `${names.join(',')}\n1,2,3,4,5\n6,7,8,9,10\n`)]);
    const { columns } = await lathe.dataset(id);
    expect(columns.map(({ name }) => name)).toEqual(names);
    const [row] = (await lathe.rows(id, { offset: 0, limit: 1 })).rows;
    expect(Object.keys(row)).toEqual(names);
    expect(Object.keys(Object.prototype)).toEqual([]);
    await lathe.updateColumns(id, [{ name: '__proto__', type: 'category' }]);
    expect((await lathe.rows(id, { offset: 0, limit: 1 })).rows[0]).toMatchObject({ constructor: 2 });
  });

  it('renames and removes, and a second worker sees it', async () => {
    const { id } = await lathe.importFiles([csv('gone.csv', twoClouds(24))]);
    await lathe.renameDataset(id, '  Clouds ');
    const other = clientOn(DATABASE);
    expect((await other.lathe.dataset(id)).name).toBe('Clouds');
    await other.lathe.removeDataset(id);
    other.close();
    expect(await errorOf(lathe.dataset(id))).toMatchObject({ name: 'UserError', code: 'unknown' });
    expect(await errorOf(lathe.renameDataset(id, ' '))).toMatchObject({ code: 'missing' });
  });

  it.each([
    ['an empty file', 'empty.csv', ''],
    ['a header alone', 'header.csv', 'a,b\n'],
    ['an unterminated quote', 'quote.csv', 'a,b\n1,"two\n3,4\n'],
    ['a broken image', 'broken.png', '\x89PNG\r\n'],
    ['an SVG', 'drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['a broken zip', 'cut.zip', 'PK\x03\x04'],
  ])('refuses %s with a named error and keeps nothing', async (_, name, text) => {
    const before = await lathe.datasets();
    const error = await errorOf(lathe.importFiles([new File([text], name)]));
    expect(error).toMatchObject({
      name: 'UserError',
      code: expect.stringMatching(/invalid|missing|unsupported/) as string,
    });
    expect(error.message.startsWith(error.code!)).toBe(true);
    expect(await lathe.datasets()).toEqual(before);
  });

  it('imports the samples, each with its target', async () => {
    const iris = await lathe.importSample('iris');
    expect(iris).toMatchObject({ name: 'Iris', rows: 150 });
    expect(iris.columns.find(({ role }) => role === 'target')?.name).toBe('species');
    expect(await errorOf(lathe.importSample('nope'))).toMatchObject({ code: 'unknown' });
  });

  it('imports images by class and gives their files back', async () => {
    const digits = await lathe.importSample('digits');
    expect(digits).toMatchObject({ kind: 'images', rows: 1797 });
    expect(digits.classes).toHaveLength(10);
    const { total, items } = await lathe.images(digits.id, { label: '3', offset: 0, limit: 2 });
    expect(total).toBeGreaterThan(100);
    expect(items.map(({ label }) => label)).toEqual(['3', '3']);
    const bitmap = await createImageBitmap(items[0].blob);
    expect([bitmap.width, bitmap.height]).toEqual([8, 8]);
    expect(await errorOf(lathe.images(digits.id, { label: 'x', offset: 0, limit: 2 }))).toMatchObject({
      code: 'unknown',
    });
  });
});

describe('a client', () => {
  it('says so where its worker was closed, and starts another at the next call', async () => {
    const second = clientOn(DATABASE);
    const waiting = errorOf(second.lathe.datasets());
    second.close();
    expect((await waiting).message).toContain('closed');
    expect((await second.lathe.datasets()).length).toBeGreaterThan(0);
    second.close();
  });
});
