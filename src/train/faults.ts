// What can go wrong with a device while it works: lost, out of memory, refused. Watches the device in use and turns
// what it or TensorFlow.js says into an error that names the cause and the remedy.

import { UserError } from '../base/errors.ts';
import type { BackendName } from './events.ts';

const REMEDY = "use a smaller batch or a smaller model, or the backend 'cpu'";

let failure: Error | null = null;
const waiting = new Set<(error: Error) => void>();

function fail(error: Error): void {
  failure ??= error;
  for (const reject of waiting) reject(failure);
}

/** Forgets what was seen, and watches no device: for one that cannot fail. */
export function watchNothing(): void {
  stopWatching();
  failure = null;
}

/** Watches a WebGPU device until the next is watched: its loss, and errors that nobody waits for. */
export function watchGpu(device: GPUDevice): void {
  failure = null;
  let current = true;
  stopWatching();
  stopWatching = () => (current = false);
  void device.lost.then((info) => {
    if (current) fail(lost('webgpu', info.message || info.reason));
  });
  device.addEventListener('uncapturederror', (event) => {
    const { error } = event as GPUUncapturedErrorEvent;
    if (!current) return;
    fail(
      typeof GPUOutOfMemoryError !== 'undefined' && error instanceof GPUOutOfMemoryError
        ? outOfMemory('webgpu', error.message)
        : refused('webgpu', error.message),
    );
  });
}

let stopWatching: () => void = () => {};

/** Watches the canvas behind a WebGL context for the loss of the context. */
export function watchCanvas(canvas: EventTarget): void {
  failure = null;
  let current = true;
  stopWatching();
  stopWatching = () => (current = false);
  canvas.addEventListener('webglcontextlost', () => {
    if (current) fail(lost('webgl', 'the browser took the context away'));
  });
}

/** Whether the device in use has failed and must be made anew. */
export function deviceFailed(): boolean {
  return failure !== null;
}

/** @throws what the device in use has failed with, if it has */
export function checkDevice(): void {
  if (failure) throw failure;
}

/** The promise, or the failure of the device while it was waited for: a lost device may never answer. */
export function whileDeviceWorks<T>(promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    if (failure) return reject(failure);
    waiting.add(reject);
    promise.then(resolve, reject).finally(() => waiting.delete(reject));
  });
}

/** Whether this is the error that says a device was lost: on another, the work can go on. */
export function isDeviceLoss(error: unknown): error is UserError {
  return error instanceof UserError && error.code === 'missing' && /device: it was lost/.test(error.message);
}

/** What to throw for an error of TensorFlow.js or the device: a UserError where the cause is known, else the error itself. */
export function explainFailure(error: unknown, backend: BackendName): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error;
  if (failure) return failure;
  const { message } = error;
  if (/device.*lost|lost.*device|context.*lost|lost.*context/i.test(message)) return lost(backend, message);
  if (
    (error instanceof RangeError && /allocation|array buffer|typed array|array length/i.test(message)) ||
    /out of memory|not enough memory|failed to allocate/i.test(message)
  ) {
    return outOfMemory(backend, message);
  }
  if (/texture size|exceeds|maxBufferSize|max.*(buffer|workgroup)|GPUBuffer|createBuffer/i.test(message)) {
    return refused(backend, message);
  }
  return error;
}

const lost = (backend: BackendName, why: string) =>
  new UserError(
    'missing',
    `${backend} device: it was lost while it worked (${why.trim()}); train again, and if it happens again ${REMEDY}`,
  );
const outOfMemory = (backend: BackendName, why: string) =>
  new UserError('unsupported', `size: out of memory on ${backend} (${why.trim()}); ${REMEDY}`);
const refused = (backend: BackendName, why: string) =>
  new UserError('unsupported', `operation on ${backend}: the device refused it (${why.trim()}); ${REMEDY}`);
