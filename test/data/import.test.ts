import { expect, test } from 'vitest';
import { writeZip } from '../../src/data/formats/zip.ts';
import { importFiles, type ImportOptions } from '../../src/data/import.ts';
import type { RgbaImage } from '../../src/data/images.ts';

/** A PNG header of that size whose one colour stands after it; a body that starts with `!` cannot be decoded. */
function png(width: number, color = 0, body = ''): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(40);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  new DataView(bytes.buffer).setUint32(16, width);
  new DataView(bytes.buffer).setUint32(20, 2);
  bytes.set([color, body.charCodeAt(0) || 0], 30);
  return bytes;
}

async function decode(blob: Blob): Promise<RgbaImage> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  if (bytes[31] === '!'.charCodeAt(0)) throw new Error('cannot decode');
  const width = new DataView(bytes.buffer).getUint32(16);
  return {
    width,
    height: 2,
    data: new Uint8ClampedArray(width * 8).fill(0).map((_, i) => (i % 4 === 0 ? bytes[30] : i % 4 === 3 ? 255 : 0)),
  };
}

const file = (path: string, content: BlobPart) => {
  const made = new File([content], path.split('/').at(-1)!);
  if (path.includes('/')) Object.defineProperty(made, 'webkitRelativePath', { value: path });
  return made;
};
const zip = async (entries: Record<string, Uint8Array | string>, name = 'photos.zip') =>
  file(
    name,
    (await writeZip(
      Object.entries(entries).map(([path, bytes]) => ({ name: path, bytes })),
    )) as Uint8Array<ArrayBuffer>,
  );
const load = (files: File[], o: Partial<ImportOptions> = {}) => importFiles(files, { decode, ...o });
const repairsOf = ({ repairs }: { repairs: { kind: string; count: number }[] }) =>
  repairs.map(({ kind, count }) => [kind, count]);
const broken = new TextEncoder().encode('broken');

test('a CSV is a table with roles', async () => {
  const seen: string[] = [];
  const csv = file('my.iris.csv', 'a,species\n1,x\n2,y\n');
  const imported = await load([csv], { onProgress: ({ phase }) => seen.push(phase) });
  if (imported.kind !== 'table') throw new TypeError();
  expect(imported).toMatchObject({
    name: 'my.iris',
    columns: [
      { name: 'a', type: 'integer', role: 'feature' },
      { name: 'species', type: 'category', role: 'target' },
    ],
  });
  expect(imported.source).toBe(csv);
  expect(seen).toEqual(['reading', 'parsing']);
});

test.each(['data.tsv', 'data.txt', 'data'])('%s is a table too', async (name) => {
  expect(await load([file(name, 'a\tb\n1\t2\n')])).toMatchObject({ kind: 'table', name: 'data', table: { rows: 1 } });
});

test('a zip with a single table is that table', async () => {
  const imported = await load([
    await zip({ 'folder/x.csv': 'a,b\n1,2\n', '__MACOSX/folder/._x.csv': 'junk', 'folder/.DS_Store': 'junk' }),
  ]);
  expect(imported).toMatchObject({ kind: 'table', name: 'photos', table: { rows: 1 } });
  expect(repairsOf(imported)).toEqual([['skippedFiles', 2]]);
});

test('a zip of one folder a class is images with labels', async () => {
  const imported = await load([await zip({ '10/a.png': png(3), '9/b.png': png(5, 200), '9/deep/c.png': png(3) })]);
  expect(imported).toMatchObject({
    kind: 'images',
    name: 'photos',
    classes: ['9', '10'],
    names: ['10/a.png', '9/b.png', '9/deep/c.png'],
    labels: Int32Array.of(1, 0, 0),
    widths: Uint32Array.of(3, 5, 3),
    heights: Uint32Array.of(2, 2, 2),
    color: true,
    repairs: [],
  });
  if (imported.kind === 'images') expect(imported.files[0]).toEqual(png(3));
});

test('a wrapping folder, debris and other files are seen through and counted', async () => {
  const imported = await load([
    await zip({
      'top/cat/1.png': png(1),
      'top/dog/2.png': png(1),
      '__MACOSX/top/cat/._1.png': 'x',
      'top/.DS_Store': 'x',
      'top/README.txt': 'x',
    }),
  ]);
  expect(imported).toMatchObject({ classes: ['cat', 'dog'], color: false });
  expect(repairsOf(imported)).toEqual([['skippedFiles', 3]]);
});

test('folders that name a split are merged', async () => {
  const imported = await load([
    await zip({ 'train/cat/1.png': png(1), 'train/dog/2.png': png(1), 'test/cat/3.png': png(1) }),
  ]);
  expect(imported).toMatchObject({ classes: ['cat', 'dog'], labels: Int32Array.of(0, 1, 0) });
  expect(repairsOf(imported)).toEqual([['mergedFolders', 2]]);
});

test('a dropped folder labels its images, loose ones have none', async () => {
  const folder = ['pets/cat/1.png', 'pets/dog/2.png', 'pets/3.png'].map((path) => file(path, png(1)));
  const imported = await load(folder);
  expect(imported).toMatchObject({ name: 'pets', classes: ['cat', 'dog'], labels: Int32Array.of(0, 1, -1) });
  expect(repairsOf(imported)).toEqual([['unlabelledImages', 1]]);
  expect(await load([file('a.png', png(1)), file('b', png(1))])).toMatchObject({
    kind: 'images',
    name: 'images',
    classes: [],
    labels: Int32Array.of(-1, -1),
    repairs: [],
  });
});

test('a class folder may be called __proto__', async () => {
  const imported = await load([await zip({ '__proto__/1.png': png(1), 'constructor/2.png': png(1) })]);
  expect(imported).toMatchObject({ classes: ['__proto__', 'constructor'] });
});

test('broken images, SVG and HTML are skipped and counted', async () => {
  const imported = await load([
    await zip({
      'a/1.png': png(1),
      'b/2.png': png(1),
      'a/3.png': png(1, 0, '!'),
      'a/4.png': broken,
      'b/5.svg': '<svg/>',
      'b/6.png': '<!doctype html>',
    }),
  ]);
  expect(imported).toMatchObject({ names: ['a/1.png', 'b/2.png'] });
  expect(repairsOf(imported)).toEqual([['brokenImages', 4]]);
});

test.each([
  ['no files', () => [], /^missing files/],
  [
    'only broken images',
    () => [file('a.png', broken), file('b.png', png(1, 0, '!'))],
    /^invalid images: not one of 2 can be read/,
  ],
  ['an SVG', () => [file('a.svg', '<svg/>')], /^unsupported image 'a.svg': it is an SVG/],
  [
    'an image that cannot be decoded',
    () => [file('a.png', png(1, 0, '!'))],
    /^invalid image 'a.png': it cannot be decoded/,
  ],
  ['a huge image', () => [file('a.png', png(60_000_000))], /^unsupported image 'a.png'.*megapixels/],
  [
    'images and a table',
    () => [file('a.png', png(1)), file('b.csv', 'a\n1')],
    /^invalid choice of files: 1 images together with the table 'b.csv'/,
  ],
  ['images and a zip', () => [file('a.png', png(1)), file('b.zip', 'PK')], /^invalid choice of files: images together/],
  ['two tables', () => [file('a.csv', 'a\n1'), file('b.csv', 'a\n1')], /^invalid choice of files: 2 files/],
  [
    'a binary called .csv',
    () => [
      file(
        'a.csv',
        new Uint8Array(5000).map((_, i) => (i * 31) % 29),
      ),
    ],
    /^unsupported table file/,
  ],
  ['a PNG called .csv', () => [file('a.csv', png(1))], /^unsupported table file: it is a PNG image/],
  ['a text called .zip', () => [file('a.zip', 'hello')], /^invalid zip file: it has no directory/],
  ['an empty file', () => [file('a.csv', '')], /^missing content/],
] as [string, () => File[], RegExp][])('%s: refused by name', async (_, files, message) => {
  await expect(load(files())).rejects.toMatchObject({ name: 'UserError', message: expect.stringMatching(message) });
});

test('zips that hold nothing to learn from are refused by name', async () => {
  await expect(load([await zip({})])).rejects.toThrow(/^missing files in 'photos.zip'/);
  await expect(load([await zip({ '../a.png': png(1) })])).rejects.toThrow(/^invalid zip file: the name '..\/a.png'/);
  await expect(load([await zip({ '[Content_Types].xml': '', 'xl/a.xml': '' }, 'book.xlsx')])).rejects.toThrow(
    /^unsupported file 'book.xlsx'/,
  );
  await expect(load([await zip({ 'inner.zip': 'PK', 'b.bin': 'x' })])).rejects.toThrow(/^invalid choice of files/);
});

test('an aborted signal stops the reading of images', async () => {
  const images = load([file('a.png', png(1))], { signal: AbortSignal.abort() });
  await expect(images).rejects.toMatchObject({ name: 'AbortError' });
});
