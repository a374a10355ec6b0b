// Which backend trains and predicts: what there is, which one is taken and why, and whether it computes right. WebGPU
// means the compiled trainer, and TensorFlow.js on WebGPU for what that does not cover. What a machine offers is
// adapters.ts, how fast each is fastest.ts, what is said of the choice choice.ts, what becomes of a device at work
// faults.ts.

import { UserError } from '../base/errors.ts';
import type { Gpu } from '../gpu/device.ts';
import type { BackendChoice } from '../model/recipe.ts';
import type { Network } from '../model/spec.ts';
import { probeWebGl, probeWebGpu } from './adapters.ts';
import { explainMachine, explainTimed, explainUntimed, TITLES } from './choice.ts';
import { compiledFailed, compiledGpu, compilerGap, tuning } from './compiled.ts';
import type { BackendInfo, BackendInUse, BackendReport } from './events.ts';
import { ranked, timeBackends, type Work } from './fastest.ts';
import { deviceFailed } from './faults.ts';
import { createGpuLearner } from './gpuLearner.ts';
import { largestDifference, SELF_TEST_TOLERANCE, selfTestWeights } from './selfTest.ts';
import { loadTf, tfWasLoaded, type Tf } from './tf.ts';
import { startTf, stopTf } from './tfBackends.ts';
import { createTfLearner } from './tfLearner.ts';

/** What computes: the compiled trainer on a device, or TensorFlow.js on its backend. */
export type Engine = { kind: 'compiled'; gpu: Gpu } | { kind: 'tf'; tf: Tf };

const CPU: BackendInfo = { name: 'cpu', available: true, adapter: 'plain JavaScript', software: false, reason: null };

/** Losses of a device after which work leaves its kind. */
const MOST_LOSSES = 3;

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
  return { backends, auto: likely(backends).name, reason: explainMachine(backends) };
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
  if (inUse === null) await useBackend('auto', { network });
  else if (failed) await replaceDevice(1, network);
  const { backend, kind } = inUse!;
  if (kind === 'tf') return { kind, tf: await startTf(backend) };
  if (compilerGap(network)) return { kind: 'tf', tf: await startTf('cpu') };
  return { kind, gpu: await compiledGpu() };
}

/** Takes another device into use for one that was lost: of the same kind, and in the end, or where there is none, the CPU. */
export async function replaceDevice(losses: number, network?: Network): Promise<void> {
  if (losses < MOST_LOSSES) {
    try {
      return void (await useBackend(inUse!.backend, { network }));
    } catch (error) {
      console.warn('no new device:', error); // the CPU is left
    }
  }
  await useBackend('cpu');
}

/** Where the work in progress runs. */
export function backendInUse(): BackendInUse {
  if (!inUse) throw new Error('no backend is in use yet');
  const { backend, adapter, reason } = inUse;
  return { backend, adapter, reason };
}

/** TensorFlow.js on the backend in use; on the CPU where the compiled trainer is, which does without it. */
export async function activeTf(): Promise<Tf> {
  if (inUse === null) await useBackend('auto');
  else if (inUse.kind === 'tf' && deviceFailed()) await replaceDevice(1);
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

/** The fastest of those that compute right. The others' devices are given back. */
async function takeFastest(work: Work, backends: BackendInfo[]): Promise<BackendInUse> {
  const outcomes = await timeBackends(work, backends);
  const gap = compilerGap(work.network);
  const faults: string[] = [];
  for (const info of ranked(work, backends, outcomes)) {
    const { fault, kind } =
      info.name === 'cpu' ? { fault: null, kind: 'tf' as const } : await tryBackend(info, work.network);
    if (fault) {
      faults.push(`${TITLES[info.name]} is passed over: ${fault}`);
      continue;
    }
    const used = await take(info, kind, explainTimed(info, work, backends, outcomes, faults, gap));
    for (const name of ['webgl', 'webgpu'] as const) if (kind !== 'tf' || name !== info.name) await stopTf(name);
    return used;
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
