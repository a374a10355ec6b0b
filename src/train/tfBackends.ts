// TensorFlow.js' own backends: started when they are asked for, started anew when their device was lost. Which one is
// taken is backend.ts.

import { requestAdapter } from './adapters.ts';
import type { BackendName } from './events.ts';
import { deviceFailed, watchCanvas, watchGpu, watchNothing } from './faults.ts';
import { nextTask } from './pace.ts';
import { loadTf, type Tf } from './tf.ts';

let running: BackendName | null = null;

/** TensorFlow.js with this backend in use, on a device that works. @throws Error where it cannot be started */
export async function startTf(name: BackendName): Promise<Tf> {
  const tf = await loadTf();
  if (deviceFailed() && running) discard(tf, running);
  if (running === name) return tf;
  await set(tf, name);
  await nextTask(); // a device that was lost while another backend was in use says so now
  if (deviceFailed()) {
    discard(tf, name);
    await set(tf, name);
  }
  return tf;
}

/** The backend that TensorFlow.js has in use; null before the first. */
export function runningTf(): BackendName | null {
  return running;
}

async function set(tf: Tf, name: BackendName): Promise<void> {
  if (name === 'webgpu') await registerWebGpu(tf);
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js could not start ${name}`);
  running = name;
  const backend = tf.backend() as unknown as { device?: GPUDevice; gpgpu?: { gl: WebGL2RenderingContext } };
  if (backend.device) watchGpu(backend.device);
  else if (backend.gpgpu) watchCanvas(backend.gpgpu.gl.canvas);
  else watchNothing();
}

/** Forgets a backend whose device is lost; its factory stays, to make a new one. */
function discard(tf: Tf, name: BackendName): void {
  const factory = tf.findBackendFactory(name);
  tf.removeBackend(name);
  if (factory) tf.registerBackend(name, factory, name === 'webgpu' ? 3 : 2);
  running = null;
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
