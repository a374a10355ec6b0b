// Ends work of TensorFlow.js that takes too long on a device. Its operations are queued and cannot be called back, so
// on WebGL each is waited for, and the time is looked at between two of them; a WebGPU device is destroyed. What runs
// on the CPU is not ended.

import type { Tf } from './tf.ts';

/** The time was over before the work was. */
export class TooSlow extends Error {
  constructor() {
    super('it did not finish in its time');
    this.name = 'TooSlow';
  }
}

/**
 * Runs `work`, which waits for the device at its end, on the backend that TensorFlow.js has in use.
 * @param end a moment of `performance.now()`
 * @throws TooSlow where the work was ended; the backend is then of no use any more
 */
export async function endAt<T>(tf: Tf, end: number, work: () => Promise<T>): Promise<T> {
  const { device, gpgpu } = tf.backend() as unknown as { device?: GPUDevice; gpgpu?: { gl: WebGL2RenderingContext } };
  const timer = setTimeout(() => device?.destroy(), Math.max(0, end - performance.now()));
  if (gpgpu) lookAfterEach(gpgpu.gl, end);
  try {
    return await work();
  } catch (error) {
    throw performance.now() >= end ? new TooSlow() : error;
  } finally {
    clearTimeout(timer);
    if (gpgpu) delete (gpgpu.gl as Partial<WebGL2RenderingContext>).drawElements; // the prototype's is seen again
  }
}

/** Every operation of TensorFlow.js on WebGL ends in one call that draws. */
function lookAfterEach(gl: WebGL2RenderingContext, end: number): void {
  const draw = gl.drawElements;
  const pixel = new Float32Array(4);
  gl.drawElements = (...args) => {
    draw.apply(gl, args);
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.FLOAT, pixel); // `finish` does not wait in every browser
    if (performance.now() > end) throw new TooSlow();
  };
}
