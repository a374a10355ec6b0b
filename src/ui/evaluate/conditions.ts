// What a part of the data is told by, in a person's words.

import type { Condition } from '../../worker/api.ts';
import { formatDay, formatNumber } from '../parts/format.ts';

/** A piece of a sentence; a name of the data's may turn the text around it, and is isolated where it is shown. */
export interface Piece {
  text: string;
  isName: boolean;
}

/** `region is north and age from 20 to 30`, in pieces. */
export function piecesOf(conditions: readonly Condition[]): Piece[] {
  const name = (text: string): Piece => ({ text, isName: true });
  const words = (text: string): Piece => ({ text, isName: false });
  return conditions.flatMap((condition, i) => [
    ...(i > 0 ? [words(' and ')] : []),
    name(condition.column),
    ...(condition.kind === 'category'
      ? [words(' is '), name(condition.category || '(empty)')]
      : [words(` ${rangeOf(condition)}`)]),
  ]);
}

/** Of dates, by their days. */
function rangeOf({ low, high, date }: Condition & { kind: 'range' }): string {
  const show = date ? formatDay : formatNumber;
  return `from ${show(low)} to ${show(high)}`;
}

/** `region is north and age from 20 to 30` */
export function describeConditions(conditions: readonly Condition[]): string {
  return piecesOf(conditions)
    .map(({ text }) => text)
    .join('');
}
