// What a record that comes from a file must look like to be taken for one: the fields that the app reads, of their types.
// Loose on purpose: what a later Lathe adds passes, and what is in a recipe is checked where it is run.

import * as v from 'valibot';
import { stringify } from '../base/json.ts';
import { sha256 } from './hash.ts';
import type { Kind, Records } from './kinds.ts';
import { versionId } from './versionId.ts';

const text = v.string();
const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** a run's number, or a version's; far above what anybody trains and below what a double counts exactly */
const number = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(2 ** 40));
const time = v.pipe(v.number(), v.finite());
const nullableText = v.nullable(text);
const column = v.looseObject({ name: text, type: text, role: text });
/** NaN and infinities are numbers too: a training may diverge. */
const real = v.custom<number>((value) => typeof value === 'number');
const figures = v.record(text, real);
const epoch = v.looseObject({ epoch: v.number() });

const SHAPES = {
  dataset: v.looseObject({
    id: hash,
    name: text,
    kind: v.picklist(['table', 'images']),
    rows: count,
    columns: v.array(column),
    classes: v.array(text),
    sizeBytes: count,
    createdAt: time,
    repairs: v.array(v.looseObject({ kind: text, count: v.number(), message: text })),
    profile: v.array(v.looseObject({})),
    origin: v.optional(
      v.looseObject({ dataset: hash, rows: count, batches: v.array(v.looseObject({ id: hash, rows: count })) }),
    ),
    content: v.nullable(v.union([v.object({ source: hash, columns: hash }), v.object({ packed: hash, index: hash })])),
  }),
  recipe: v.looseObject({
    dataset: text,
    task: text,
    target: text,
    columns: v.array(column),
    preparation: v.looseObject({ numbers: v.looseObject({}), categories: v.looseObject({}) }),
    split: v.looseObject({ train: v.number(), validation: v.number(), test: v.number() }),
    model: v.looseObject({ kind: text, layers: v.array(v.looseObject({ kind: text })) }),
    training: v.looseObject({ epochs: v.number(), batchSize: v.number(), optimizer: v.looseObject({ kind: text }) }),
    seed: v.number(),
    backend: text,
  }),
  run: v.looseObject({
    id: number,
    state: v.picklist(['running', 'finished', 'stopped', 'failed', 'interrupted']),
    recipeId: hash,
    datasetName: text,
    last: v.nullable(epoch),
    backend: nullableText,
    adapter: nullableText,
    backendReason: nullableText,
    startedAt: time,
    durationMs: time,
    error: nullableText,
  }),
  log: v.looseObject({ runId: number, epochs: v.array(epoch) }),
  model: v.looseObject({
    name: v.pipe(text, v.nonEmpty()),
    lastNumber: v.pipe(count, v.maxValue(2 ** 40)),
    automatic: v.optional(
      v.looseObject({
        rule: v.looseObject({ enabled: v.boolean(), severity: text, how: text, promote: v.boolean() }),
        before: v.array(text),
        log: v.array(v.looseObject({ id: text, at: time, batchName: text, alert: text, state: text, note: text })),
      }),
    ),
    aliases: v.array(v.looseObject({ name: v.pipe(text, v.regex(/^[\w-]{1,255}$/)), number })),
    gate: v.optional(v.array(v.looseObject({ id: text, enabled: v.boolean(), kind: text }))),
    history: v.optional(
      v.array(v.looseObject({ alias: text, from: v.nullable(number), to: v.nullable(number), at: time, why: text })),
    ),
  }),
  version: v.looseObject({
    id: text,
    model: v.pipe(text, v.nonEmpty()),
    number,
    note: text,
    tags: v.array(text),
    createdAt: time,
    runId: number,
    datasetId: text,
    datasetName: text,
    recipeId: hash,
    trained: v.nullable(hash),
    epochs: count,
    reference: v.nullish(hash),
    bestEpoch: real,
    ended: text,
    metrics: figures,
    dummy: figures,
    labels: v.array(text),
    parameters: real,
    backend: text,
    adapter: text,
    backendReason: nullableText,
    durationMs: time,
    split: v.looseObject({ train: count, validation: count, test: count }),
    droppedRows: count,
  }),
  checkpoint: v.looseObject({
    runId: number,
    states: v.array(v.looseObject({ sha256: hash, sizeBytes: count, savedAt: time, epoch: count })),
  }),
  artifact: v.looseObject({
    sha256: hash,
    runId: number,
    format: text,
    fileName: text,
    sizeBytes: count,
    createdAt: time,
  }),
  batch: v.looseObject({
    id: hash,
    runId: number,
    name: text,
    createdAt: time,
    rows: count,
    labelled: count,
    figures: v.array(v.looseObject({ name: text, labels: v.record(text, text), value: real })),
    alerts: v.array(
      v.looseObject({
        id: text,
        rule: v.looseObject({ id: text, name: text, figure: text, severity: text }),
        labels: v.record(text, text),
        value: real,
        bound: real,
        batches: count,
        effect: v.nullable(real),
        acknowledged: v.nullable(v.looseObject({ note: text, at: time })),
      }),
    ),
    repairs: v.array(v.looseObject({ kind: text, count: v.number(), message: text })),
    content: v.union([
      v.object({ columns: hash }),
      v.object({ packed: hash, index: hash }),
      v.object({ profile: hash }),
    ]),
    profiles: v.optional(v.array(v.looseObject({ name: text, sha256: hash, rows: count, firstAt: v.nullable(real) }))),
    outputs: v.nullable(hash),
    report: hash,
  }),
} satisfies Record<Kind, v.GenericSchema>;

/** The key under which a record of this content is kept. */
const KEYS: { [K in Kind]: (value: Records[K]) => string | Promise<string> } = {
  dataset: ({ id }) => id,
  recipe: (recipe) => sha256(stringify(recipe)),
  run: ({ id }) => String(id),
  log: ({ runId }) => String(runId),
  model: ({ name }) => name,
  version: ({ runId }) => String(runId),
  checkpoint: ({ runId }) => String(runId),
  artifact: ({ sha256 }) => sha256,
  batch: ({ id }) => id,
};

/** Why this is no record of this kind and key; null where it is one. */
export async function faultOfRecord(kind: Kind, key: string, value: unknown): Promise<string | null> {
  const parsed = v.safeParse(SHAPES[kind], value);
  if (!parsed.success) return `its field '${v.getDotPath(parsed.issues[0]) ?? ''}' is not what it should be`;
  const keyOf = KEYS[kind] as (value: unknown) => string | Promise<string>;
  if ((await keyOf(value)) !== key) return 'it is kept under the name of another';
  if (kind === 'version') {
    const { id, model, number } = value as Records['version'];
    if (id !== versionId(model, number)) return `its id '${id}' is none of its own`;
  }
  return null;
}
