// Which backend trains and predicts: what there is, which one is taken and why, and whether it computes right. WebGPU
// means the compiled trainer, and TensorFlow.js on WebGPU for what that does not cover. What a machine offers is
// adapters.ts, how fast each is fastest.ts, what becomes of a device at work faults.ts.

import { UserError } from '../base/errors.ts';
import type { Gpu } from '../gpu/device.ts';
import type { BackendChoice } from '../model/recipe.ts';
import type { Network } from '../model/spec.ts';
import { probeWebGl, probeWebGpu } from './adapters.ts';
import { compiledFailed, compiledGpu, compilerGap, tuning } from './compiled.ts';
import type { BackendInfo, BackendInUse, BackendName, BackendReport } from './events.ts';
import { stepsOf, timeBackends, type Measured, type Work } from './fastest.ts';
import { deviceFailed } from './faults.ts';
import { createGpuLearner } from './gpuLearner.ts';
import { largestDifference, SELF_TEST_TOLERANCE, selfTestWeights } from './selfTest.ts';
import { loadTf, tfWasLoaded, type Tf } from './tf.ts';
import { startTf } from './tfBackends.ts';
import { createTfLearner } from './tfLearner.ts';

/** What computes: the compiled trainer on a device, or TensorFlow.js on its backend. */
export type Engine = { kind: 'compiled'; gpu: Gpu } | { kind: 'tf'; tf: Tf };

const CPU: BackendInfo = { name: 'cpu', available: true, adapter: 'plain JavaScript', software: false, reason: null };
const TITLES: Record<BackendName, string> = { webgpu: 'WebGPU', webgl: 'WebGL', cpu: 'the CPU' };

let inUse: (BackendInUse & { kind: Engine['kind'] }) | null = null;
/** what the self-test of each engine said; null: it computes right */
const tested = new Map<string, string | null>();
let reference: Promise<Float32Array> | null = null;
let probed: Promise<BackendReport> | null = null;

/** What this machine has, and what `auto` would take untimed. Loads nothing, and asks the browser once. */
export function probeBackends(): Promise<BackendReport> {
  probed ??= probe();
  return probed;
}

async function probe(): Promise<BackendReport> {
  const [webgpu, webgl] = [await probeWebGpu(), probeWebGl()];
  const backends = [webgpu, webgl, CPU];
  const auto = likely(backends);
  const notes = adapterNotes(backends, []).map((note) => `${note}.`);
  const how = 'A step of the recipe is timed on each backend here as a training begins, and the fastest is taken.';
  return { backends, auto: auto.name, reason: [how, ...notes].join(' ') };
}

/**
 * Makes a backend the one in use. `auto` times a step of the work on each and takes the fastest; where no work is given,
 * it takes WebGPU on a real adapter, else WebGL on a real one, else the CPU. Each has to give the CPU's gradients first;
 * one that does not is left, and the reason says so.
 * @param work what is to be done; the network alone where only predictions are
 * @throws UserError where the backend asked for is not there
 */
export async function useBackend(choice: BackendChoice, work: Partial<Work> = {}): Promise<BackendInUse> {
  if (choice === 'cpu') return take(CPU, 'tf', null);
  if (deviceFailed() || compiledFailed()) probed = null; // the machine may have another adapter now, or none
  const { backends } = await probeBackends();
  if (choice === 'auto') {
    const { network, training, rows } = work;
    if (network && training && rows) return takeFastest({ network, training, rows }, backends);
    return takeLikely(backends, network);
  }
  const info = backends.find(({ name }) => name === choice)!;
  if (!info.available) {
    throw new UserError('unsupported', `backend '${choice}': ${info.reason}; choose 'auto' or 'cpu'`);
  }
  const { fault, kind, gap } = await tryBackend(info, work.network);
  if (fault) return take(CPU, 'tf', `${TITLES[choice]} was asked for, but ${fault}; the CPU is used instead.`);
  return take(info, kind, gap && `TensorFlow.js on WebGPU, as this cannot be compiled: ${gap}.`);
}

/** What computes for a network on the backend in use; a lost device is replaced. */
export async function activeEngine(network: Network): Promise<Engine> {
  const failed = inUse?.kind === 'compiled' ? compiledFailed() : deviceFailed();
  if (inUse === null || failed) await useBackend(inUse?.backend ?? 'auto', { network });
  const { backend, kind } = inUse!;
  if (kind === 'tf') return { kind, tf: await startTf(backend) };
  if (compilerGap(network)) return { kind: 'tf', tf: await startTf('cpu') };
  return { kind, gpu: await compiledGpu() };
}

/** Where the work in progress runs. */
export function backendInUse(): BackendInUse {
  if (!inUse) throw new Error('no backend is in use yet');
  const { backend, adapter, reason } = inUse;
  return { backend, adapter, reason };
}

/** TensorFlow.js on the backend in use; on the CPU where the compiled trainer is, which does without it. */
export async function activeTf(): Promise<Tf> {
  if (inUse === null || (inUse.kind === 'tf' && deviceFailed())) await useBackend(inUse?.backend ?? 'auto');
  return startTf(inUse!.kind === 'tf' ? inUse!.backend : 'cpu');
}

/** What TensorFlow.js holds; zeros where it was not loaded. */
export async function memory(): Promise<{ numTensors: number; numBytes: number }> {
  if (!tfWasLoaded()) return { numTensors: 0, numBytes: 0 };
  const { numTensors, numBytes } = (await loadTf()).memory();
  return { numTensors, numBytes };
}

async function take(info: BackendInfo, kind: Engine['kind'], reason: string | null): Promise<BackendInUse> {
  if (kind === 'tf') await startTf(info.name);
  else await compiledGpu();
  inUse = { backend: info.name, adapter: info.adapter, reason, kind };
  return backendInUse();
}

/** Starts a backend and tests it, as it would compute this network. `fault` is what is wrong with it, or null. */
async function tryBackend(
  info: BackendInfo,
  network?: Network,
): Promise<{ fault: string | null; kind: Engine['kind']; gap: string | null }> {
  const gap = info.name === 'webgpu' && network ? compilerGap(network) : null;
  const kind = info.name === 'webgpu' && !gap ? 'compiled' : 'tf';
  const name = `${kind} ${info.name}`;
  try {
    const known = tested.get(name);
    if (known !== undefined) return { fault: known, kind, gap };
    reference ??= startTf('cpu').then((tf) => selfTestWeights((...o) => createTfLearner(tf, ...o)));
    const expected = await reference;
    const seen =
      kind === 'compiled'
        ? await compiledGpu().then((gpu) => selfTestWeights((...o) => createGpuLearner(gpu, tuning, ...o)))
        : await startTf(info.name).then((tf) => selfTestWeights((...o) => createTfLearner(tf, ...o)));
    const difference = largestDifference(seen, expected);
    const fault =
      difference <= SELF_TEST_TOLERANCE
        ? null
        : `its gradients differ from the CPU's by ${difference.toPrecision(2)} in the start-up test`;
    tested.set(name, fault);
    return { fault, kind, gap };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { fault: `it could not be started (${why})`, kind, gap }; // not remembered: the next call tries again
  }
}

/** The fastest of those that compute right. */
async function takeFastest(work: Work, backends: BackendInfo[]): Promise<BackendInUse> {
  const measured = await timeBackends(work, backends);
  const faults: string[] = [];
  const timed = backends.filter(({ name }) => measured.times[name] !== undefined);
  for (const info of timed.sort((a, b) => measured.times[a.name]! - measured.times[b.name]!)) {
    if (info.name === 'cpu') return take(info, 'tf', explainTimed(info, work, backends, measured, faults));
    const { fault, kind } = await tryBackend(info, work.network);
    if (!fault) return take(info, kind, explainTimed(info, work, backends, measured, faults));
    faults.push(`${TITLES[info.name]} is passed over: ${fault}`);
  }
  throw new Error('the CPU was not timed');
}

const likely = (backends: BackendInfo[]): BackendInfo =>
  backends.find((info) => info.available && !info.software && info.name !== 'cpu') ?? CPU;

async function takeLikely(backends: BackendInfo[], network?: Network): Promise<BackendInUse> {
  const faults: string[] = [];
  for (const info of backends) {
    if (info.name === 'cpu' || !info.available || info.software) continue;
    const { fault, kind } = await tryBackend(info, network);
    if (!fault) return take(info, kind, explainUntimed(info, backends, faults));
    faults.push(`${TITLES[info.name]} is passed over: ${fault}`);
  }
  return take(CPU, 'tf', explainUntimed(CPU, backends, faults));
}

const twoDigits = (ms: number): string => String(Number(ms.toPrecision(2)));
const capital = (text: string): string => text[0].toUpperCase() + text.slice(1);

/** Such as `Automatic choice: WebGPU (compiled), 3.1 ms a step; the CPU takes 5.9, WebGL 15.`, and what else is to be said. */
function explainTimed(
  taken: BackendInfo,
  work: Work,
  backends: BackendInfo[],
  { times, notes }: Measured,
  faults: string[],
): string {
  const gap = compilerGap(work.network);
  const title = (name: BackendName) => (name === 'webgpu' && !gap ? 'WebGPU (compiled)' : TITLES[name]);
  const others = backends
    .filter(({ name }) => name !== taken.name && times[name] !== undefined)
    .sort((a, b) => times[a.name]! - times[b.name]!)
    .map(({ name }, index) => `${title(name)} ${index === 0 ? 'takes ' : ''}${twoDigits(times[name]!)}`);
  const first = `Automatic choice: ${title(taken.name)}, ${twoDigits(times[taken.name]!)} ms a step`;
  const seconds = Math.max(0.01, (times.cpu! * stepsOf(work)) / 1000).toFixed(2);
  const compared =
    others.length > 0
      ? `${first}; ${others.join(', ')}.`
      : Object.keys(times).length === 1 && notes.length === 0
        ? `${first} and about ${seconds} s in all, over before another would have started.`
        : `${first}.`;
  const said = [...new Set([...faults, ...notes, ...adapterNotes(backends, notes)])];
  return [compared, ...said.map((note) => `${capital(note)}.`)].join(' ');
}

/** What is to be said of the adapters, where it was not said already. */
function adapterNotes(backends: BackendInfo[], said: string[]): string[] {
  const rest = backends.filter(({ name }) => !said.some((note) => note.startsWith(TITLES[name])));
  const absent = rest.filter(({ available }) => !available);
  const software = rest.filter((info) => info.available && info.software);
  return [
    ...absent.map(({ name, reason }) => `${TITLES[name]} is not available: ${reason}`),
    software.length === 1 && `${TITLES[software[0].name]} has only a software adapter here (${software[0].adapter})`,
    software.length > 1 && `${software.map(({ name }) => TITLES[name]).join(' and ')} have only software adapters here`,
  ].filter((note) => note !== false);
}

function explainUntimed(taken: BackendInfo, backends: BackendInfo[], faults: string[]): string {
  const before = taken.name === 'cpu' ? backends : backends.slice(0, backends.indexOf(taken));
  const where = taken.name === 'cpu' ? TITLES.cpu : `${TITLES[taken.name]} on ${taken.adapter}`;
  const why = [...adapterNotes(before, []), ...faults].join('; ');
  return `Automatic choice: ${where}${why ? `. ${why}` : ', the fastest here'}.`;
}
