// A profile out of a file that somebody sent. Nothing of it is believed before its form and its sums have been checked.

import * as v from 'valibot';
import { UserError } from '../base/errors.ts';
import { quote } from '../data/repairs.ts';
import { PROFILE_FORMAT, PROFILE_VERSION, type Profile } from './profile.ts';
import type { SketchState } from './sketch.ts';

/** Larger than any profile of a model that a browser trains. */
const MOST_BYTES = 64 * 2 ** 20;

const count = v.pipe(v.number('must be a number'), v.safeInteger('must be a whole number'), v.minValue(0, 'must not be below 0')); // prettier-ignore
const finite = v.pipe(v.number('must be a number'), v.finite('must be finite'));
const text = v.string('must be text');
const time = v.nullable(finite);
const counts = v.array(v.tuple([text, count]));
const sketch = v.object({
  count,
  min: v.nullable(finite),
  max: v.nullable(finite),
  levels: v.pipe(v.array(v.array(finite)), v.minLength(1, 'has none'), v.maxLength(50, 'are too many')),
});

const SHAPE = v.object({
  format: v.literal(PROFILE_FORMAT),
  version: v.literal(PROFILE_VERSION),
  model: v.object({
    id: v.pipe(text, v.nonEmpty('must not be empty')),
    fingerprint: v.pipe(text, v.regex(/^[\da-f]{64}$/, 'must be a SHA-256 in hex')),
  }),
  rows: count,
  firstAt: time,
  lastAt: time,
  columns: v.array(
    v.variant('kind', [
      v.object({ kind: v.literal('number'), name: text, missing: count, sketch }),
      v.object({ kind: v.literal('category'), name: text, missing: count, known: counts, unseen: count, unseenNames: counts }), // prettier-ignore
    ]),
  ),
  outputs: v.variant('kind', [
    v.object({ kind: v.literal('classes'), counts, confidence: sketch, entropy: v.optional(sketch) }),
    v.object({ kind: v.literal('value'), values: sketch }),
  ]),
});

/** Whether a file says that it is a profile; whether it is a sound one, `readProfile` says. */
export async function isProfile(file: Blob): Promise<boolean> {
  const opening = await file.slice(0, 4096).text();
  return /^\s*\{/.test(opening) && opening.includes(`"${PROFILE_FORMAT}"`);
}

/**
 * The profile that a predictor saved.
 * @throws UserError where the file is none, is of a later version of this form, or is damaged; it names what is wrong
 */
export async function readProfile(file: File): Promise<Profile> {
  if (file.size > MOST_BYTES) throw noProfile(file.name, 'it is larger than any profile');
  return parseProfile(await file.text(), file.name);
}

/** @param name what the file is called, for the error */
export function parseProfile(json: string, name: string): Profile {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw noProfile(name, 'it is no JSON, or is cut off', cause);
  }
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown };
  if (format !== PROFILE_FORMAT) throw noProfile(name, 'it is another kind of file');
  if (typeof version === 'number' && version > PROFILE_VERSION) {
    throw new UserError(
      'unsupported',
      `profile ${quote(name)}: it is of form ${version}, and this Lathe reads form ${PROFILE_VERSION}. Use a newer Lathe`,
    );
  }
  const { success, output, issues } = v.safeParse(SHAPE, value);
  if (!success) throw damaged(name, `${v.getDotPath(issues[0]) ?? 'its content'} ${issues[0].message}`);
  const fault = faultIn(output);
  if (fault) throw damaged(name, fault);
  return output;
}

/** What does not add up; null where all does. */
function faultIn({ rows, firstAt, lastAt, columns, outputs }: Profile): string | null {
  if ((firstAt === null) !== (rows === 0) || (lastAt === null) !== (rows === 0) || (firstAt ?? 0) > (lastAt ?? 0)) {
    return 'its times do not go with its rows';
  }
  if (new Set(columns.map(({ name }) => name)).size < columns.length) return 'two of its columns have one name';
  for (const column of columns) {
    const of = `column ${quote(column.name)}`;
    if (column.kind === 'number') {
      if (column.sketch.count + column.missing !== rows) return `${of} has not as many values as there are rows`;
      if (!isSound(column.sketch)) return `the sketch of ${of} does not add up`;
      continue;
    }
    const { known, unseen, unseenNames } = column;
    if (total(known) + unseen + column.missing !== rows) return `${of} has not as many values as there are rows`;
    if (total(unseenNames) > unseen) return `${of} has more named categories than unseen ones`;
    if (!areDistinct(known) || !areDistinct(unseenNames)) return `${of} has a category twice`;
  }
  const scores = outputs.kind === 'classes' ? outputs.confidence : outputs.values;
  const { entropy = scores } = outputs.kind === 'classes' ? outputs : {};
  if (!isSound(scores) || !isSound(entropy) || entropy.count !== scores.count) return 'the sketch of the predictions does not add up'; // prettier-ignore
  if (scores.count > rows) return 'it has more predictions than rows';
  if (outputs.kind === 'classes' && (total(outputs.counts) !== rows || !areDistinct(outputs.counts))) {
    return 'its predictions are not as many as its rows';
  }
  return null;
}

/** What the levels stand for comes to the count, and lies between the least and the greatest. */
function isSound({ count, min, max, levels }: SketchState): boolean {
  const held = levels.reduce((sum, values, level) => sum + values.length * 2 ** level, 0);
  if (held !== count || (min === null) !== (count === 0) || (max === null) !== (count === 0)) return false;
  return levels.every((values) => values.every((value) => value >= min! && value <= max!));
}

function total(list: readonly [string, number][]): number {
  return list.reduce((sum, [, one]) => sum + one, 0);
}

function areDistinct(list: readonly [string, number][]): boolean {
  return new Set(list.map(([name]) => name)).size === list.length;
}

function noProfile(name: string, why: string, cause?: unknown): UserError {
  return new UserError(
    'invalid',
    `profile ${quote(name)}: ${why}. Choose the file that 'Save the profile' of a predictor made`,
    { cause },
  );
}

function damaged(name: string, why: string): UserError {
  return new UserError('invalid', `profile ${quote(name)}: it is damaged: ${why}. Ask for it again`);
}
