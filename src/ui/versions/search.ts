// Finding versions by what a person types: words, `field:value`, and comparisons such as `accuracy>0.9`. Pure. It does
// not sort and does not know the page.

import type { Version } from '../../worker/api.ts';
import { TASK_NAMES } from '../parts/format.ts';

/** What was understood of a search, and what was not. */
export interface Search {
  matches(version: Version): boolean;
  /** sentences, one for each part that could not be understood; such a part excludes nothing */
  problems: string[];
}

type Test = (version: Version) => boolean;

/** Fields whose text a `field:value` looks into. */
const TEXTS: Record<string, (version: Version) => string[]> = {
  model: (version) => [version.model],
  version: (version) => [version.id],
  alias: (version) => version.aliases,
  tag: (version) => version.tags,
  note: (version) => [version.note],
  data: (version) => [version.datasetName, version.datasetId],
  target: (version) => [version.recipe.target],
  task: ({ recipe }) => [recipe.task, TASK_NAMES[recipe.task]],
  kind: (version) => [version.recipe.model.kind],
  optimizer: (version) => [version.recipe.training.optimizer.kind],
  backend: (version) => [version.backend, version.adapter],
  class: (version) => version.labels,
};

/** Fields that are numbers without being a metric. */
const NUMBERS: Record<string, (version: Version) => number> = {
  number: (version) => version.number,
  run: (version) => version.runId,
  parameters: (version) => version.parameters,
  epochs: (version) => version.epochs,
  seconds: (version) => version.durationMs / 1000,
  rows: ({ split }) => split.train + split.validation + split.test,
  seed: (version) => version.recipe.seed,
};

const COMPARE: Record<string, (value: number, bound: number) => boolean> = {
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '=': (value, bound) => value === bound,
};

/** What may stand before a colon or a comparison, for the help of the search field; metrics come on top. */
export const SEARCH_FIELDS = { texts: Object.keys(TEXTS), numbers: [...Object.keys(NUMBERS), 'made'] };

/**
 * Understands a search. All parts must match; `-` before a part turns it round; quotes keep spaces together.
 * @param metrics the names of the metrics that versions have, for comparisons
 */
export function parseSearch(query: string, metrics: ReadonlySet<string>): Search {
  const problems: string[] = [];
  const tests = splitParts(query).flatMap((part): Test[] => {
    const negated = part.length > 1 && part.startsWith('-');
    const test = parsePart(negated ? part.slice(1) : part, metrics, problems);
    return test ? [negated ? (version) => !test(version) : test] : [];
  });
  return { matches: (version) => tests.every((test) => test(version)), problems };
}

/** Parts between spaces; what stands in double quotes is one, its quotes taken away. A quote left open ends at the end. */
function splitParts(query: string): string[] {
  return Array.from(query.matchAll(/(?:"[^"]*"?|[^\s"])+/g), ([part]) => part.replaceAll('"', '')).filter(Boolean);
}

function parsePart(part: string, metrics: ReadonlySet<string>, problems: string[]): Test | null {
  const comparison = /^([\p{L}\w-]+)(>=|<=|>|<|=)(.+)$/u.exec(part);
  if (comparison) return parseComparison(comparison[1], comparison[2], comparison[3], metrics, problems);
  const field = /^(\w+):(.+)$/.exec(part);
  if (!field) return containing(part.toLowerCase());
  const [, name, value] = field;
  const texts = Object.hasOwn(TEXTS, name.toLowerCase()) ? TEXTS[name.toLowerCase()] : null;
  if (!texts) {
    problems.push(`'${name}:' is no field. Fields are ${SEARCH_FIELDS.texts.join(', ')}.`);
    return null;
  }
  const wanted = value.toLowerCase();
  return (version) => texts(version).some((text) => text.toLowerCase().includes(wanted));
}

function parseComparison(
  name: string,
  operator: string,
  text: string,
  metrics: ReadonlySet<string>,
  problems: string[],
): Test | null {
  const compare = COMPARE[operator];
  if (name.toLowerCase() === 'made') {
    const day = Date.parse(text);
    if (Number.isNaN(day)) {
      problems.push(`'${text}' is no day. Write made>2026-01-31.`);
      return null;
    }
    const dayMs = 86_400_000;
    // a whole day is meant: `made=` is within it, `made>` after it
    if (operator === '=') return ({ createdAt }) => createdAt >= day && createdAt < day + dayMs;
    return ({ createdAt }) => compare(createdAt, operator === '>' || operator === '<=' ? day + dayMs - 1 : day);
  }
  const percent = /^(.+?)\s*%$/.exec(text);
  const bound = percent ? Number(percent[1]) / 100 : Number(text);
  if (Number.isNaN(bound)) {
    problems.push(`'${text}' in '${name}${operator}${text}' is no number.`);
    return null;
  }
  const numbers = Object.hasOwn(NUMBERS, name.toLowerCase()) ? NUMBERS[name.toLowerCase()] : null;
  if (numbers) return (version) => compare(numbers(version), bound);
  const metric = [...metrics].find((known) => known.toLowerCase() === name.toLowerCase());
  if (!metric) {
    const known = [...metrics, ...SEARCH_FIELDS.numbers].join(', ');
    problems.push(`'${name}' is no figure of a version. Figures are ${known}.`);
    return null;
  }
  return (version) => Object.hasOwn(version.metrics, metric) && compare(version.metrics[metric], bound);
}

/** Everything of a version that a plain word is looked for in; put together once a version. */
const haystacks = new WeakMap<Version, string>();

function haystackOf(version: Version): string {
  let haystack = haystacks.get(version);
  if (haystack === undefined) {
    haystack = Object.values(TEXTS)
      .flatMap((texts) => texts(version))
      .join('\n')
      .toLowerCase();
    haystacks.set(version, haystack);
  }
  return haystack;
}

function containing(word: string): Test {
  return (version) => haystackOf(version).includes(word);
}
