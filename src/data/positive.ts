// Of two classes the positive one is the one that is looked for. It is always the second of the labels: so it is the class
// that precision, recall, F1, the curves and a network's single output are of, here and in every file that is exported.

import { UserError } from '../base/errors.ts';
import { booleanPair } from './infer.ts';
import { sortLabels } from './labels.ts';
import type { ColumnProfile } from './profile.ts';
import { quote } from './repairs.ts';
import type { ClassTarget, ValueTarget } from './target.ts';

const NEGATIVES = ['0', '-1', 'negative', 'neg'];

/**
 * The class that is likely looked for: the true one of a pair of truth values, what is not 0, -1 or `negative`, else the
 * rarer one, and the second of equally many. Undefined where there are not two.
 * @param profile of the target
 */
export function proposePositive(profile: ColumnProfile): string | undefined {
  const [first, second] = countClasses(profile);
  if (!second) return undefined;
  const pair = booleanPair([first.value, second.value]);
  if (pair) return pair[1];
  const plain = [first, second].filter(({ value }) => !NEGATIVES.includes(value.toLowerCase()));
  if (plain.length === 1) return plain[0].value;
  return first.count < second.count ? first.value : second.value;
}

/** In the order of the labels where there are two; [] where there are not. */
function countClasses({ distinct, numeric, top = [] }: ColumnProfile): { value: string; count: number }[] {
  if (distinct !== 2) return [];
  if (!numeric)
    return sortLabels(top.map(({ value }) => value)).map((label) => top.find(({ value }) => value === label)!);
  const { min, max, mean } = numeric; // two values and their mean give their shares
  return [
    { value: String(min), count: max - mean },
    { value: String(max), count: mean - min },
  ];
}

/**
 * A target with the positive class as the second of two; with more classes there is none, and the order stays.
 * @throws UserError where no class is called so
 */
export function withPositive(
  target: ClassTarget | ValueTarget,
  { positive, target: name }: { positive?: string; target: string },
): ClassTarget | ValueTarget {
  if (positive === undefined || target.kind === 'value') return target;
  const { labels, classes } = target;
  if (!labels.includes(positive)) {
    const known = labels.slice(0, 20).map(quote).join(', ');
    throw new UserError('unknown', `recipe.positive: ${quote(positive)}; target ${quote(name)} has the classes ${known}. Choose one of them`); // prettier-ignore
  }
  if (labels.length !== 2 || labels[1] === positive) return target;
  return { ...target, labels: labels.toReversed(), classes: classes.map((c) => (c < 0 ? c : 1 - c)) };
}
