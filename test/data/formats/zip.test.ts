import {
  BlobWriter,
  TextReader,
  Uint8ArrayReader,
  ZipReader,
  BlobReader,
  Uint8ArrayWriter,
  ZipWriter,
} from '@zip.js/zip.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32 } from '../../../src/data/formats/crc32.ts';
import { readZip, writeZip } from '../../../src/data/formats/zip.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const blobOf = (bytes: Uint8Array) => new Blob([bytes as Uint8Array<ArrayBuffer>]);
const zeros = (n: number) => new Uint8Array(n);

/** An archive as another program writes it. */
async function pack(entries: Record<string, Uint8Array>, o: object = {}): Promise<Uint8Array<ArrayBuffer>> {
  const writer = new ZipWriter(new BlobWriter(), { useWebWorkers: false, ...o });
  for (const [name, bytes] of Object.entries(entries)) await writer.add(name, new Uint8ArrayReader(bytes));
  return new Uint8Array(await (await writer.close()).arrayBuffer());
}

/** Changes bytes of an archive; `at` counts from the n-th record with that signature. */
function patch(bytes: Uint8Array, signature: number, at: number, values: number[], n = 0): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let i = 0; i + 4 <= bytes.length; i++) {
    if (view.getUint32(i, true) === signature && n-- === 0) {
      const patched = bytes.slice();
      patched.set(values, i + at);
      return patched;
    }
  }
  throw new Error('no such record');
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;

test('the checksum is the one that everybody has', () => expect(crc32(encode('123456789'))).toBe(0xcbf43926));

test('what is written is read again, here and by zip.js', async () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}(\/[a-zé]{1,8})?$/), {
    maxLength: 6,
    selector: (name) => name,
  });
  await fc.assert(
    fc.asyncProperty(names, fc.uint8Array({ maxLength: 300 }), async (paths, bytes) => {
      const packed = await writeZip(paths.map((name) => ({ name, bytes })));
      expect(await readZip(blobOf(packed))).toEqual(paths.map((name) => ({ name, bytes })));
      const reader = new ZipReader(new BlobReader(blobOf(packed)), { useWebWorkers: false, checkSignature: true });
      for (const [i, entry] of (await reader.getEntries()).entries()) {
        expect(entry.filename).toBe(paths[i]);
        if (!entry.directory) expect(await entry.getData(new Uint8ArrayWriter())).toEqual(bytes);
      }
    }),
    { numRuns: 30 },
  );
});

test('the same entries give the same bytes', async () => {
  const write = () => writeZip([{ name: 'a.txt', bytes: 'hello' }]);
  expect(await write()).toEqual(await write());
  expect(crc32(await write())).toBe(3372185786);
});

test.each([{}, { level: 0 }, { zip64: true }, { dataDescriptor: true }])(
  'an archive by zip.js with %j is read',
  async (o) => {
    const entries = { 'a/1.txt': encode('one '.repeat(1000)), 'b.bin': zeros(10), 'größe.txt': encode('é') };
    const read = await readZip(blobOf(await pack(entries, o)));
    expect(Object.fromEntries(read.map(({ name, bytes }) => [name, bytes]))).toEqual(entries);
  },
);

test('folders are left out, a __proto__ entry is an entry', async () => {
  const writer = new ZipWriter(new BlobWriter(), { useWebWorkers: false });
  await writer.add('folder/', undefined, { directory: true });
  await writer.add('__proto__', new TextReader('x'));
  const read = await readZip(await writer.close());
  expect(read.map(({ name }) => name)).toEqual(['__proto__']);
});

test.each(['../up.txt', 'a/../../up.txt', '/etc/passwd', 'C:\\x.txt', 'c:x.txt', 'a\\b.txt', './a.txt', 'a\0b'])(
  'the name %j is refused',
  async (name) => {
    const packed = await writeZip([{ name, bytes: 'x' }]);
    await expect(readZip(blobOf(packed))).rejects.toThrow(/^invalid zip file: the name .* points outside/);
  },
);

test.each([[['a.txt', 'a.txt']], [['a.txt', 'A.TXT']]])('names that collide are refused: %j', async (names) => {
  const packed = await writeZip(['?', '!'].map((name) => ({ name: name.repeat(5), bytes: 'x' })));
  const named = names.reduce((bytes, name, i) => patch(bytes, CENTRAL, 46, [...encode(name)], i), packed);
  await expect(readZip(blobOf(named))).rejects.toThrow(/^invalid zip file: two entries are called/);
});

test('a truncated archive is refused at every length', async () => {
  const packed = await pack({ 'a.txt': encode('hello '.repeat(50)), 'b.txt': encode('x') });
  for (let length = 0; length < packed.length; length++) {
    await expect(readZip(blobOf(packed.slice(0, length)))).rejects.toMatchObject({ name: 'UserError' });
  }
});

test('a bomb is refused, honest or lying', async () => {
  const packed = await pack({ bomb: zeros(20_000_000) });
  expect(packed.length).toBeLessThan(25_000);
  await expect(readZip(blobOf(packed))).rejects.toThrow(/^unsupported zip file: entry 'bomb'.*bomb/);
  const sized = await pack({ bomb: zeros(20_000_000) }, { dataDescriptor: false });
  const claim = [10, 0, 0, 0];
  const lying = patch(patch(sized, LOCAL, 22, claim), CENTRAL, 24, claim);
  await expect(readZip(blobOf(lying))).rejects.toThrow(
    /^invalid zip file: entry 'bomb' unpacks to more than the 10 bytes/,
  );
});

test('a symbolic link is refused', async () => {
  const packed = await pack({ link: encode('/etc/passwd') }, { unixMode: 0o120777 });
  await expect(readZip(blobOf(packed))).rejects.toThrow(/^unsupported zip file: entry 'link' is a symbolic link/);
});

test('a blank megabyte is no bomb', async () => {
  const [entry] = await readZip(blobOf(await pack({ blank: zeros(1_000_000) })));
  expect(entry.bytes).toHaveLength(1_000_000);
});

test('what does not agree with itself is refused', async () => {
  const packed = await pack({ 'a.txt': encode('hello '.repeat(50)), 'b.txt': encode('world '.repeat(50)) });
  const localExtra = packed[28] + 256 * packed[29];
  const stored = await writeZip([{ name: 'a.txt', bytes: 'hello' }]);
  const sized = await pack({ 'a.txt': encode('hello '.repeat(50)) }, { dataDescriptor: false });
  const contradicts = /^invalid zip file: entry 'a.txt' contradicts the rest of the archive \(.+\)\. Pack it again/;
  const both = (bytes: Uint8Array, local: number, central: number, values: number[]) =>
    patch(patch(bytes, LOCAL, local, values), CENTRAL, central, values);
  const refused: [Uint8Array, RegExp][] = [
    [both(stored, 14, 16, [1, 2, 3, 4]), /^invalid zip file: entry 'a.txt' is damaged: its checksum differs/],
    [both(stored, 22, 24, [4]), /^invalid zip file: entry 'a.txt' unpacks to more than the 4 bytes/],
    [both(stored, 22, 24, [6]), /^invalid zip file: entry 'a.txt' has 5 bytes and claims 6/],
    [both(sized, 22, 24, [0xff, 1, 0, 0]), /^invalid zip file: entry 'a.txt' has 300 bytes and claims 511/],
    [patch(packed, CENTRAL, 16, [1, 2, 3, 4]), contradicts],
    [patch(packed, CENTRAL, 24, [0xff, 1, 0, 0]), contradicts],
    [
      patch(packed, CENTRAL, 42, [0, 0, 0, 0], 1),
      /^invalid zip file: entry 'b.txt' contradicts .*\(overlapping entry found\)/,
    ],
    [patch(packed, CENTRAL, 20, [0xff, 0xff, 0, 0]), contradicts],
    [patch(packed, LOCAL, 0, [0]), contradicts],
    [patch(packed, LOCAL, 30 + 5 + localExtra, [0xff, 0xff, 0xff]), /^invalid zip file: entry 'a.txt' is damaged/],
    [patch(packed, CENTRAL, 8, [1]), /^unsupported zip file: entry 'a.txt' is encrypted/],
    [patch(packed, CENTRAL, 10, [12]), /^unsupported zip file: entry 'a.txt' is packed by method 12/],
    [patch(packed, END, 10, [0xa1, 0x86]), /^invalid zip file: it has no directory that can be read/],
    [patch(packed, END, 16, [0xff, 0xff, 0xff, 0]), /^invalid zip file: it has no directory that can be read/],
  ];
  for (const [bytes, message] of refused) await expect(readZip(blobOf(bytes))).rejects.toThrow(message);
});

test('an archive with its bytes changed is read, or refused by name, and never anything else', async () => {
  const packed = await pack({ 'a.txt': encode('hello '.repeat(20)), 'b/c.txt': encode('x') });
  const changes = fc.array(fc.tuple(fc.nat(packed.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(changes, async (list) => {
      const bytes = packed.slice();
      for (const [at, value] of list) bytes[at] = value;
      await readZip(blobOf(bytes)).catch((error: unknown) => expect(error).toMatchObject({ name: 'UserError' }));
    }),
    { numRuns: 300 },
  );
});

test('too many entries are refused before one is unpacked', async () => {
  const one = await writeZip([{ name: '00000', bytes: '' }]); // a local header of 35 bytes, a line of 51, an end of 22
  const lines = Array.from({ length: 50_001 }, (_, i) =>
    patch(one.slice(35, 86), CENTRAL, 46, [...encode(`${i}`.padStart(5, '0'))]),
  );
  const end = new DataView(one.slice(86).buffer);
  end.setUint16(8, lines.length, true);
  end.setUint16(10, lines.length, true);
  end.setUint32(12, lines.length * 51, true);
  const packed = new Blob([one.slice(0, 35), ...lines, end] as Uint8Array<ArrayBuffer>[]);
  await expect(readZip(packed)).rejects.toThrow(/^unsupported zip file: it has more than 50000 entries/);
});
