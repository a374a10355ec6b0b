import { expect, it } from 'vitest';
import { describeConditions, piecesOf } from '../../../src/ui/evaluate/conditions.ts';
import type { Condition } from '../../../src/worker/api.ts';

const CONDITIONS: Condition[] = [
  { kind: 'category', column: 'region', category: 'north' },
  { kind: 'range', column: 'age', low: 20, high: 30.5 },
  { kind: 'category', column: 'plan', category: '' },
];

it('a part of the data is told by its conditions, and the names in them are pieces of their own', () => {
  expect(describeConditions(CONDITIONS)).toBe('region is north and age from 20 to 30.5 and plan is (empty)');
  const names = piecesOf(CONDITIONS).filter(({ isName }) => isName);
  expect(names.map(({ text }) => text)).toEqual(['region', 'north', 'age', 'plan', '(empty)']);
});
