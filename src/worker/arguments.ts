// What a script hands to the verbs, looked at before anything is done with it, so that a slip is told by name and nothing
// malformed is kept. Recipes, rules and plans are checked where they are read.

import { UserError } from '../base/errors.ts';
import { quote } from '../data/repairs.ts';
import type { Lathe } from './api.ts';

/** What a value must be, as words that follow `it must be`; null where it is. */
type Check = (value: unknown) => string | null;

const when =
  (fits: (value: unknown) => boolean, what: string): Check =>
  (value) =>
    fits(value) ? null : what;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text = when((value) => typeof value === 'string', 'text');
const count = when((value) => typeof value === 'number' && value >= 0, 'a number from 0 up');
const whole = when(Number.isInteger, 'a whole number');
const file = when((value) => value instanceof File, 'a file');
const orNull =
  (check: Check): Check =>
  (value) => {
    const what = value === null ? null : check(value);
    return what && `${what} or null`;
  };
const oneOf = (...options: string[]): Check =>
  when((value) => options.includes(value as string), `one of ${options.map(quote).join(', ')}`);
const listOf =
  (what: string, check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every((each) => check(each) === null) ? null : `a list of ${what}`;
/** Fields may be left out but for those that `needed` names; others are not looked at. */
const shape =
  (fields: Record<string, Check>, ...needed: string[]): Check =>
  (value) => {
    if (!isObject(value)) return `an object with ${Object.keys(fields).join(', ')}`;
    for (const [name, check] of Object.entries(fields)) {
      if (value[name] === undefined && !needed.includes(name)) continue;
      const what = check(value[name]);
      if (what) return `an object whose ${name} is ${what}`;
    }
    return null;
  };
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined ? null : check(value);

const files = listOf('files', file);
const part = oneOf('train', 'validation', 'test');
const TYPES = oneOf('number', 'integer', 'boolean', 'category', 'date', 'text', 'identifier');
const ROLES = oneOf('feature', 'target', 'weight', 'meta', 'ignore');
const change = shape({ name: text, type: TYPES, role: ROLES }, 'name');
/** A column's type and role are the two that may be given without the other, so each is told by itself. */
const changes: Check = (value) =>
  Array.isArray(value) ? (value.map(change).find((what) => what !== null) ?? null) : 'a list of changes';
const rowsOrFiles: Check = (value) =>
  files(value) && listOf('rows, each an object from column to value, or of files', when(isObject, ''))(value);

type Arguments = Partial<Record<keyof Lathe, Record<string, Check>>>;

/** The arguments of verbs in their order. */
const ARGUMENTS: Arguments = {
  importFiles: { files },
  importSample: { name: text },
  dataset: { id: text },
  renameDataset: { id: text, name: text },
  removeDataset: { id: text },
  updateColumns: { id: text, changes },
  rows: { id: text, query: shape({ offset: count, limit: count }, 'offset', 'limit') },
  images: { id: text, query: shape({ label: orNull(text), offset: count, limit: count }, 'label', 'offset', 'limit') },
  suggestRecipe: { id: text, options: optional(shape({ target: text, seed: whole, model: text, architecture: text })) },
  draft: { id: text },
  evaluate: { id: text, options: optional(shape({ split: part })) },
  examples: {
    id: text,
    query: optional(shape({ split: part, order: oneOf('index', 'confident', 'error'), offset: count, limit: count })),
  },
  version: { id: text },
  updateVersion: { id: text, change: shape({ note: text, tags: listOf('texts', text) }) },
  removeVersion: { id: text },
  renameModel: { model: text, name: text },
  setAlias: { model: text, alias: text, number: orNull(whole) },
  predictForm: { id: text },
  predict: { id: text, input: rowsOrFiles },
  predictFile: { id: text, files },
  exportModel: { id: text, format: text },
  scoreBatch: { id: text, files },
  labelBatch: { id: text, files },
  inspectBackup: { file },
  restore: { file },
};

/** @throws UserError that names the argument, its value and what it must be */
export function checkArguments(verb: keyof Lathe, given: readonly unknown[]): void {
  Object.entries(ARGUMENTS[verb] ?? {}).forEach(([name, check], place) => {
    const what = check(given[place]);
    if (what) throw new UserError('invalid', `${name} for ${verb}: ${describe(given[place])}; it must be ${what}`);
  });
}

/** The same verbs, each of which looks at its arguments first. */
export function checked(verbs: Lathe): Lathe {
  const entries = Object.entries(verbs) as [keyof Lathe, (...given: unknown[]) => Promise<unknown>][];
  return Object.fromEntries(
    entries.map(([verb, answer]) => [
      verb,
      async (...all: unknown[]) => {
        const given = all.map((value) => (value instanceof FileList ? [...value] : value)); // as an input has them
        checkArguments(verb, given);
        return answer(...given);
      },
    ]),
  ) as unknown as Lathe;
}

function describe(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return isObject(value) ? 'an object' : String(value);
}
