// What is worth knowing of the data before a recipe is carried out: values that drown all others, classes that are rare,
// categories that are left out. Nothing of it is wrong, so it is said and not refused.

import type { ColumnProfile } from '../data/profile.ts';
import { quote } from '../data/repairs.ts';
import type { Recipe } from '../model/recipe.ts';

/** Share of a column's variance that one value makes up, from which it is told. */
const DROWNING = 0.25;
/** Columns of fewer distinct values are codes or counts, where one value may well stand out. */
const FEWEST_VALUES = 10;
/** Share of the rows below which a class is rare. */
const RARE = 0.05;
/** At most so many columns are named of each kind. */
const MOST_NAMED = 3;

/** Sentences, the gravest first. @param rows of the data set */
export function notesOn(recipe: Recipe, profile: readonly ColumnProfile[], rows: number): string[] {
  const { target, columns, preparation, training } = recipe;
  const roles = new Map(columns.map(({ name, role }) => [name, role]));
  const learned = profile.filter(({ name }) => name === target || roles.get(name) === 'feature');
  const own = profile.find(({ name }) => name === target);

  const drowned = learned.flatMap((column) => {
    const found = drowningValue(column, rows);
    const spoils = column.name !== target || recipe.task === 'regression';
    if (!found || !spoils) return [];
    return `${quote(column.name)}: one value, ${figure(found.value)}, makes up ${Math.round(100 * found.share)}\u00a0% of its variance, so that the others look alike to the model. Correct it in the file if it is a mistake.`; // prettier-ignore
  });

  const rarest = recipe.task === 'regression' || !own || own.top?.length !== own.distinct ? undefined : own.top.at(-1);
  const isRare = rarest !== undefined && rarest.count < RARE * (rows - own!.missing);
  const remedy =
    training.classWeights === 'none' ? ' Class weights, under “Against overfitting”, give it more say.' : '';
  const rare = isRare
    ? [`Class ${quote(rarest.value)} has ${figure(rarest.count)} of ${figure(rows - own!.missing)} rows: accuracy hardly depends on it, balanced accuracy does.${remedy}`] // prettier-ignore
    : [];

  const { maxCategories } = preparation.categories;
  const cut = learned
    .filter(({ name, top, distinct }) => name !== target && top && distinct > maxCategories)
    .map(
      ({ name, distinct }) =>
        `${quote(name)}: of ${figure(distinct)} categories the ${maxCategories} commonest are told apart.`,
    );

  return [some(drowned), rare, some(cut)].flat();
}

const figure = (value: number): string =>
  value.toLocaleString('en', Number.isInteger(value) ? {} : { maximumSignificantDigits: 4 });

function some(notes: string[]): string[] {
  if (notes.length <= MOST_NAMED) return notes;
  return [...notes.slice(0, MOST_NAMED), `The same holds for ${notes.length - MOST_NAMED} more columns.`];
}

/** The extreme that makes up most of the variance, where it is a large share. */
function drowningValue(
  { numeric, distinct, missing }: ColumnProfile,
  rows: number,
): { value: number; share: number } | null {
  if (!numeric || distinct < FEWEST_VALUES || !(numeric.std > 0)) return null;
  const { min, max, mean, std } = numeric;
  const value = max - mean > mean - min ? max : min;
  const share = ((value - mean) / std) ** 2 / (rows - missing);
  return share >= DROWNING ? { value, share } : null;
}
