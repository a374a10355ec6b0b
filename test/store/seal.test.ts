// Sealing, against Node's own crypto as the independent oracle: what one of them seals, the other opens.

import { createCipheriv, createDecipheriv, createHash, hkdfSync, pbkdf2Sync } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import {
  createSeal,
  openSeal,
  rewrapSeal,
  sealBytes,
  sealedSize,
  sealStream,
  unsealBytes,
  unsealStream,
  type SealHeader,
  type SealKey,
} from '../../src/store/seal.ts';

type Bytes = Uint8Array<ArrayBuffer>;

const MIB = 2 ** 20;
const TAG = 16;
const PREFIX = 24;
const WORDS = 'correct horse – batterie agrafée';
const SIZES = [0, 1, 1000, MIB - 1, MIB, MIB + 1, 3 * MIB, 3 * MIB + 77];

let header: SealHeader;
let key: SealKey;

beforeAll(async () => {
  ({ header, key } = await createSeal(WORDS));
});

/** Bytes that repeat after no round number. */
function content(length: number): Bytes {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 17 + (i >> 16)) & 0xff);
}

/** As toEqual, which takes seconds for megabytes. */
function expectSame(actual: Bytes, expected: Bytes): void {
  expect(actual.length).toBe(expected.length);
  expect(Buffer.compare(actual, expected)).toBe(0);
}

function through(bytes: Bytes, transform: TransformStream<Uint8Array, Bytes>, pieceBytes = 65_521): Promise<Bytes> {
  let at = 0;
  const pieces = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, (at += pieceBytes)));
    },
  });
  return new Response(pieces.pipeThrough(transform)).bytes() as Promise<Bytes>;
}

/** The data key, by Node's crypto and the description in the header alone. */
function oracleDataKey({ kdf, key, format, version }: SealHeader, passphrase: string): Buffer {
  const words = Buffer.from(passphrase.normalize('NFKC'));
  const wrapping = pbkdf2Sync(words, Buffer.from(kdf.salt, 'hex'), kdf.iterations, 32, 'sha256');
  const wrapped = Buffer.from(key.wrapped, 'hex');
  const cipher = createDecipheriv('aes-256-gcm', wrapping, Buffer.from(key.iv, 'hex'));
  cipher.setAAD(Buffer.from(`${format} ${version} ${kdf.name} ${kdf.hash} ${kdf.iterations} ${kdf.salt}`));
  cipher.setAuthTag(wrapped.subarray(-TAG));
  return Buffer.concat([cipher.update(wrapped.subarray(0, -TAG)), cipher.final()]);
}

/** A header by Node's crypto alone, with whatever parameters. */
function oracleHeader(passphrase: string, dataKey: Buffer, iterations: number): SealHeader {
  const [salt, iv] = ['000102030405060708090a0b0c0d0e0f', 'a0a1a2a3a4a5a6a7a8a9aaab'];
  const wrapping = pbkdf2Sync(passphrase, Buffer.from(salt, 'hex'), iterations, 32, 'sha256');
  const cipher = createCipheriv('aes-256-gcm', wrapping, Buffer.from(iv, 'hex'));
  const head = `lathe-seal 1 PBKDF2 SHA-256 ${iterations} ${salt}`;
  cipher.setAAD(Buffer.from(head));
  const wrapped = Buffer.concat([cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]).toString('hex');
  return {
    format: 'lathe-seal',
    version: 1,
    kdf: { name: 'PBKDF2', hash: 'SHA-256', iterations, salt },
    key: { name: 'AES-GCM', iv, wrapped },
    sha256: createHash('sha256').update(`${head} AES-GCM ${iv} ${wrapped}`).digest('hex'),
  };
}

function oracleItemKey(dataKey: Buffer, salt: Uint8Array, context: string): Buffer {
  return Buffer.from(hkdfSync('sha256', dataKey, salt, `lathe-seal 1 ${context}`, 32));
}

function oracleNonce(index: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(index), 3);
  nonce[11] = Number(isLast);
  return nonce;
}

function oracleSeal(dataKey: Buffer, context: string, plain: Bytes): Bytes {
  const salt = Buffer.from('0f0e0d0c0b0a09080706050403020100', 'hex');
  const itemKey = oracleItemKey(dataKey, salt, context);
  const count = Math.max(1, Math.ceil(plain.length / MIB));
  const chunks = Array.from({ length: count }, (_, i) => {
    const cipher = createCipheriv('aes-256-gcm', itemKey, oracleNonce(i, i === count - 1));
    return [cipher.update(plain.subarray(i * MIB, (i + 1) * MIB)), cipher.final(), cipher.getAuthTag()];
  });
  return new Uint8Array(Buffer.concat([Buffer.from('lathe\0s\x01', 'latin1'), salt, ...chunks.flat()]));
}

function oracleUnseal(dataKey: Buffer, context: string, sealed: Bytes): Bytes {
  const itemKey = oracleItemKey(dataKey, sealed.subarray(8, PREFIX), context);
  const parts: Buffer[] = [];
  for (let start = PREFIX, i = 0; start < sealed.length; start += MIB + TAG, i++) {
    const chunk = sealed.subarray(start, start + MIB + TAG);
    const cipher = createDecipheriv('aes-256-gcm', itemKey, oracleNonce(i, start + MIB + TAG >= sealed.length));
    cipher.setAuthTag(chunk.subarray(-TAG));
    parts.push(cipher.update(chunk.subarray(0, -TAG)), cipher.final());
  }
  return new Uint8Array(Buffer.concat(parts));
}

test('what is sealed is what Node opens by the header and the passphrase', async () => {
  const dataKey = oracleDataKey(header, WORDS);
  for (const size of SIZES) {
    const plain = content(size);
    expectSame(oracleUnseal(dataKey, 'a', await sealBytes(key, 'a', plain)), plain);
    expectSame(oracleUnseal(dataKey, 'a', await through(plain, sealStream(key, 'a'))), plain);
  }
});

test('what Node seals, with fixed keys and other iterations, is opened', async () => {
  const dataKey = Buffer.from(content(32));
  const opened = await openSeal(oracleHeader('old words', dataKey, 1000), 'old words');
  for (const size of SIZES) {
    const plain = content(size);
    const sealed = oracleSeal(dataKey, 'b', plain);
    expectSame(await unsealBytes(opened, 'b', sealed, 'it'), plain);
    expectSame(await through(sealed, unsealStream(opened, 'b', 'it')), plain);
  }
});

test('streams of whatever pieces give the same as bytes do, and sizes are known beforehand', async () => {
  const plain = content(2 * MIB + 5);
  for (const piece of [1 << 10, MIB - 1, MIB, MIB + 1, 5 * MIB]) {
    const sealed = await through(plain, sealStream(key, 'x'), piece);
    expect(sealed.length).toBe(sealedSize(plain.length));
    expectSame(await through(sealed, unsealStream(key, 'x', 'it'), piece), plain);
  }
  for (const size of SIZES) expect((await sealBytes(key, 'x', content(size))).length).toBe(sealedSize(size));
  expectSame(await through(await sealBytes(key, 'x', content(50)), unsealStream(key, 'x', 'it'), 1), content(50));
});

test('the passphrase is stretched by at least 600,000 iterations, which the header says', () => {
  expect(header.kdf).toMatchObject({ name: 'PBKDF2', hash: 'SHA-256' });
  expect(header.kdf.iterations).toBeGreaterThanOrEqual(600_000);
  expect(JSON.stringify(header)).not.toContain(WORDS);
});

test('two seals of one passphrase, and two items of one seal, have nothing in common', async () => {
  const other = await createSeal(WORDS);
  expect(other.header.kdf.salt).not.toBe(header.kdf.salt);
  expect(other.header.key.wrapped).not.toBe(header.key.wrapped);
  const [a, b] = [await sealBytes(key, 'x', content(64)), await sealBytes(key, 'x', content(64))];
  expect(a.subarray(PREFIX)).not.toEqual(b.subarray(PREFIX));
});

test('the passphrase changes while what is sealed stays, and the old one no longer opens it', async () => {
  const sealed = await sealBytes(key, 'x', content(100));
  const next = await rewrapSeal(header, WORDS, 'new words');
  expectSame(await unsealBytes(await openSeal(next, 'new words'), 'x', sealed, 'it'), content(100));
  await expect(openSeal(next, WORDS)).rejects.toThrow(/^invalid passphrase: it is not the one/);
  await expect(rewrapSeal(header, 'wrong', 'new')).rejects.toThrow(/^invalid passphrase/);
  await expect(rewrapSeal(header, WORDS, '')).rejects.toThrow(/^missing passphrase/);
});

test('a passphrase is the same however its letters are composed', async () => {
  await expect(openSeal(header, WORDS.normalize('NFD'))).resolves.toBeDefined();
});

test('a wrong passphrase and a damaged header are told apart', async () => {
  await expect(openSeal(header, 'wrong')).rejects.toThrow(/^invalid passphrase: it is not the one.*Try again/);
  const flip = (hex: string) => (hex.startsWith('0') ? '1' : '0') + hex.slice(1);
  const { kdf, key: wrapped } = header;
  const broken: unknown[] = [
    { ...header, kdf: { ...kdf, salt: flip(kdf.salt) } },
    { ...header, kdf: { ...kdf, iterations: 600_001 } },
    { ...header, key: { ...wrapped, iv: flip(wrapped.iv) } },
    { ...header, key: { ...wrapped, wrapped: flip(wrapped.wrapped) } },
    { ...header, sha256: flip(header.sha256) },
    { ...header, kdf: undefined },
    { ...header, key: { ...wrapped, wrapped: 7 } },
    { format: 'lathe-seal', version: 1 },
    null,
    'text',
    {},
  ];
  for (const value of broken)
    await expect(openSeal(value, WORDS)).rejects.toThrow(/^invalid seal header: it is damaged/);
  await expect(openSeal({ ...header, version: 2 }, WORDS)).rejects.toThrow(/^unsupported seal header.*newer Lathe/);
});

test('a header that asks for endless work is refused at once', async () => {
  const greedy = { ...oracleHeader('words', Buffer.alloc(32), 1), kdf: { ...header.kdf, iterations: 2 ** 31 } };
  const { format, version, kdf, key: wrapped } = greedy;
  const text = [
    format,
    version,
    kdf.name,
    kdf.hash,
    kdf.iterations,
    kdf.salt,
    wrapped.name,
    wrapped.iv,
    wrapped.wrapped,
  ];
  greedy.sha256 = createHash('sha256').update(text.join(' ')).digest('hex');
  await expect(openSeal(greedy, 'words')).rejects.toThrow(/asks for 2147483648 iterations/);
});

test('damage, truncation, surplus, reordering, repetition and exchange are noticed, in streams and in bytes', async () => {
  const sealed = await sealBytes(key, 'x', content(3 * MIB + 9));
  const chunk = (i: number) => sealed.subarray(PREFIX + i * (MIB + TAG), PREFIX + (i + 1) * (MIB + TAG));
  const head = sealed.subarray(0, PREFIX);
  const join = (...parts: Bytes[]) => new Uint8Array(Buffer.concat(parts));
  const flipped = (at: number) => sealed.map((byte, i) => (i === at ? byte ^ 1 : byte));
  const broken: [string, Bytes][] = [
    ['empty', new Uint8Array()],
    ['half a prefix', head.subarray(0, 11)],
    ['no chunk', head],
    ['less than a tag', sealed.subarray(0, PREFIX + 7)],
    ['no magic', flipped(0)],
    ['salt', flipped(12)],
    ['first chunk', flipped(PREFIX)],
    ['a tag', flipped(PREFIX + MIB + 3)],
    ['last byte', flipped(sealed.length - 1)],
    ['cut in a chunk', sealed.subarray(0, sealed.length - 1)],
    ['cut at a chunk', join(head, chunk(0), chunk(1), chunk(2))],
    ['surplus', join(sealed, Uint8Array.of(0))],
    ['surplus chunk', join(sealed, chunk(3))],
    ['reordered', join(head, chunk(1), chunk(0), chunk(2), chunk(3))],
    ['repeated', join(head, chunk(0), chunk(0), chunk(2), chunk(3))],
    ['left out', join(head, chunk(0), chunk(2), chunk(3))],
    ['last alone', join(head, chunk(3))],
  ];
  for (const [what, bytes] of broken) {
    await expect(unsealBytes(key, 'x', bytes, 'blob 7'), what).rejects.toThrow(/^invalid blob 7: it is damaged/);
    await expect(through(bytes, unsealStream(key, 'x', 'blob 7')), what).rejects.toThrow(/^invalid blob 7: it is/);
  }
  await expect(unsealBytes(key, 'y', sealed, 'it')).rejects.toBeInstanceOf(UserError);
  await expect(unsealBytes((await createSeal('other')).key, 'x', sealed, 'it')).rejects.toBeInstanceOf(UserError);
});

test('the keys cannot be read out', async () => {
  expect(key.extractable).toBe(false);
  await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow();
});
