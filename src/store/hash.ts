// SHA-256, by which content is named. Through WebCrypto, which browsers keep from pages that are not secure; what is too
// large for one piece of memory goes through @noble/hashes, chunk by chunk.

import { UserError } from '../base/errors.ts';
import { toHex } from '../base/hex.ts';
import { answered } from './clearing.ts';
import { piecesOf } from './pieces.ts';

/** WebCrypto is four times as fast, and takes all at once. */
const MOST_AT_ONCE_BYTES = 32 << 20;

/** SHA-256 in hex. @throws UserError where the page was not loaded from https or localhost */
export async function sha256(content: Blob | Uint8Array<ArrayBuffer> | string): Promise<string> {
  if (!globalThis.crypto?.subtle) {
    throw new UserError(
      'unsupported',
      'page address: content can be hashed only on https or localhost. Open it there.',
    );
  }
  if (content instanceof Blob && content.size > MOST_AT_ONCE_BYTES) return hashStream(content);
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const digest = await crypto.subtle.digest(
    'SHA-256',
    bytes instanceof Blob ? await answered(bytes.arrayBuffer()) : bytes,
  );
  return toHex(new Uint8Array(digest));
}

/** SHA-256 of a set of named, labelled files, whatever their order. `label` is null where a file has none. */
export async function sha256OfFiles(
  files: { name: string; label: string | null; bytes: Uint8Array<ArrayBuffer> }[],
): Promise<string> {
  const lines = await Promise.all(
    files.map(async ({ name, label, bytes }) => JSON.stringify([name, label, await sha256(bytes)])),
  );
  return sha256(lines.sort().join('\n'));
}

/** The digest of a set of hashes, whatever their order; adding one and taking it away are one operation. */
export function xor(a: string, b: string): string {
  return (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(16).padStart(64, '0');
}

/** SHA-256 of what comes piece by piece. */
export async function createHash(): Promise<{ update(piece: Uint8Array): void; hex(): string }> {
  const { sha256 } = await import('@noble/hashes/sha2.js');
  const hash = sha256.create();
  return { update: (piece) => void hash.update(piece), hex: () => toHex(hash.digest()) };
}

async function hashStream(content: Blob): Promise<string> {
  const hash = await createHash();
  for await (const piece of piecesOf(content.stream())) hash.update(piece);
  return hash.hex();
}
