// How a record lies on the disk: in the clear, or sealed under the workspace's data key (keys.ts). A sealed record keeps its kind,
// its order and the hashes that it refers to, so that it is counted, ordered and checked without the key; its text is
// encrypted, and what it is found by is a digest where it is a name that a person gave.

import { UserError } from '../base/errors.ts';
import { parse, stringify } from '../base/json.ts';
import type { StoredRecord } from './db.ts';
import { sha256 } from './hash.ts';
import { keyIn, nameOf, refsOf, type Kind, type Records } from './kinds.ts';

export interface Codec {
  /** The key under which a record of this key lies. */
  keyOf(kind: Kind, key: string): Promise<string>;
  /** The name by which it is found. */
  nameOf(kind: Kind, name: string): Promise<string>;
  /** @param whose what it is of; reading it asks for the same */
  encode(whose: string, json: string): Promise<string>;
  /** @throws UserError where it is not what was written */
  decode(whose: string, text: string): Promise<string>;
}

/** Before the Base64 of a sealed text; canonical JSON does not begin so. */
export const SEALED_PREFIX = 'sealed:';

export const PLAIN: Codec = {
  keyOf: async (_kind, key) => key,
  nameOf: async (_kind, name) => name,
  encode: async (_whose, json) => json,
  async decode(whose, text) {
    if (text.startsWith(SEALED_PREFIX))
      throw new UserError('invalid', `${whose}: it is sealed, and was expected in the clear.`);
    return text;
  },
};

type Stamp = Pick<StoredRecord, 'created' | 'sequence'>;

/** A record as it is written. */
export async function writeRecord<K extends Kind>(
  codec: Codec,
  kind: K,
  key: string,
  value: Records[K],
  { created, sequence }: Stamp,
): Promise<StoredRecord> {
  const stored = await codec.keyOf(kind, key);
  const json = await codec.encode(`record ${kind} ${stored}`, stringify(value));
  const record: StoredRecord = {
    kind,
    key: stored,
    created,
    sequence,
    sha256: await sha256(json),
    refs: refsOf(kind, value),
    json,
  };
  const name = nameOf(kind, value);
  return name === undefined ? record : { ...record, name: await codec.nameOf(kind, name) };
}

/** The canonical JSON of a record that is sound. @throws UserError where it was not written by this key */
export function jsonOf(
  codec: Codec,
  { kind, key, json }: Pick<StoredRecord, 'kind' | 'key' | 'json'>,
): Promise<string> {
  return codec.decode(`record ${kind} ${key}`, json);
}

/** As `jsonOf`: its value and its key in the clear. */
export async function readRecord<K extends Kind>(
  codec: Codec,
  record: Pick<StoredRecord, 'kind' | 'key' | 'json'>,
): Promise<{ key: string; value: Records[K] }> {
  const value = parse(await jsonOf(codec, record)) as Records[K];
  return { key: keyIn(record.kind as K, record.key, value), value };
}

/** The same record, written by another codec, as part of another commit. */
export async function recode(record: StoredRecord, from: Codec, to: Codec, stamp: Stamp): Promise<StoredRecord> {
  const { key, value } = await readRecord(from, record);
  return writeRecord(to, record.kind, key, value, stamp);
}
