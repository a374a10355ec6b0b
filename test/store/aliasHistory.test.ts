import { describe, expect, it } from 'vitest';
import { dropAliases, findRollBack, moveAlias, numberOf, type AliasMove } from '../../src/store/aliasHistory.ts';
import type { ModelRecord } from '../../src/store/models.ts';

const EMPTY: ModelRecord = { name: 'm', lastNumber: 9, aliases: [] };

/** The record after some moves of the champion, each a second after the last. */
function after(...moves: [to: number | null, why: AliasMove['why']][]): ModelRecord {
  return moves.reduce((record, [to, why], at) => moveAlias(record, { alias: 'champion', to, at, why }), EMPTY);
}

/** Where roll backs lead one after the other, until there is nowhere. */
function walkBack(record: ModelRecord, gone: number[] = []): number[] {
  const path: number[] = [];
  for (let next = record; path.length < 20;) {
    const back = findRollBack(next, (number) => !gone.includes(number));
    if (!back) return path;
    path.push(back.champion);
    next = moveAlias(next, { alias: 'champion', to: back.champion, at: 100, why: 'rolledBack' });
  }
  return path;
}

describe('the history of aliases', () => {
  it('has every move with where it came from, and none where nothing moved', () => {
    const record = after([1, 'set'], [1, 'set'], [2, 'promoted'], [null, 'set']);
    expect(record.history).toEqual([
      { alias: 'champion', from: null, to: 1, at: 0, why: 'set' },
      { alias: 'champion', from: 1, to: 2, at: 2, why: 'promoted' },
      { alias: 'champion', from: 2, to: null, at: 3, why: 'set' },
    ]);
    expect(record.aliases).toEqual([]);
  });

  it('says which aliases went with their version', () => {
    const two = moveAlias(after([2, 'set']), { alias: 'best', to: 2, at: 1, why: 'set' });
    const left = dropAliases(moveAlias(two, { alias: 'old', to: 1, at: 2, why: 'set' }), 2, 7);
    expect(left.aliases).toEqual([{ name: 'old', number: 1 }]);
    expect(left.history!.slice(-2).map(({ alias, from, to, at, why }) => [alias, from, to, at, why])).toEqual([
      ['best', 2, null, 7, 'removed'],
      ['champion', 2, null, 7, 'removed'],
    ]);
    expect(dropAliases(left, 5, 8)).toBe(left);
  });
});

describe('a roll back', () => {
  it('goes further back each time, and ends where there was no champion before', () => {
    expect(walkBack(after([1, 'set'], [2, 'promoted'], [5, 'promoted']))).toEqual([2, 1]);
    expect(walkBack(after([1, 'promoted']))).toEqual([]);
    expect(walkBack(EMPTY)).toEqual([]);
  });

  it('leaves what was rolled back out, and counts a promotion after it', () => {
    const back = after([1, 'set'], [2, 'promoted'], [3, 'promoted'], [2, 'rolledBack']);
    expect(walkBack(back)).toEqual([1]);
    expect(walkBack(moveAlias(back, { alias: 'champion', to: 3, at: 9, why: 'promoted' }))).toEqual([2, 1]);
    expect(walkBack(after([1, 'set'], [2, 'promoted'], [3, 'promoted'], [2, 'rolledBack'], [1, 'rolledBack']))).toEqual(
      [],
    );
  });

  it('passes over versions that are gone', () => {
    const record = after([1, 'set'], [2, 'promoted'], [3, 'promoted']);
    expect(walkBack(record, [2])).toEqual([1]);
    expect(walkBack(dropAliases(record, 3, 9), [3])).toEqual([2, 1]);
    const over = moveAlias(record, { alias: 'champion', to: 1, at: 9, why: 'rolledBack' });
    expect(walkBack(moveAlias(over, { alias: 'champion', to: 4, at: 10, why: 'promoted' }), [2, 3])).toEqual([1]);
  });

  it('takes back what a person set, or took away, by hand', () => {
    expect(walkBack(after([1, 'set'], [2, 'promoted'], [4, 'set']))).toEqual([2, 1]);
    expect(walkBack(after([1, 'set'], [2, 'promoted'], [null, 'set']))).toEqual([2, 1]);
  });

  it('makes a challenger of the version again that was one when it was promoted', () => {
    const set = moveAlias(after([1, 'set']), { alias: 'challenger', to: 2, at: 1, why: 'set' });
    const up = moveAlias(set, { alias: 'champion', to: 2, at: 2, why: 'promoted' });
    const promoted = moveAlias(up, { alias: 'challenger', to: null, at: 2, why: 'promoted' });
    expect(findRollBack(promoted, () => true)).toEqual({ champion: 1, challenger: 2 });
    const another = moveAlias(promoted, { alias: 'challenger', to: 3, at: 3, why: 'set' });
    expect(findRollBack(another, () => true)).toEqual({ champion: 1, challenger: null });
    expect(numberOf(another, 'challenger')).toBe(3);
  });
});
