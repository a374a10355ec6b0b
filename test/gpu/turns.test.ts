// The order of calls while the first of them holds the others back.

import { expect, test } from 'vitest';
import { Turns } from '../../src/gpu/turns.ts';

/** A job that ends when it is told to, and its name in the order of the beginnings. */
function jobs() {
  const begun: string[] = [];
  const open = new Map<string, () => void>();
  const job = (name: string) => () => {
    begun.push(name);
    return new Promise<string>((resolve) => open.set(name, () => resolve(name)));
  };
  return { begun, job, end: (name: string) => open.get(name)!() };
}
const settle = () => new Promise((resolve) => setTimeout(resolve));

test('nothing waits where nothing is first', () => {
  const { begun, job } = jobs();
  const turns = new Turns();
  void turns.take(job('a'));
  void turns.take(job('b'));
  expect(begun).toEqual(['a', 'b']);
});

test('what comes during the first begins after its end, in order, one not waiting for another', async () => {
  const { begun, job, end } = jobs();
  const turns = new Turns();
  const first = turns.first(job('first'));
  void turns.take(job('a'));
  void turns.first(job('b'));
  await settle();
  expect(begun).toEqual(['first']);
  end('first');
  expect(await first).toBe('first');
  void turns.take(job('c'));
  await settle();
  expect(begun).toEqual(['first', 'a', 'b', 'c']);
});

test('a first that fails holds nobody back', async () => {
  const { begun, job } = jobs();
  const turns = new Turns();
  const first = turns.first(() => Promise.reject(new Error('no')));
  void turns.take(job('a'));
  await expect(first).rejects.toThrow('no');
  await settle();
  expect(begun).toEqual(['a']);
});
