// What a workspace is sealed and opened with, once its passphrase was given: its data key, as records and blobs ask for it.

import { UserError } from '../base/errors.ts';
import { SEALED_PREFIX, type Codec } from './codec.ts';
import { hasNameAsKey } from './kinds.ts';
import type { SealFacts } from './places.ts';
import {
  createDigest,
  createSeal,
  openSeal,
  sealBytes,
  sealStream,
  unsealBytes,
  unsealStream,
  type SealKey,
} from './seal.ts';

export interface Keys {
  codec: Codec;
  /** @param context what and whose it is; unsealing asks for the same */
  sealStream(context: string): TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>;
  /** Fails where it is not as it was sealed. @param what it is, for the error */
  unsealStream(context: string, what: string): TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>;
}

/** @throws UserError where the passphrase is wrong, or the header damaged */
export async function openKeys({ header }: SealFacts, passphrase: string): Promise<Keys> {
  return createKeys(await openSeal(header, passphrase));
}

/** A new data key under a passphrase; nothing is sealed yet. @throws UserError where the passphrase is empty */
export async function newKeys(passphrase: string): Promise<{ facts: SealFacts; keys: Keys }> {
  const { header, key } = await createSeal(passphrase);
  return { facts: { id: crypto.randomUUID(), state: 'sealing', header }, keys: await createKeys(key) };
}

async function createKeys(key: SealKey): Promise<Keys> {
  return {
    codec: await createCodec(key),
    sealStream: (context) => sealStream(key, context),
    unsealStream: (context, what) => unsealStream(key, context, what),
  };
}

async function createCodec(key: SealKey): Promise<Codec> {
  const digest = await createDigest(key, 'names');
  return {
    keyOf: async (kind, name) => (hasNameAsKey(kind) ? digest(`${kind} ${name}`) : name),
    nameOf: async (kind, name) => digest(`${kind} named ${name}`),
    async encode(whose, json) {
      return SEALED_PREFIX + toBase64(await sealBytes(key, whose, new TextEncoder().encode(json)));
    },
    async decode(whose, text) {
      const bytes = text.startsWith(SEALED_PREFIX) ? fromBase64(text.slice(SEALED_PREFIX.length)) : null;
      if (!bytes) throw new UserError('invalid', `${whose}: it is not sealed, and should be.`);
      return new TextDecoder().decode(await unsealBytes(key, whose, bytes, whose));
    },
  };
}

function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}

/** Null where it is none. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
