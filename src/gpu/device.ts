// A WebGPU device as this folder uses it: asked for with what it can do, its pipelines kept, its failures turned into
// errors that a person can read.

import { UserError } from '../base/errors.ts';
import type { Kernel } from './wgsl.ts';

export interface Gpu {
  device: GPUDevice;
  /** names the adapter, to keep measurements under */
  adapter: string;
  /** four neighbouring threads can hand each other numbers */
  quads: boolean;
  /** a program that plays a GPU: barriers and small tiles are slow on it */
  software: boolean;
  /** how many threads keep it busy, roughly */
  threads: number;
}

const REMEDY = 'use a smaller batch or a smaller model, or another backend';
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|microsoft basic render|software/i;

/** Asks for a device with all that training can use. @throws UserError where there is no adapter */
export async function openGpu(): Promise<Gpu> {
  const adapter = await globalThis.navigator?.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new UserError('unsupported', 'webgpu: the browser offers no adapter; choose another backend');
  const { limits } = adapter;
  const quads = adapter.features.has('subgroups' as GPUFeatureName);
  const device = await adapter.requestDevice({
    requiredFeatures: quads ? ['subgroups' as GPUFeatureName] : [],
    requiredLimits: {
      maxBufferSize: limits.maxBufferSize,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
    },
  });
  return describeDevice(device, adapter.info);
}

/** What a device that someone else made can do. */
function describeDevice(device: GPUDevice, info: Partial<GPUAdapterInfo>): Gpu {
  const adapter =
    [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(' ') || 'unnamed';
  const software = SOFTWARE.test(adapter);
  const quads = device.features.has('subgroups' as GPUFeatureName);
  return { device, adapter, quads, software, threads: software ? 1024 : 32_768 };
}

interface Known {
  pipelines: Map<string, Promise<GPUComputePipeline>>;
  layouts: Map<string, GPUBindGroupLayout>;
  failure: Error | null;
  waiting: Set<(error: Error) => void>;
}

const known = new WeakMap<GPUDevice, Known>();

function knownOf(device: GPUDevice): Known {
  let entry = known.get(device);
  if (entry) return entry;
  entry = { pipelines: new Map(), layouts: new Map(), failure: null, waiting: new Set() };
  known.set(device, entry);
  const fail = (error: Error) => {
    entry.failure ??= error;
    for (const reject of entry.waiting) reject(entry.failure);
  };
  void device.lost.then(({ message, reason }) =>
    fail(
      new UserError(
        'missing',
        `webgpu device: it was lost while it worked (${message.trim() || reason}); train again, and if it happens again ${REMEDY}`,
      ),
    ),
  );
  device.addEventListener('uncapturederror', (event) => fail(explain((event as GPUUncapturedErrorEvent).error)));
  return entry;
}

function explain(error: GPUError): UserError {
  const message = error.message.trim();
  return error instanceof GPUOutOfMemoryError
    ? new UserError('unsupported', `size: out of memory on webgpu (${message}); ${REMEDY}`)
    : new UserError('unsupported', `operation on webgpu: the device refused it (${message}); ${REMEDY}`);
}

/** What the device has failed with: it is of no use any more. Null while it works. */
export function failureOf({ device }: Gpu): Error | null {
  return knownOf(device).failure;
}

/** @throws what the device has failed with, if it has */
export function checkDevice(gpu: Gpu): void {
  const failure = failureOf(gpu);
  if (failure) throw failure;
}

/** The promise, or the failure of the device while it was waited for: a lost device may never answer. */
export function whileDeviceWorks<T>({ device }: Gpu, promise: Promise<T>): Promise<T> {
  const entry = knownOf(device);
  return new Promise((resolve, reject) => {
    if (entry.failure) return reject(entry.failure);
    entry.waiting.add(reject);
    promise
      .then(resolve, async (error) => {
        // what was waited for may be refused a moment before the loss that is the reason is told
        await Promise.race([device.lost, new Promise((wake) => setTimeout(wake, 50))]);
        reject(entry.failure ?? error);
      })
      .finally(() => entry.waiting.delete(reject));
  });
}

/** Runs `make` and waits for what the device says to it. @throws UserError where memory is short or a size is refused */
export async function checked<T>(gpu: Gpu, make: () => T): Promise<T> {
  const { device } = gpu;
  device.pushErrorScope('validation');
  device.pushErrorScope('out-of-memory');
  let made: T;
  let scopes: Promise<(GPUError | null)[]>;
  try {
    made = make();
  } finally {
    scopes = Promise.all([device.popErrorScope(), device.popErrorScope()]);
  }
  const error = (await whileDeviceWorks(gpu, scopes)).find((found) => found !== null);
  if (error) throw explain(error);
  return made;
}

/** Whether one buffer of so many bytes can be had and bound. @throws UserError where it cannot */
export function checkSize({ device }: Gpu, name: string, bytes: number): void {
  const limit = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
  if (bytes <= limit) return;
  const megabytes = (size: number) => `${Math.ceil(size / 2 ** 20)} MB`;
  throw new UserError(
    'unsupported',
    `size of ${name}: ${megabytes(bytes)}, this device takes ${megabytes(limit)} in one piece; ${REMEDY}`,
  );
}

/** The layout of a kernel's bindings; kernels of one signature share it. */
export function layoutOf({ device }: Gpu, kernel: Kernel): GPUBindGroupLayout {
  const { layouts } = knownOf(device);
  const key = kernel.bindings.map(({ access }) => access).join();
  let layout = layouts.get(key);
  if (!layout) {
    layout = device.createBindGroupLayout({
      entries: kernel.bindings.map(({ access }, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer:
          access === 'uniform'
            ? { type: 'uniform', hasDynamicOffset: true }
            : { type: access === 'read' ? 'read-only-storage' : 'storage' },
      })),
    });
    layouts.set(key, layout);
  }
  return layout;
}

/** The pipeline of a kernel; compiled once for a device. */
export function pipelineOf(gpu: Gpu, kernel: Kernel): Promise<GPUComputePipeline> {
  const { pipelines } = knownOf(gpu.device);
  let pipeline = pipelines.get(kernel.code);
  if (!pipeline) {
    const { device } = gpu;
    device.pushErrorScope('validation'); // the pipeline's own error says the same
    const module = device.createShaderModule({ label: kernel.label, code: kernel.code });
    const scope = device.popErrorScope();
    pipeline = whileDeviceWorks(
      gpu,
      device.createComputePipelineAsync({
        label: kernel.label,
        layout: device.createPipelineLayout({ bindGroupLayouts: [layoutOf(gpu, kernel)] }),
        compute: { module, entryPoint: 'main' },
      }),
    ).catch(async (error) => {
      pipelines.delete(kernel.code);
      if (error instanceof UserError) throw error;
      const said = (await scope)?.message ?? (error as Error).message;
      throw new Error(`kernel ${kernel.label}: ${said}\n${kernel.code}`, { cause: error });
    });
    pipelines.set(kernel.code, pipeline);
  }
  return pipeline;
}
