// Archives that are written and read as streams, against Python's zipfile (where there is one) as the independent reader.

import { BlobWriter, TextReader, Uint8ArrayReader, ZipWriter } from '@zip.js/zip.js';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { UserError } from '../../../src/base/errors.ts';
import { openArchive, writeArchive } from '../../../src/data/formats/zipArchive.ts';
import type { Refusals } from '../../../src/data/formats/zipDirectory.ts';

const REFUSALS: Refusals = {
  broken: (detail) => new UserError('invalid', `archive: ${detail}.`),
  tooLarge: (detail) => new UserError('unsupported', `archive: ${detail}.`),
};
const folder = mkdtempSync(join(tmpdir(), 'archive-'));
afterAll(() => rmSync(folder, { recursive: true }));

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 9)) & 0xff);

async function write(entries: Record<string, Uint8Array<ArrayBuffer> | string>): Promise<Blob> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const blob = new Response(readable as ReadableStream<Uint8Array<ArrayBuffer>>).blob();
  const archive = await writeArchive(writable);
  for (const [name, content] of Object.entries(entries)) {
    await archive.add(name, typeof content === 'string' ? content : new Blob([content]));
  }
  await archive.close();
  return blob;
}

const hasPython = spawnSync('python3', ['-c', 'import zipfile']).status === 0;

/** Runs Python with the archive's path as its argument. */
function python(script: string): string {
  return execFileSync(
    'python3',
    ['-c', `import sys, zipfile, json\npath = sys.argv[1]\n${script}`, join(folder, 'a.zip')],
    {
      encoding: 'utf8',
    },
  );
}

const readAll = async (blob: Blob) => {
  const entries = await openArchive(blob, REFUSALS);
  const read = [...entries].map(async ([name, entry]) => {
    const streamed = await new Response(await entry.open()).bytes();
    expect(streamed).toEqual(await entry.read(1e9));
    return [name, Buffer.from(streamed).toString('hex')];
  });
  return Object.fromEntries(await Promise.all(read)) as Record<string, string>;
};

test('what is written is read again', async () => {
  const read = await readAll(await write({ a: 'x', 'b/c': bytesOf(9), empty: '' }));
  expect(read).toEqual({ a: '78', 'b/c': Buffer.from(bytesOf(9)).toString('hex'), empty: '' });
});

test.skipIf(!hasPython)('what is written is stored, and whole for Python', async () => {
  const entries = { 'manifest.json': '{"é":1}', 'blobs/a': bytesOf(100_000), 'blobs/empty': '' };
  const blob = await write(entries);
  writeFileSync(join(folder, 'a.zip'), new Uint8Array(await blob.arrayBuffer()));
  const seen = python(`
z = zipfile.ZipFile(path)
assert z.testzip() is None
print(json.dumps({i.filename: [i.compress_type, z.read(i).hex()] for i in z.infolist()}))`);
  const expected = await readAll(blob);
  expect(JSON.parse(seen)).toEqual(Object.fromEntries(Object.entries(expected).map(([name, hex]) => [name, [0, hex]])));
  expect(expected['blobs/a']).toBe(Buffer.from(entries['blobs/a']).toString('hex'));
});

test('the same entries give the same bytes', async () => {
  const [a, b] = [await write({ a: 'x', b: bytesOf(10) }), await write({ a: 'x', b: bytesOf(10) })];
  expect(await a.bytes()).toEqual(await b.bytes());
});

test('what another program has unpacked and packed again, with deflate and folders, is read', async () => {
  const writer = new ZipWriter(new BlobWriter(), { useWebWorkers: false });
  await writer.add('blobs/', undefined, { directory: true });
  await writer.add('blobs/a', new TextReader('hello '.repeat(30000)));
  await writer.add('b', new TextReader(''));
  const read = await readAll(await writer.close());
  expect(read).toEqual({ 'blobs/a': Buffer.from('hello '.repeat(30000)).toString('hex'), b: '' });
});

test('lying sizes, bombs, damage, encryption and unknown packings are refused by name', async () => {
  const writer = new ZipWriter(new BlobWriter(), { useWebWorkers: false, dataDescriptor: false });
  await writer.add('a', new TextReader('ab'.repeat(5000)));
  const whole = Buffer.from(await (await writer.close()).bytes());
  const central = whole.indexOf('PK\x01\x02');
  const refused = async (change: (bytes: Buffer) => void, message: RegExp) => {
    const bytes = Buffer.from(whole);
    change(bytes);
    const reading = readAll(new Blob([new Uint8Array(bytes)]));
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toBeInstanceOf(UserError);
  };
  const claim = (size: number) => (bytes: Buffer) => {
    bytes.writeUInt32LE(size, 22);
    bytes.writeUInt32LE(size, central + 24);
  };
  await refused(claim(100), /other than the 100 bytes/);
  await refused(claim(20_000), /other than the 20000 bytes/);
  await refused((bytes) => (bytes[40] ^= 0xff), /^invalid archive: entry 'a'/);
  await refused((bytes) => {
    bytes[14] ^= 1;
    bytes[central + 16] ^= 1;
  }, /its checksum differs/);
  await refused((bytes) => {
    bytes[6] |= 1;
    bytes[central + 8] |= 1;
  }, /^invalid archive: entry 'a' is encrypted/);
  await refused((bytes) => {
    bytes[8] = bytes[central + 10] = 12;
  }, /^invalid archive: entry 'a' is encrypted, a link, or packed/);

  const bomb = new ZipWriter(new BlobWriter(), { useWebWorkers: false });
  await bomb.add('bomb', new Uint8ArrayReader(new Uint8Array(5_000_000)));
  await expect(readAll(await bomb.close())).rejects.toThrow(
    /^unsupported archive: entry 'bomb' unpacks to more than 200/,
  );
});

test('what is read whole has a limit, and a truncated archive is refused at every length', async () => {
  const blob = await write({ a: bytesOf(300), b: 'x' });
  await expect((await openArchive(blob, REFUSALS)).get('a')!.read(299)).rejects.toThrow(/larger than 299 bytes/);
  for (let length = 0; length < blob.size; length++) {
    await expect(openArchive(blob.slice(0, length), REFUSALS)).rejects.toBeInstanceOf(UserError);
  }
});

test('a stream that is slow to take holds up the reading, so that memory stays flat', async () => {
  const PIECE = 100_000;
  let [written, read, most] = [0, 0, 0];
  const slow = new WritableStream<Uint8Array>({
    async write(chunk) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      written += chunk.length;
    },
  });
  const pieces = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (read === 500 * PIECE) return controller.close();
        read += PIECE;
        most = Math.max(most, read - written);
        controller.enqueue(new Uint8Array(PIECE));
      },
    },
    { highWaterMark: 0 },
  );
  const archive = await writeArchive(slow);
  await archive.add('a', pieces);
  await archive.close();
  expect(written).toBeGreaterThan(read);
  expect(most).toBeLessThan(8e6);
});
