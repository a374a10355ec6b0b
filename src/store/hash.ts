// SHA-256, by which content is named. Through WebCrypto, which browsers keep from pages that are not secure.

import { UserError } from '../base/errors.ts';

/** SHA-256 in hex. @throws UserError where the page was not loaded from https or localhost */
export async function sha256(content: Blob | Uint8Array<ArrayBuffer> | string): Promise<string> {
  if (!globalThis.crypto?.subtle) {
    throw new UserError(
      'unsupported',
      'page address: content can be hashed only on https or localhost. Open it there.',
    );
  }
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const digest = await crypto.subtle.digest('SHA-256', bytes instanceof Blob ? await bytes.arrayBuffer() : bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
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
