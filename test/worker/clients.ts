// Clients for the tests: each test file has a database of its own, and a second client sees what the first one kept.

import { eraseWorkspace } from '../store/erase.ts';
import { openClient, type Client } from '../../src/worker/client.ts';

/** Removes a test's workspace; its clients are closed before. */
export const removeDatabase = eraseWorkspace;

/** A client with a worker of its own on this database. */
export function clientOn(database: string): Client {
  return openClient({ database, baseURI: new URL('/', location.href).href });
}

/** A CSV file. */
export function csv(name: string, text: string): File {
  return new File([text], name, { type: 'text/csv' });
}

/** The error that a promise rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

/** Two clouds of points that a line tells apart, as CSV. */
export function twoClouds(rows: number): string {
  const lines = Array.from({ length: rows }, (_, i) => {
    const side = i % 2 === 0 ? 1 : -1;
    const wobble = Math.sin(i * 12.9898);
    return `${(side + 0.6 * wobble).toFixed(3)},${(side * 0.5 - wobble).toFixed(3)},${side > 0 ? 'yes' : 'no'}`;
  });
  return `a,b,class\n${lines.join('\n')}\n`;
}

/** A promise and what settles it. */
export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}
