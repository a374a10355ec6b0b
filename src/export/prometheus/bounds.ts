// The rules of a model as literal bounds, for tools that do not have its reference.

import { boundsOf, parseFigureKey, type Rule, type Spread } from '../../monitor/rules.ts';
import type { Labels } from './text.ts';

export interface Bound {
  rule: Rule;
  /** of the figures that it is for; one that is not named may have any value */
  labels: Labels;
  /** null on a side without one */
  low: number | null;
  high: number | null;
  /** it comes of one version's reference, and says nothing of another's */
  ofVersion: boolean;
}

/**
 * The bounds of the rules that are on. One by deviations has those of each figure of the reference that it looks at.
 * @param spread by `figureKey`
 */
export function literalBounds(rules: readonly Rule[], spread: ReadonlyMap<string, Spread>): Bound[] {
  const figures = [...spread].map(([key, own]) => ({ ...parseFigureKey(key), spread: own }));
  return rules
    .filter(({ enabled }) => enabled)
    .flatMap((rule): Bound[] => {
      const { condition, labels } = rule;
      if (condition.kind !== 'deviations')
        return [{ rule, labels, ...boundsOf(condition, undefined), ofVersion: false }];
      return figures
        .filter(({ name, labels: own }) => name === rule.figure && contains(own, labels))
        .map((figure) => ({ rule, labels: figure.labels, ...boundsOf(condition, figure.spread), ofVersion: true }));
    });
}

function contains(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}
