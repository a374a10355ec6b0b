// Sealing: what is to be read only with a passphrase. The passphrase encrypts one random data key and nothing else, so
// that it can be changed without touching what is sealed; each sealed item has a key of its own, derived from the data
// key. An item is cut into chunks that carry their position and the end in their nonce (the STREAM construction), so
// that one that is damaged, cut off, put elsewhere or exchanged for another is noticed. Pure WebCrypto; it keeps nothing.

import { UserError } from '../base/errors.ts';
import { fromHex, toHex } from '../base/hex.ts';
import { sha256 } from './hash.ts';

/** Kept in the clear beside what is sealed. Binary values are hex. */
export interface SealHeader {
  format: 'lathe-seal';
  version: 1;
  /** how the passphrase becomes a key; kept here so that later headers may ask for more */
  kdf: { name: 'PBKDF2'; hash: 'SHA-256'; iterations: number; salt: string };
  /** the data key, encrypted by the passphrase's key; what stands above is authenticated with it */
  key: { name: 'AES-GCM'; iv: string; wrapped: string };
  /** of all the above, so that a damaged header is told from a wrong passphrase */
  sha256: string;
}

/** Seals and unseals; made by `createSeal` and `openSeal`. It cannot be read out. */
export type SealKey = CryptoKey;

type Bytes = Uint8Array<ArrayBuffer>;

/** What OWASP asks of PBKDF2 with SHA-256 since 2023; half a second of work for each guess on a laptop's core. */
const ITERATIONS = 600_000;
/** More is no longer caution, but a file that wants to keep this machine busy. */
const MAX_ITERATIONS = 6_000_000;
const CHUNK_BYTES = 1 << 20;
const TAG_BYTES = 16;
/** "lathe", 0, 's' for sealed, and the version of the form; then the item's salt. */
const MAGIC = Uint8Array.of(0x6c, 0x61, 0x74, 0x68, 0x65, 0, 0x73, 1);
const SALT_BYTES = 16;
const PREFIX_BYTES = MAGIC.length + SALT_BYTES;

/** A new data key under a passphrase. @throws UserError where the passphrase is empty */
export async function createSeal(passphrase: string): Promise<{ header: SealHeader; key: SealKey }> {
  const raw = randomBytes(32);
  return { header: await wrap(raw, passphrase), key: await importDataKey(raw) };
}

/** @throws UserError where the passphrase is wrong, or the header damaged or not one that this Lathe knows */
export async function openSeal(header: unknown, passphrase: string): Promise<SealKey> {
  return importDataKey(await unwrap(await checkSealHeader(header), passphrase));
}

/** The same data key under another passphrase: what is sealed stays as it is. @throws as openSeal */
export async function rewrapSeal(header: unknown, passphrase: string, next: string): Promise<SealHeader> {
  return wrap(await unwrap(await checkSealHeader(header), passphrase), next);
}

/** Whether this is a header that can be opened, without opening it. @throws UserError where it is not */
async function checkSealHeader(value: unknown): Promise<SealHeader> {
  const header = value as SealHeader;
  if (header?.format !== 'lathe-seal') throw damagedHeader('it is none');
  if (header.version !== 1) {
    throw new UserError(
      'unsupported',
      `seal header, version '${String(header.version)}': it was written by a newer Lathe. Open it there.`,
    );
  }
  const { kdf, key } = header;
  const isHex = (text: unknown) => typeof text === 'string' && fromHex(text) !== null;
  if (!isHex(kdf?.salt) || !isHex(key?.iv) || !isHex(key?.wrapped)) throw damagedHeader('a part of it is missing');
  if (kdf.name !== 'PBKDF2' || kdf.hash !== 'SHA-256' || key.name !== 'AES-GCM') {
    throw new UserError('unsupported', `seal header: its ways of sealing are unknown here. Open it in a newer Lathe.`);
  }
  if ((await hashHeader(header)) !== header.sha256) throw damagedHeader('it is not as it was written');
  if (!(Number.isInteger(kdf.iterations) && kdf.iterations > 0 && kdf.iterations <= MAX_ITERATIONS)) {
    throw damagedHeader(`it asks for ${String(kdf.iterations)} iterations`);
  }
  return header;
}

/** Bytes that a sealed item has. */
export function sealedSize(plainBytes: number): number {
  return PREFIX_BYTES + plainBytes + TAG_BYTES * Math.max(1, Math.ceil(plainBytes / CHUNK_BYTES));
}

/** @param context what and whose it is; unsealing asks for the same, so that items cannot be exchanged */
export function sealStream(key: SealKey, context: string): TransformStream<Uint8Array, Bytes> {
  const salt = randomBytes(SALT_BYTES);
  const itemKey = deriveItemKey(key, salt, context);
  return cut(CHUNK_BYTES, {
    start: () => concat([MAGIC, salt]),
    chunk: async (chunk, index, isLast) => encrypt(await itemKey, chunk, index, isLast),
  });
}

/**
 * Gives each chunk once it is authenticated; only the stream's end says that all of it was there.
 * @param what it is, for the error @throws UserError where it is not as it was sealed
 */
export function unsealStream(key: SealKey, context: string, what: string): TransformStream<Uint8Array, Bytes> {
  let itemKey: CryptoKey;
  return cut(CHUNK_BYTES + TAG_BYTES, {
    prefixBytes: PREFIX_BYTES,
    async prefix(prefix) {
      itemKey = await deriveItemKey(key, saltOf(prefix, what), context);
    },
    chunk: (chunk, index, isLast) => decrypt(itemKey, chunk, index, isLast, what),
    tooShort: () => damaged(what),
  });
}

/** As `sealStream`, of what is small enough to be held. */
export async function sealBytes(key: SealKey, context: string, plain: Bytes): Promise<Bytes> {
  const salt = randomBytes(SALT_BYTES);
  const itemKey = await deriveItemKey(key, salt, context);
  const chunks = split(plain, CHUNK_BYTES);
  const sealed = chunks.map((chunk, i) => encrypt(itemKey, chunk, i, i === chunks.length - 1));
  return concat([MAGIC, salt, ...(await Promise.all(sealed))]);
}

/** As `unsealStream`, of what is small enough to be held. */
export async function unsealBytes(key: SealKey, context: string, sealed: Bytes, what: string): Promise<Bytes> {
  const itemKey = await deriveItemKey(key, saltOf(sealed.subarray(0, PREFIX_BYTES), what), context);
  const chunks = split(sealed.subarray(PREFIX_BYTES), CHUNK_BYTES + TAG_BYTES);
  const plain = chunks.map((chunk, i) => decrypt(itemKey, chunk, i, i === chunks.length - 1, what));
  return concat(await Promise.all(plain));
}

/** Digests under the data key: equal texts have equal digests, which tell nobody without the key what they are of. */
export async function createDigest(key: SealKey, context: string): Promise<(text: string) => Promise<string>> {
  const info = new TextEncoder().encode(`lathe-seal 1 digest ${context}`);
  const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info };
  const hmac = { name: 'HMAC', hash: 'SHA-256', length: 256 };
  const digestKey = await crypto.subtle.deriveKey(hkdf, key, hmac, false, ['sign']);
  return async (text) =>
    toHex(new Uint8Array(await crypto.subtle.sign('HMAC', digestKey, new TextEncoder().encode(text))));
}

async function wrap(raw: Bytes, passphrase: string): Promise<SealHeader> {
  const [salt, iv] = [randomBytes(16), randomBytes(12)];
  const kdf: SealHeader['kdf'] = { name: 'PBKDF2', hash: 'SHA-256', iterations: ITERATIONS, salt: toHex(salt) };
  const head = { format: 'lathe-seal', version: 1, kdf } as const;
  const passphraseKey = await derivePassphraseKey(passphrase, kdf);
  const additionalData = authenticated(head);
  const wrapped = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, passphraseKey, raw);
  const key: SealHeader['key'] = { name: 'AES-GCM', iv: toHex(iv), wrapped: toHex(new Uint8Array(wrapped)) };
  return { ...head, key, sha256: await hashHeader({ ...head, key }) };
}

async function unwrap(header: SealHeader, passphrase: string): Promise<Bytes> {
  const passphraseKey = await derivePassphraseKey(passphrase, header.kdf);
  const parameters = { name: 'AES-GCM', iv: fromHex(header.key.iv)!, additionalData: authenticated(header) };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(parameters, passphraseKey, fromHex(header.key.wrapped)!));
  } catch (cause) {
    throw new UserError('invalid', 'passphrase: it is not the one that this was sealed with. Try again.', { cause });
  }
}

async function derivePassphraseKey(passphrase: string, { iterations, salt }: SealHeader['kdf']): Promise<CryptoKey> {
  if (passphrase === '') throw new UserError('missing', 'passphrase: it is empty. Give one.');
  // the same letters are typed as different code points on different systems
  const bytes = new TextEncoder().encode(passphrase.normalize('NFKC'));
  const base = await crypto.subtle.importKey('raw', bytes, 'PBKDF2', false, ['deriveKey']);
  const kdf = { name: 'PBKDF2', hash: 'SHA-256', iterations, salt: fromHex(salt)! };
  return crypto.subtle.deriveKey(kdf, base, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

async function importDataKey(raw: Bytes): Promise<SealKey> {
  const key = await crypto.subtle.importKey('raw', raw, 'HKDF', false, ['deriveKey']);
  raw.fill(0);
  return key;
}

function deriveItemKey(key: SealKey, salt: Bytes, context: string): Promise<CryptoKey> {
  const hkdf = { name: 'HKDF', hash: 'SHA-256', salt, info: new TextEncoder().encode(`lathe-seal 1 ${context}`) };
  return crypto.subtle.deriveKey(hkdf, key, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

async function encrypt(key: CryptoKey, chunk: Bytes, index: number, isLast: boolean): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce(index, isLast) }, key, chunk));
}

async function decrypt(key: CryptoKey, chunk: Bytes, index: number, isLast: boolean, what: string): Promise<Bytes> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce(index, isLast) }, key, chunk));
  } catch (cause) {
    throw damaged(what, cause);
  }
}

/** The chunk's number as 11 bytes, big-endian, then 1 for the last chunk. The key is the item's own, so none comes twice. */
function nonce(index: number, isLast: boolean): Bytes {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setUint32(7, index);
  bytes[11] = isLast ? 1 : 0;
  return bytes;
}

function saltOf(prefix: Bytes, what: string): Bytes {
  if (prefix.length < PREFIX_BYTES || MAGIC.some((byte, i) => prefix[i] !== byte)) throw damaged(what);
  return prefix.slice(MAGIC.length, PREFIX_BYTES);
}

interface Cutter {
  start?(): Bytes;
  prefixBytes?: number;
  prefix?(bytes: Bytes): Promise<void>;
  chunk(bytes: Bytes, index: number, isLast: boolean): Promise<Bytes>;
  tooShort?(): Error;
}

/** Cuts a stream into chunks of one size; the last is known only at the end, so a full chunk waits for what follows. */
function cut(
  chunkBytes: number,
  { start, prefixBytes = 0, prefix, chunk, tooShort }: Cutter,
): TransformStream<Uint8Array, Bytes> {
  let buffer = new Uint8Array(prefixBytes || chunkBytes);
  let filled = 0;
  let index = prefixBytes > 0 ? -1 : 0;
  return new TransformStream({
    start(controller) {
      if (start) controller.enqueue(start());
    },
    async transform(bytes, controller) {
      for (let from = 0; from < bytes.length;) {
        if (filled === buffer.length) {
          if (index < 0) await prefix!(buffer);
          else controller.enqueue(await chunk(buffer, index, false));
          index++;
          if (buffer.length !== chunkBytes) buffer = new Uint8Array(chunkBytes);
          filled = 0;
        }
        const part = bytes.subarray(from, from + buffer.length - filled);
        buffer.set(part, filled);
        filled += part.length;
        from += part.length;
      }
    },
    async flush(controller) {
      if (index < 0) throw tooShort!(); // even what is empty has a chunk after its prefix
      controller.enqueue(await chunk(buffer.subarray(0, filled), index, true));
    },
  });
}

/** At least one chunk, as even what is empty has an end to authenticate. */
function split(bytes: Bytes, size: number): Bytes[] {
  const count = Math.max(1, Math.ceil(bytes.length / size));
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

function concat(parts: Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}

function randomBytes(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

function authenticated({ format, version, kdf }: Pick<SealHeader, 'format' | 'version' | 'kdf'>): Bytes {
  return new TextEncoder().encode([format, version, kdf.name, kdf.hash, kdf.iterations, kdf.salt].join(' '));
}

function hashHeader({ format, version, kdf, key }: Omit<SealHeader, 'sha256'>): Promise<string> {
  const { name, hash, iterations, salt } = kdf;
  return sha256([format, version, name, hash, iterations, salt, key.name, key.iv, key.wrapped].join(' '));
}

function damaged(what: string, cause?: unknown): UserError {
  return new UserError(
    'invalid',
    `${what}: it is damaged or cut off, or was sealed as something else. Use another copy.`,
    {
      cause,
    },
  );
}

function damagedHeader(why: string): UserError {
  return new UserError(
    'invalid',
    `seal header: it is damaged, ${why}. Without it nothing can be opened; use another copy.`,
  );
}
