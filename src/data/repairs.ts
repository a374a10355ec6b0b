// What was wrong in the input and was put right: counted as it is met, told in one sentence a kind at the end. Nothing
// is repaired without a line here.

import { showUnseen } from '../base/name.ts';

/** Something that was not as it should be in the input and was repaired, counted, to be shown. */
export interface Repair {
  /** such as `raggedRows`, `duplicateHeaders`, `skippedFiles` */
  kind: string;
  count: number;
  /** a sentence with an example */
  message: string;
}

export type RepairKind = keyof typeof SENTENCES;

/** What each repair says: the count, then what was done. The first example follows it. */
const SENTENCES = {
  encoding: () => `the text encoding was guessed`,
  invalidText: (n: number) => `${n} byte${s(n)} of no valid text read as �`,
  nulBytes: (n: number) => `${n} NUL character${s(n)} removed`,
  missingHeader: () => `the first row looks like data, so columns are named column_1, column_2 and so on`,
  blankHeaders: (n: number) => `${n} column${s(n)} without a name got one`,
  duplicateHeaders: (n: number) => `${n} column name${s(n)} used twice got a number`,
  longHeaders: (n: number) => `${n} column name${s(n)} of more than 500 characters cut`,
  mendedNames: () => `the name was changed to one that fits and can be shown`,
  raggedRows: (n: number) => `${n} row${s(n)} with too few or too many cells filled up as missing, or cut`,
  malformedQuotes: (n: number) => `${n} quoted cell${s(n)} with text after the closing quote read as written`,
  decimalCommas: (n: number) => `${n} number${s(n)} with a decimal comma read as a decimal point`,
  spelledNumbers: (n: number) =>
    `${n} number${s(n)} with thousands set apart or a currency or percent sign read as plain number${s(n)}`,
  unreadableNumbers: (n: number) =>
    `${n} cell${s(n)} without a plain number in number columns count${is(n)} as missing`,
  unreadableDates: (n: number) => `${n} cell${s(n)} without a date in date columns count${is(n)} as missing`,
  ambiguousDates: (n: number) => `${n} date${s(n)} that could begin with the month read day first`,
  learnedStyle: (n: number) =>
    `${n} value${s(n)} with two readings read as ${n === 1 ? 'it is' : 'they are'} in the training data`,
  otherStyle: (n: number) =>
    `${n} value${s(n)} written otherwise than in the training data, read as ${n === 1 ? 'it stands' : 'they stand'}`,
  otherUnit: (n: number) =>
    `${n} number${s(n)} with another currency or percent sign than in the training data, or without it, read as plain number${s(n)}`,
  largeIntegers: (n: number) =>
    `${n} whole number${s(n)} beyond 2^53 kept as text, as a number would round ${n === 1 ? 'it' : 'them'}`,
  roundedIntegers: (n: number) => `${n} whole number${s(n)} beyond 2^53 rounded to the nearest number there is`,
  booleanSpellings: (n: number) => `${n} truth value${s(n)} read as the model spells ${n === 1 ? 'it' : 'them'}`,
  emptyColumns: (n: number) => `${n} column${s(n)} without a single value left out of the features`,
  skippedFiles: (n: number) =>
    `${n} file${s(n)} skipped that ${n === 1 ? 'is neither an image nor a table' : 'are neither images nor tables'}`,
  brokenImages: (n: number) => `${n} image${s(n)} skipped that could not be read`,
  unlabelledImages: (n: number) => `${n} image${s(n)} in no class folder ha${n === 1 ? 's' : 've'} no label`,
  unlabelledRows: (n: number) => `${n} row${s(n)} of batches without a label left out`,
  missingColumns: (n: number) => `${n} column${s(n)} that a batch lacks: missing in its rows`,
  extraColumns: (n: number) => `${n} column${s(n)} of batches that the data set lacks left out`,
  missingWeights: (n: number) => `${n} row${s(n)} of batches without a weight column weigh 1`,
  otherBooleans: (n: number) => `${n} cell${s(n)} with neither value in columns of two count${is(n)} as missing`,
  mergedFolders: (n: number) => `as Lathe makes its own split, ${n} folders that name one were merged`,
};

/** Of these each column matters; of the others one example says enough. */
const BY_COLUMN: ReadonlySet<RepairKind> = new Set(['learnedStyle', 'otherStyle', 'otherUnit']);
const MOST_EXAMPLES = 5;

function s(count: number): string {
  return count === 1 ? '' : 's';
}

/** The ending of the verb. */
function is(count: number): string {
  return count === 1 ? 's' : '';
}

/** Collects repairs while a file is read. */
export interface RepairLog {
  /** Counts `count` more of a kind; few examples of a kind are kept. */
  add(kind: RepairKind, count: number, example?: string): void;
  /** In the order in which the kinds were first met. */
  list(): Repair[];
}

export function createRepairLog(): RepairLog {
  const found = new Map<RepairKind, { count: number; examples: string[] }>();
  return {
    add(kind, count, example) {
      if (count === 0) return;
      const entry = found.get(kind) ?? { count: 0, examples: [] };
      entry.count += count;
      if (example && entry.examples.length < (BY_COLUMN.has(kind) ? MOST_EXAMPLES : 1)) entry.examples.push(example);
      found.set(kind, entry);
    },
    list: () =>
      [...found].map(([kind, { count, examples }]) => {
        const sentence = SENTENCES[kind](count);
        const shown = examples.join(', ');
        return {
          kind,
          count,
          message: shown ? `${sentence}${count === 1 ? ': ' : ', such as '}${shown}` : sentence,
        };
      }),
  };
}

/** A value as an error or a repair shows it: in quotes, cut to 40 characters, with nothing in it that cannot be seen. */
export function quote(value: string): string {
  return value.length > 40 ? `'${showUnseen(value.slice(0, 40))}…'` : `'${showUnseen(value)}'`;
}
