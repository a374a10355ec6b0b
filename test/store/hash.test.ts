import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { sha256, sha256OfFiles, xor } from '../../src/store/hash.ts';

it('hashes are SHA-256 in hex', async () => {
  expect(await sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(await sha256(new Blob(['abc']))).toBe(await sha256(new TextEncoder().encode('abc')));
});

it('hashes of files do not depend on their order, and do on names, labels and bytes', async () => {
  const a = { name: 'a', label: 'x', bytes: Uint8Array.of(1) };
  const b = { name: 'b', label: null, bytes: Uint8Array.of(2) };
  const hash = await sha256OfFiles([a, b]);
  expect(await sha256OfFiles([b, a])).toBe(hash);
  const others = [
    [{ ...a, name: 'c' }, b],
    [{ ...a, label: 'y' }, b],
    [{ ...a, bytes: Uint8Array.of(3) }, b],
  ];
  for (const files of others) expect(await sha256OfFiles(files)).not.toBe(hash);
});

it('hashes of large blobs are the same, taken in chunks', async () => {
  const bytes = new Uint8Array((32 << 20) + 1).fill(7);
  expect(await sha256(new Blob([bytes]))).toBe(createHash('sha256').update(bytes).digest('hex'));
});

it('a digest forgets a hash that it is given twice', async () => {
  const [a, b] = [await sha256('a'), await sha256('b')];
  expect(xor(xor(a, b), a)).toBe(b);
  expect(xor(a, a)).toBe('0'.repeat(64));
});
