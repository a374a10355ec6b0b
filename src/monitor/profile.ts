// What a model has scored, without the rows: counts, a sketch of each column of numbers, and of the predictions. Profiles
// of parts merge to the profile of all: every count exactly, in whatever order; quantiles within `SKETCH_RANK_ERROR`.
//
// Of categories that the model does not know, names are kept up to `MOST_NAMES`, the first in order of code points: a
// choice that does not hang on who saw what first, so that merging stays exact. How many rows have the others is stated.
// Counting, merging and writing go by the same fields, and so this is one file.

import { UserError } from '../base/errors.ts';
import { byCodePoint } from '../data/labels.ts';
import { quote } from '../data/repairs.ts';
import type { Column } from '../data/table.ts';
import { isNumeric } from '../data/table.ts';
import { streamSeed } from '../model/weights.ts';
import { decide, entropies } from './reference.ts';
import { createSketch, type Sketch, type SketchState } from './sketch.ts';

export const PROFILE_FORMAT = 'lathe-profile';
export const PROFILE_VERSION = 1;

/** Names of unknown categories that a column keeps, and characters of a name. */
export const MOST_NAMES = 100;
export const MOST_CHARACTERS = 80;

/** Which model a profile is of. Two with one fingerprint are one. */
export interface ProfiledModel {
  /** `<model>@<number>` */
  id: string;
  /** SHA-256 of the weights, hex */
  fingerprint: string;
}

export type ColumnLayout = { kind: 'number'; name: string } | { kind: 'category'; name: string; known: string[] };
export type OutputLayout = { kind: 'classes'; labels: string[] } | { kind: 'value' };

export interface ProfileLayout {
  model: ProfiledModel;
  /** the columns that the model takes; of images, how they look */
  columns: ColumnLayout[];
  outputs: OutputLayout;
}

export type ColumnProfile =
  | {
      kind: 'number';
      name: string;
      missing: number;
      /** of the values: their count, least and greatest are exact */
      sketch: SketchState;
    }
  | {
      kind: 'category';
      name: string;
      missing: number;
      /** rows of each category that the model knows, in its order */
      known: [category: string, rows: number][];
      /** rows of a category that it does not know */
      unseen: number;
      /** some of those categories; `unseen` less their rows are the rows of the others */
      unseenNames: [category: string, rows: number][];
    };

export type OutputProfile =
  | {
      kind: 'classes';
      /** rows by predicted class */
      counts: [label: string, rows: number][];
      confidence: SketchState;
      /** of the probabilities of each row, in nats; predictors of an older Lathe do not count it */
      entropy?: SketchState;
    }
  | { kind: 'value'; values: SketchState };

/** Plain JSON. */
export interface Profile {
  format: typeof PROFILE_FORMAT;
  version: typeof PROFILE_VERSION;
  model: ProfiledModel;
  rows: number;
  /** milliseconds since 1970 of the first and the last rows; null where there are none */
  firstAt: number | null;
  lastAt: number | null;
  columns: ColumnProfile[];
  outputs: OutputProfile;
}

/** Rows as they were scored. `outputs` is probabilities [rows, classes], or values [rows]. */
export interface ScoredRows {
  rows: number;
  /** by name; a column that is absent counts as missing in every row */
  columns: readonly Column[];
  outputs: ArrayLike<number>;
  /** milliseconds since 1970 */
  at: number;
}

export interface Profiler {
  readonly rows: number;
  add(scored: ScoredRows): void;
  /** What has been seen so far. */
  profile(): Profile;
}

/** @param from a profile of the same model to go on with @throws UserError where it is of another */
export function createProfiler(layout: ProfileLayout, from?: Profile): Profiler {
  const start = from ?? emptyProfile(layout);
  if (from) checkSame(emptyProfile(layout), from);
  let { rows, firstAt, lastAt } = start;
  const columns = start.columns.map((column, place) => openColumn(column, place));
  const outputs = openOutputs(start.outputs);
  return {
    get rows() {
      return rows;
    },
    add(scored) {
      const byName = new Map(scored.columns.map((column) => [column.name, column]));
      for (const column of columns) column.add(byName.get(column.name), scored.rows);
      outputs.add(scored.outputs);
      rows += scored.rows;
      if (scored.rows === 0) return;
      firstAt = Math.min(firstAt ?? Infinity, scored.at);
      lastAt = Math.max(lastAt ?? -Infinity, scored.at);
    },
    profile: () => ({
      ...{ format: PROFILE_FORMAT, version: PROFILE_VERSION, model: start.model, rows, firstAt, lastAt },
      columns: columns.map((column) => column.state()),
      outputs: outputs.state(),
    }),
  };
}

export function emptyProfile({ model, columns, outputs }: ProfileLayout): Profile {
  const nothing = (): SketchState => ({ count: 0, min: null, max: null, levels: [[]] });
  const zeros = (names: string[]) => names.map((name): [string, number] => [name, 0]);
  return {
    ...{ format: PROFILE_FORMAT, version: PROFILE_VERSION, model, rows: 0, firstAt: null, lastAt: null },
    columns: columns.map((column) =>
      column.kind === 'number'
        ? { ...column, missing: 0, sketch: nothing() }
        : { kind: 'category', name: column.name, missing: 0, known: zeros(column.known), unseen: 0, unseenNames: [] },
    ),
    outputs:
      outputs.kind === 'value'
        ? { kind: 'value', values: nothing() }
        : { kind: 'classes', counts: zeros(outputs.labels), confidence: nothing(), entropy: nothing() },
  };
}

/** The profile of all that these saw. @throws UserError where there is none, or they are of different models */
export function mergeProfiles(profiles: readonly Profile[]): Profile {
  const [first, ...others] = profiles;
  if (!first) throw new UserError('missing', 'profiles to merge: none was given. Choose at least one');
  for (const other of others) checkSame(first, other);
  const times = profiles.flatMap(({ firstAt, lastAt }) => (firstAt === null || lastAt === null ? [] : [firstAt, lastAt])); // prettier-ignore
  return {
    ...first,
    rows: sumOf(profiles, ({ rows }) => rows),
    firstAt: times.length > 0 ? Math.min(...times) : null,
    lastAt: times.length > 0 ? Math.max(...times) : null,
    columns: first.columns.map((_, place) => mergeColumns(profiles.map(({ columns }) => columns[place]), place)), // prettier-ignore
    outputs: mergeOutputs(profiles.map(({ outputs }) => outputs)),
  };
}

/** @throws UserError */
function checkSame(first: Profile, other: Profile): void {
  if (other.model.fingerprint !== first.model.fingerprint) {
    throw new UserError(
      'invalid',
      `profile of ${quote(other.model.id)}: its weights are not those of ${quote(first.model.id)}. Choose profiles of one version`,
    );
  }
  if (JSON.stringify(layoutOf(other)) !== JSON.stringify(layoutOf(first))) {
    throw new UserError(
      'invalid',
      `profile of ${quote(other.model.id)}: its columns or classes are not those of the others. Choose profiles that came from one predictor file`,
    );
  }
}

function layoutOf({ columns, outputs }: Profile): unknown {
  return [
    columns.map((column) => [
      column.kind,
      column.name,
      column.kind === 'category' && column.known.map(([name]) => name),
    ]),
    outputs.kind === 'classes' ? outputs.counts.map(([label]) => label) : 'value',
  ];
}

interface OpenColumn {
  name: string;
  add(column: Column | undefined, rows: number): void;
  state(): ColumnProfile;
}

function openColumn(start: ColumnProfile, place: number): OpenColumn {
  const { name } = start;
  let { missing } = start;
  if (start.kind === 'number') {
    const sketch = openSketch([start.sketch], place);
    return {
      name,
      add(column, rows) {
        const values = column && isNumeric(column) ? column.values : null;
        if (!values) missing += rows;
        else {
          for (const value of values) {
            if (Number.isNaN(value)) missing++;
            else sketch.add(value);
          }
        }
      },
      state: () => ({ kind: 'number', name, missing, sketch: sketch.state() }),
    };
  }
  const known = new Map(start.known);
  const names = new Map(start.unseenNames);
  let { unseen } = start;
  return {
    name,
    add(column, rows) {
      if (!column || isNumeric(column)) return void (missing += rows);
      const byCode = new Float64Array(column.categories.length);
      for (const code of column.codes) {
        if (code < 0) missing++;
        else byCode[code]++;
      }
      byCode.forEach((count, code) => {
        const category = column.categories[code];
        const before = known.get(category);
        if (before !== undefined) return void known.set(category, before + count);
        if (count === 0) return;
        unseen += count;
        addName(names, category.slice(0, MOST_CHARACTERS), count);
      });
    },
    state: () => ({ kind: 'category', name, missing, known: [...known], unseen, unseenNames: inOrder(names) }),
  };
}

/** Counts a name; the last in order goes where they become too many. It never comes back, as the others only get earlier. */
function addName(names: Map<string, number>, name: string, count: number): void {
  names.set(name, (names.get(name) ?? 0) + count);
  if (names.size <= MOST_NAMES) return;
  let last = name;
  for (const other of names.keys()) if (other > last) last = other;
  names.delete(last);
}

function inOrder(names: ReadonlyMap<string, number>): [string, number][] {
  return [...names].sort(([a], [b]) => byCodePoint(a, b));
}

function openOutputs(start: OutputProfile): { add(outputs: ArrayLike<number>): void; state(): OutputProfile } {
  if (start.kind === 'value') {
    const sketch = openSketch([start.values], -1);
    return {
      add(values) {
        for (let i = 0; i < values.length; i++) sketch.add(values[i]);
      },
      state: () => ({ kind: 'value', values: sketch.state() }),
    };
  }
  const counts = start.counts.map(([label, count]): [string, number] => [label, count]);
  const sketch = openSketch([start.confidence], -1);
  const unsure = start.entropy && openSketch([start.entropy], -2);
  return {
    add(probabilities) {
      const { predicted, confidence } = decide(probabilities, counts.length);
      for (const c of predicted) counts[c][1]++;
      for (const p of confidence) sketch.add(p);
      if (unsure) for (const h of entropies(probabilities, counts.length)) unsure.add(h);
    },
    state: () => ({
      kind: 'classes',
      counts: counts.map(([label, count]) => [label, count]),
      confidence: sketch.state(),
      ...(unsure && { entropy: unsure.state() }),
    }),
  };
}

/** One sketch of some. Its draws follow from what it has seen: taking it up again and again draws anew each time. */
function openSketch(states: readonly SketchState[], place: number): Sketch {
  const sketch = createSketch(streamSeed(place, ...states.map(({ count }) => count)));
  for (const state of states) sketch.merge(state);
  return sketch;
}

function mergeColumns(columns: ColumnProfile[], place: number): ColumnProfile {
  const missing = sumOf(columns, (column) => column.missing);
  const [first] = columns;
  if (first.kind === 'number') {
    const states = columns.flatMap((column) => (column.kind === 'number' ? [column.sketch] : []));
    return { ...first, missing, sketch: openSketch(states, place).state() };
  }
  const all = columns.flatMap((column) => (column.kind === 'category' ? [column] : []));
  const names = new Map<string, number>();
  for (const { unseenNames } of all) for (const [name, count] of unseenNames) addName(names, name, count);
  return {
    ...first,
    missing,
    known: addUp(all.map(({ known }) => known)),
    unseen: sumOf(all, ({ unseen }) => unseen),
    unseenNames: inOrder(names),
  };
}

function mergeOutputs(outputs: OutputProfile[]): OutputProfile {
  const [first] = outputs;
  if (first.kind === 'value') {
    const states = outputs.flatMap((each) => (each.kind === 'value' ? [each.values] : []));
    return { kind: 'value', values: openSketch(states, -1).state() };
  }
  const all = outputs.flatMap((each) => (each.kind === 'classes' ? [each] : []));
  const confidence = openSketch(
    all.map((each) => each.confidence),
    -1,
  ).state();
  const unsure = all.flatMap(({ entropy }) => entropy ?? []);
  const entropy = unsure.length === all.length ? { entropy: openSketch(unsure, -2).state() } : {};
  return { kind: 'classes', counts: addUp(all.map(({ counts }) => counts)), confidence, ...entropy };
}

/** Lists of the same names in the same order, name by name. */
function addUp(lists: [string, number][][]): [string, number][] {
  return lists[0].map(([name], i) => [name, sumOf(lists, (list) => list[i][1])]);
}

function sumOf<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}
