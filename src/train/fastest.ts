// How long a step of a training takes on each backend of this machine: some steps on made-up rows, within about a second
// in all. A backend that has finished none by the end of its share is told as such, which is a measurement too, but for
// the compiled trainer, whose step is then reckoned from its largest kernels. What was
// measured is kept by adapter and shape; what had no time, as on a busy machine, is timed again at a later training.
// How one backend is timed is stepTime.ts; which one is taken, backend.ts.

import type { TrainingSpec } from '../model/recipe.ts';
import type { Network } from '../model/spec.ts';
import { compilerGap } from './compiled.ts';
import type { BackendInfo, BackendName } from './events.ts';
import { stepTimers, TooSlow, type StepTime, type StepTimers } from './stepTime.ts';

/** A training that is to be done. */
export interface Work {
  network: Network;
  training: TrainingSpec;
  /** of the training part */
  rows: number;
  /** names of layers that do not learn */
  frozen?: readonly string[];
}

/** What came of timing one backend. */
export type Outcome =
  | ({ kind: 'step' } & StepTime)
  | { kind: 'unfinished'; allowedMs: number }
  /** `why` is a clause */
  | { kind: 'failed'; why: string };

export type Outcomes = Partial<Record<BackendName, Outcome>>;

/** Where measurements are kept. */
export interface Shelf {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
}

/** What measuring uses: a test has timers of its own. */
export interface Tools {
  timers: StepTimers;
  shelf: Shelf;
}

/**
 * Milliseconds of all measurements: starting a device, compiling, and steps. What ends late has the rest of the second.
 * The loading of TensorFlow.js is not counted, as the rest of a training needs it in any case.
 */
const ALL_MS = 900;
/** Milliseconds of the CPU's steps. */
const CPU_MS = 250;
/** Milliseconds that each other backend has at least; less where a program plays WebGL, which compiles for seconds to be slow. */
const SHARE_MS = 300;
const SOFTWARE_GL_MS = 150;
/**
 * Milliseconds of a training by the fastest that was timed. One that takes longer pays for what was still compiling when
 * its share was over: on a real adapter, and on any where a step is compiled as a whole, which beat the CPU on each work
 * of the bench that takes so long.
 */
const LONG_MS = 10_000;
/** A training that takes the CPU less than so many milliseconds is over there before the others are timed. */
const SMALL_MS = 1000;
/** Milliseconds of a step on the CPU whose operations are short enough elsewhere to end the step between two of them. */
const DIVISIBLE_MS = 100;

/** Outcomes as they are kept, and how many trainings of the shape have begun. */
interface Kept {
  outcomes: Outcomes;
  trainings: number;
}

const inMemory = new Map<string, unknown>();
const memoryShelf: Shelf = {
  get: async (key) => inMemory.get(key),
  set: async (key, value) => void inMemory.set(key, value),
};
let tools: Tools = { timers: stepTimers, shelf: memoryShelf };

/** Keeps measurements on this shelf from now on; in memory, until one is named. */
export function keepMeasurements(on: Shelf): void {
  tools = { ...tools, shelf: on };
}

/** Steps of a training in all. */
export function stepsOf({ training, rows }: Work): number {
  return Math.ceil(rows / batchOf(training, rows)) * training.epochs;
}

const batchOf = ({ batchSize }: TrainingSpec, rows: number): number => Math.min(batchSize, rows);

/** Times a step on the CPU and, where the training is worth it, on whatever else there is. */
export async function timeBackends(
  work: Work,
  backends: BackendInfo[],
  { timers, shelf }: Tools = tools,
): Promise<Outcomes> {
  const key = keyOf(work, backends);
  const kept = (await shelf.get(key)) as Kept | undefined;
  const outcomes: Outcomes = { ...kept?.outcomes };
  const trainings = (kept?.trainings ?? 0) + 1;
  if (!kept) await timers.load();
  const begin = performance.now();
  const spent = () => performance.now() - begin;

  const cpu =
    outcomes.cpu?.kind === 'step' ? outcomes.cpu : { kind: 'step' as const, ...(await timers.cpu(work, CPU_MS)) };
  outcomes.cpu = cpu;
  const keep = () => {
    const lasting = Object.entries(outcomes).filter(([, { kind }]) => kind !== 'failed'); // a failure may pass
    return shelf.set(key, { outcomes: Object.fromEntries(lasting), trainings } satisfies Kept);
  };
  await keep();
  if (cpu.ms * stepsOf(work) < SMALL_MS) return { cpu };

  // WebGPU last: what it still compiles when its time is over would disturb another
  const others = backends.filter(({ name, available }) => name !== 'cpu' && available).toReversed();
  const rows = Math.max(1, Math.floor(batchOf(work.training, work.rows) * Math.min(1, DIVISIBLE_MS / cpu.ms)));
  const slow = ({ name, software }: BackendInfo) => name === 'webgl' && software;
  const due = others.filter(({ name }) => !outcomes[name] || (hadNoTime(outcomes[name]) && isTimedAgain(trainings)));
  for (const [index, info] of due.entries()) {
    const { name } = info;
    const equal = Math.max(SHARE_MS, (ALL_MS - spent()) / (due.length - index));
    const allowedMs = Math.round(slow(info) ? SOFTWARE_GL_MS : equal);
    const outcome = await timed(() => timers[name](work, allowedMs, slow(info) ? rows : Infinity), allowedMs);
    if (outcome.kind === 'step' || outcomes[name]?.kind !== 'step') outcomes[name] = outcome; // an estimate is better than none
    await keep();
  }
  return outcomes;
}

/** The machine may have been busy, or what was still compiling then lies ready now. */
const hadNoTime = (outcome: Outcome): boolean =>
  outcome.kind === 'unfinished' || (outcome.kind === 'step' && outcome.estimated === true);

/** At the 4th, the 8th, the 16th and so on: what is slow for ever costs little. */
const isTimedAgain = (trainings: number): boolean => trainings >= 4 && Number.isInteger(Math.log2(trainings));

/** The backends that may be taken, the fastest first; before them, in a long training, what promises to be faster. */
export function ranked(work: Work, backends: BackendInfo[], outcomes: Outcomes): BackendInfo[] {
  const ms = ({ name }: BackendInfo) => {
    const outcome = outcomes[name];
    return outcome?.kind === 'step' ? outcome.ms : Infinity;
  };
  const long = Math.min(...backends.map(ms)) * stepsOf(work) >= LONG_MS;
  const quick = ({ name, software }: BackendInfo) => !software || (name === 'webgpu' && !compilerGap(work.network));
  const promising = (info: BackendInfo) => long && quick(info) && outcomes[info.name]?.kind === 'unfinished';
  const timed = backends.filter((info) => ms(info) < Infinity).sort((a, b) => ms(a) - ms(b));
  return [...backends.filter(promising), ...timed];
}

async function timed(time: () => Promise<StepTime>, allowedMs: number): Promise<Outcome> {
  try {
    return { kind: 'step', ...(await time()) };
  } catch (error) {
    if (error instanceof TooSlow) return { kind: 'unfinished', allowedMs };
    return { kind: 'failed', why: error instanceof Error ? error.message : String(error) };
  }
}

/** Whatever a step's time depends on. */
function keyOf({ network, training, rows, frozen = [] }: Work, backends: BackendInfo[]): string {
  const { inputShape, layers, head } = network;
  const { optimizer, l1, l2, clipNorm } = training;
  const adapters = backends.filter(({ available }) => available).map(({ adapter }) => adapter);
  const batch = batchOf(training, rows);
  const reads = Math.min(Math.ceil(rows / batch), 64); // short epochs wait for the device more often
  const rule = [optimizer.kind, l1 > 0, l2 > 0, ...(clipNorm ? ['clipped'] : [])];
  const still = frozen.length > 0 ? [['frozen', ...frozen]] : [];
  return JSON.stringify(['step times', adapters, inputShape, layers, head, batch, reads, ...rule, ...still]);
}
