// What a record, and a blob that it refers to, is called when something is wrong with it.

import { readRecord, type Codec } from './codec.ts';
import type { StoredRecord } from './db.ts';
import type { Kind, Records } from './kinds.ts';

const NAMES: { [K in Kind]: (value: Records[K], key: string) => string } = {
  dataset: ({ name }) => `data set '${name}'`,
  recipe: (_, key) => `recipe ${key.slice(0, 8)}`,
  run: ({ id }) => `run ${id}`,
  log: ({ runId }) => `log of run ${runId}`,
  model: ({ name }) => `model '${name}'`,
  version: ({ id }) => `version '${id}'`,
  checkpoint: ({ runId }) => `checkpoint of run ${runId}`,
  artifact: ({ fileName }) => `record of the export '${fileName}'`,
  batch: ({ name }) => `batch '${name}'`,
};

type Described = Pick<StoredRecord, 'kind' | 'key' | 'json'>;

/** Such as `version 'iris@3'`; by its kind and key alone where it is damaged. */
export async function describeRecord(codec: Codec, record: Described): Promise<string> {
  const { kind, key } = record;
  try {
    return NAMES[kind]((await readRecord(codec, record)).value as never, key);
  } catch {
    return `${kind} ${key}`;
  }
}

const PARTS: Partial<Record<string, string>> = {
  dataset: 'content of ',
  recipe: 'weights at the start of ',
  version: 'weights of ',
  batch: 'rows of ',
};

/** What of a record lies in the blobs that it refers to. */
export async function describeContent(codec: Codec, record: Described): Promise<string> {
  const part = PARTS[record.kind] ?? '';
  return part + (await describeRecord(codec, record));
}
