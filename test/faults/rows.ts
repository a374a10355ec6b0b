// A row of the table of faults: one kind of fault, tried many times. Every trial counts, also after one that was not
// held, so that the reporter can say "tried 100, held 99"; a row in which one was not held is a failed test.

import { test } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** what reporter.ts prints */
    fault?: { row: string; tried: number; held: number; times: number };
  }
}

/** The part of the trials that is made: 1 is all of them, as `npm run test:faults` asks for. */
const SCALE = Number(process.env.FAULTS_SCALE ?? 0.1);
/** A row that breaks so often is broken: what is left of it would only take time. */
const MOST_BROKEN = 10;
export const TRIAL_MS = 60_000;

/** What Lathe promises to be done in is held to where all trials are made; a part of them runs beside other tests. */
export const promised = (ms: number): number => (SCALE === 1 ? ms : 5 * ms);

/** How many trials are made of so many. */
export function scaled(times: number): number {
  return Math.max(1, Math.round(times * SCALE));
}

/** Those of all points that are tried: all, or evenly spread ones, the first and the last among them. */
export function sampled<T>(points: T[]): T[] {
  const count = Math.min(points.length, Math.max(3, scaled(points.length)));
  if (count === points.length) return points;
  return Array.from({ length: count }, (_, i) => points[Math.round((i * (points.length - 1)) / (count - 1))]);
}

/**
 * Tries a fault so many times (a part of them in CI).
 * @param sentence what Lathe does about it
 * @param trial throws where it did not; is given its number, from 0
 */
export function fault(row: string, times: number, sentence: string, trial: (n: number) => Promise<void>): void {
  const count = scaled(times);
  test(sentence, { timeout: 2 * count * TRIAL_MS }, async ({ task }) => {
    await tryAll(
      task,
      row,
      Array.from({ length: count }, (_, n) => n),
      trial,
    );
  });
}

/**
 * Tries a fault at each of some points, such as every write, which are found when the test runs.
 * @param find the points; in CI evenly spread ones of them are tried
 */
export function faultAtEach<T>(
  row: string,
  sentence: string,
  find: () => Promise<T[]>,
  trial: (point: T) => Promise<void>,
): void {
  test(sentence, { timeout: 60 * TRIAL_MS }, async ({ task }) => {
    const points = sampled(await find());
    await tryAll(task, row, points, trial);
  });
}

/** The work, or an error where it takes longer than it ever should. */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function tryAll<T>(
  task: { meta: { fault?: { row: string; tried: number; held: number; times: number } } },
  row: string,
  points: T[],
  trial: (point: T) => Promise<void>,
): Promise<void> {
  const counted = (task.meta.fault = { row, tried: 0, held: 0, times: points.length });
  const broken: string[] = [];
  for (const point of points) {
    counted.tried++;
    try {
      await within(1.5 * TRIAL_MS, trial(point));
      counted.held++;
    } catch (error) {
      broken.push(`trial ${JSON.stringify(point)}: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
      if (broken.length === MOST_BROKEN) break;
    }
  }
  if (points.length === 0) throw new Error('no point was found at which to try it');
  if (broken.length > 0) throw new Error(`${counted.held} of ${counted.tried} held\n${broken.slice(0, 3).join('\n')}`);
}
