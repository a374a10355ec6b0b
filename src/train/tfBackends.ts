// TensorFlow.js' own backends: started when they are asked for, started anew when their device was lost. Which one is
// taken is backend.ts.

import { requestAdapter } from './adapters.ts';
import type { BackendName } from './events.ts';
import { deviceFailed, watchCanvas, watchGpu, watchNothing } from './faults.ts';
import { nextTask } from './pace.ts';
import { loadTf, type Tf } from './tf.ts';

/** What a backend of TensorFlow.js computes on. */
interface Device {
  device?: GPUDevice;
  gpgpu?: { gl: WebGL2RenderingContext };
}

let running: BackendName | null = null;
const started = new Map<BackendName, Device>();

/** TensorFlow.js with this backend in use, on a device that works. @throws Error where it cannot be started */
export async function startTf(name: BackendName): Promise<Tf> {
  const tf = await loadTf();
  if (deviceFailed() && running) discard(tf, running);
  if (running === name) return tf;
  await set(tf, name);
  await nextTask(); // a device that was lost while another backend was in use says so now
  if (deviceFailed() || started.get(name)?.gpgpu?.gl.isContextLost()) {
    discard(tf, name);
    await set(tf, name);
  }
  return tf;
}

/** Gives a device back that TensorFlow.js was given, and all that lies on it. Nothing happens where it has none. */
export async function stopTf(name: 'webgl' | 'webgpu'): Promise<void> {
  const { device, gpgpu } = started.get(name) ?? {};
  if (!device && !gpgpu) return;
  if (running === name) await startTf('cpu'); // nobody watches it now: that it is lost is no failure
  discard(await loadTf(), name);
  device?.destroy();
  gpgpu?.gl.getExtension('WEBGL_lose_context')?.loseContext();
}

async function set(tf: Tf, name: BackendName): Promise<void> {
  if (name === 'webgpu') await registerWebGpu(tf);
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js could not start ${name}`);
  running = name;
  const backend = tf.backend() as unknown as Device;
  started.set(name, backend);
  if (backend.device) watchGpu(backend.device);
  else if (backend.gpgpu) watchCanvas(backend.gpgpu.gl.canvas);
  else watchNothing();
}

/** Forgets a backend whose device is lost; its factory stays, to make a new one. */
function discard(tf: Tf, name: BackendName): void {
  const factory = tf.findBackendFactory(name);
  tf.removeBackend(name);
  if (factory) tf.registerBackend(name, factory, name === 'webgpu' ? 3 : 2);
  started.delete(name);
  if (running === name) running = null;
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
