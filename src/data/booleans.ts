// One truth, several spellings: pandas writes True, JSON and Parquet say true, a person types yes. What a model learned as
// one pair is understood in another.

import { booleanPair } from './infer.ts';
import { quote, type RepairLog } from './repairs.ts';
import type { FeatureEncoding } from './preparation.ts';
import type { Column } from './table.ts';

const SAYS = new Map(Object.entries({ false: 0, no: 0, f: 0, n: 0, off: 0, true: 1, yes: 1, t: 1, y: 1, on: 1 }));

/** By column: the categories that a model knows. */
export function spellingsOf(features: readonly FeatureEncoding[]): Map<string, readonly string[]> {
  const known = features.filter((feature) => feature.kind === 'oneHot');
  return new Map(known.map(({ column, outputs }) => [column, outputs.filter((own) => own !== '')]));
}

/**
 * Columns of two truth values as a model spells them; those that are spelled so already, or hold anything else, as they are.
 * @param known by column: the two values that the model knows
 */
export function respellBooleans(
  columns: readonly Column[],
  known: ReadonlyMap<string, readonly string[]>,
  repairs: RepairLog,
): Column[] {
  return columns.map((column) => {
    const pair = booleanPair([...(known.get(column.name) ?? [])]);
    if (!pair || !('categories' in column) || column.categories.every((own) => pair.includes(own))) return column;
    const said = column.categories.map((own) => SAYS.get(own.toLowerCase()));
    if (said.some((value) => value === undefined)) return column;
    const foreign = column.codes.filter((code) => code >= 0 && !pair.includes(column.categories[code])).length;
    repairs.add('booleanSpellings', foreign, `${quote(column.categories[0])} as ${quote(pair[said[0]!])} in column ${quote(column.name)}`); // prettier-ignore
    return { ...column, categories: pair, codes: column.codes.map((code) => (code < 0 ? -1 : said[code]!)) };
  });
}
