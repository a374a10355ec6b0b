// Which backend TensorFlow.js works on: what there is, which one is taken and why, and whether it computes right.
// What a machine offers is adapters.ts, what becomes of a device at work faults.ts.

import { UserError } from '../base/errors.ts';
import type { BackendChoice } from '../model/recipe.ts';
import { probeWebGl, probeWebGpu, requestAdapter } from './adapters.ts';
import type { BackendInfo, BackendName, BackendReport } from './events.ts';
import { deviceFailed, watchCanvas, watchGpu, watchNothing } from './faults.ts';
import { nextTask } from './pace.ts';
import { largestDifference, SELF_TEST_TOLERANCE, selfTestWeights } from './selfTest.ts';
import { loadTf, tfWasLoaded, type Tf } from './tf.ts';

export interface BackendInUse {
  backend: BackendName;
  /** such as `nvidia ada-lovelace`, `SwiftShader (software)`, `plain JavaScript` */
  adapter: string;
  /** why this one, a sentence; null where it was asked for and works */
  reason: string | null;
}

const CPU: BackendInfo = { name: 'cpu', available: true, adapter: 'plain JavaScript', software: false, reason: null };
const TITLES: Record<BackendName, string> = { webgpu: 'WebGPU', webgl: 'WebGL', cpu: 'the CPU' };

let inUse: BackendName | null = null;
/** what the self-test of each started backend said; null: it computes right */
const tested = new Map<BackendName, string | null>();
let reference: Float32Array | null = null;
let probed: Promise<BackendReport> | null = null;

/** What this machine has, and what `auto` would take. Loads nothing, and asks the browser once. */
export function probeBackends(): Promise<BackendReport> {
  probed ??= probe();
  return probed;
}

async function probe(): Promise<BackendReport> {
  const [webgpu, webgl] = [await probeWebGpu(), probeWebGl()];
  const auto = [webgpu, webgl].find((info) => info.available && !info.software) ?? CPU;
  return { backends: [webgpu, webgl, CPU], auto: auto.name, reason: explainAuto(auto, [webgpu, webgl], []) };
}

/**
 * Makes a backend the one in use. `auto` takes WebGPU on a real adapter, else WebGL on a real one, else the CPU. Each
 * has to give the CPU's gradients first; one that does not is left for the CPU, and the reason says so.
 * @throws UserError where the backend asked for is not there
 */
export async function useBackend(choice: BackendChoice): Promise<BackendInUse> {
  const tf = await loadTf();
  if (choice === 'cpu') return start(tf, CPU, null);
  if (deviceFailed()) probed = null; // the machine may have another adapter now, or none
  const { backends } = await probeBackends();
  if (choice !== 'auto') {
    const info = backends.find(({ name }) => name === choice)!;
    if (!info.available) {
      throw new UserError('unsupported', `backend '${choice}': ${info.reason}; choose 'auto' or 'cpu'`);
    }
    const fault = await tryBackend(tf, info);
    if (!fault) return { backend: choice, adapter: info.adapter, reason: null };
    return start(tf, CPU, `${TITLES[choice]} was asked for, but ${fault}; the CPU is used instead.`);
  }
  const faults: string[] = [];
  for (const info of backends) {
    if (info.name === 'cpu' || !info.available || info.software) continue;
    const fault = await tryBackend(tf, info);
    if (!fault) return { backend: info.name, adapter: info.adapter, reason: explainAuto(info, backends, faults) };
    faults.push(`${TITLES[info.name]} is passed over: ${fault}`);
  }
  return start(tf, CPU, explainAuto(CPU, backends, faults));
}

/** TensorFlow.js with a backend in use: the one that was chosen last, or what `auto` takes. */
export async function activeTf(): Promise<Tf> {
  if (inUse === null || deviceFailed()) await useBackend(inUse ?? 'auto');
  return loadTf();
}

/** What TensorFlow.js holds; zeros where it was not loaded. */
export async function memory(): Promise<{ numTensors: number; numBytes: number }> {
  if (!tfWasLoaded()) return { numTensors: 0, numBytes: 0 };
  const { numTensors, numBytes } = (await loadTf()).memory();
  return { numTensors, numBytes };
}

/** Starts a backend and tests it. Gives what is wrong with it, or null. */
async function tryBackend(tf: Tf, info: BackendInfo): Promise<string | null> {
  try {
    if (deviceFailed() && inUse === info.name) {
      tested.delete(info.name);
      discardBackend(tf, info.name);
    }
    const known = tested.get(info.name);
    if (known) return known;
    if (known === undefined && !reference) {
      await start(tf, CPU, null);
      reference = await selfTestWeights(tf);
    }
    await start(tf, info, null);
    await nextTask(); // a device that was lost while another backend was in use says so now
    if (deviceFailed()) {
      discardBackend(tf, info.name);
      await start(tf, info, null);
    }
    if (known === null) return null;
    const difference = largestDifference(await selfTestWeights(tf), reference!);
    const fault =
      difference <= SELF_TEST_TOLERANCE
        ? null
        : `its gradients differ from the CPU's by ${difference.toPrecision(2)} in the start-up test`;
    tested.set(info.name, fault);
    return fault;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `it could not be started (${why})`; // not remembered: the next call tries again
  }
}

async function start(tf: Tf, info: BackendInfo, reason: string | null): Promise<BackendInUse> {
  if (inUse !== info.name || deviceFailed()) {
    if (info.name === 'webgpu') await registerWebGpu(tf);
    if (!(await tf.setBackend(info.name))) throw new Error(`TensorFlow.js could not start ${info.name}`);
    inUse = info.name;
    const backend = tf.backend() as unknown as { device?: GPUDevice; gpgpu?: { gl: WebGL2RenderingContext } };
    if (backend.device) watchGpu(backend.device);
    else if (backend.gpgpu) watchCanvas(backend.gpgpu.gl.canvas);
    else watchNothing();
  }
  return { backend: info.name, adapter: info.adapter, reason };
}

/**
 * Loads the WebGPU backend and gives it a device. The package's own registration, which its import makes, takes an
 * adapter without looking whether there is one; ours stands in its place.
 */
async function registerWebGpu(tf: Tf): Promise<void> {
  if (webGpuRegistered) return;
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  tf.removeBackend('webgpu');
  tf.registerBackend(
    'webgpu',
    async () => {
      const adapter = await requestAdapter();
      if (!adapter) throw new Error('the browser offers no adapter');
      const { limits } = adapter;
      const device = await adapter.requestDevice({
        requiredLimits: {
          maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
          maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
          maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
          maxBufferSize: limits.maxBufferSize,
          maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
          maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
        },
      });
      return new WebGPUBackend(device, adapter.info);
    },
    3, // above WebGL, as the package has it
  );
  webGpuRegistered = true;
}
let webGpuRegistered = false;

/** Forgets a backend whose device is lost; its factory stays, to make a new one. */
function discardBackend(tf: Tf, name: BackendName): void {
  const factory = tf.findBackendFactory(name);
  tf.removeBackend(name);
  if (factory) tf.registerBackend(name, factory, name === 'webgpu' ? 3 : 2);
  inUse = null;
}

function explainAuto(taken: BackendInfo, backends: BackendInfo[], faults: string[]): string {
  const passed = backends
    .slice(0, taken.name === 'cpu' ? backends.length : backends.findIndex(({ name }) => name === taken.name))
    .filter((info) => info.name !== 'cpu')
    .flatMap((info) => {
      if (!info.available) return [`${TITLES[info.name]} is not available: ${info.reason}`];
      return info.software ? [`${TITLES[info.name]} has only a software adapter here (${info.adapter})`] : [];
    });
  const where = taken.name === 'cpu' ? TITLES.cpu : `${TITLES[taken.name]} on ${taken.adapter}`;
  const why = [...passed, ...faults].join('; ');
  return `Automatic choice: ${where}${why ? `. ${why}` : ', the fastest here'}.`;
}
