// The buffers of one plan on a device, by name, from their making to their end; and the way numbers come back: through
// a staging buffer that is waited for, never by a synchronous read.

import { checkDevice, checkSize, whileDeviceWorks, type Gpu } from './device.ts';

export class DeviceMemory {
  readonly #gpu: Gpu;
  readonly #buffers = new Map<string, GPUBuffer>();
  readonly #staging = new Set<GPUBuffer>();
  #disposed = false;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** Makes a buffer of zeros, in place of one of the same name. @throws UserError where the device cannot hold it */
  make(name: string, bytes: number, usage = GPUBufferUsage.STORAGE): GPUBuffer {
    checkSize(this.#gpu, name, bytes);
    this.drop(name);
    const buffer = this.#gpu.device.createBuffer({
      label: name,
      size: Math.max(16, bytes),
      usage: usage | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    this.#buffers.set(name, buffer);
    return buffer;
  }

  /** Makes a buffer of these numbers. */
  upload(name: string, values: Float32Array): void {
    this.make(name, values.byteLength);
    this.write(name, values);
  }

  write(name: string, values: Float32Array | Uint32Array): void {
    const { buffer, byteOffset, byteLength } = values;
    this.#gpu.device.queue.writeBuffer(this.get(name), 0, buffer, byteOffset, byteLength);
  }

  has(name: string): boolean {
    return this.#buffers.has(name);
  }

  drop(name: string): void {
    this.#buffers.get(name)?.destroy();
    this.#buffers.delete(name);
  }

  /** A bound method: kernels ask by name. */
  readonly get = (name: string): GPUBuffer => {
    if (this.#disposed) throw new Error('what it was on the device is disposed of');
    const buffer = this.#buffers.get(name);
    if (!buffer) throw new Error(`no buffer ${name}`);
    return buffer;
  };

  /** Sets every number to 0. */
  clear(names: Iterable<string>): void {
    const encoder = this.#gpu.device.createCommandEncoder();
    for (const name of names) encoder.clearBuffer(this.get(name));
    this.#gpu.device.queue.submit([encoder.finish()]);
  }

  /** The numbers of a buffer. */
  async read(name: string): Promise<Float32Array> {
    const from = this.get(name);
    return this.readBack(from.size, (encoder, to) => encoder.copyBufferToBuffer(from, 0, to, 0, from.size));
  }

  /** Submits what `encode` writes, and gives what it has copied to the buffer it is handed. */
  async readBack(bytes: number, encode: (encoder: GPUCommandEncoder, to: GPUBuffer) => void): Promise<Float32Array> {
    const { device } = this.#gpu;
    checkDevice(this.#gpu);
    const to = device.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    this.#staging.add(to);
    try {
      const encoder = device.createCommandEncoder();
      encode(encoder, to);
      device.queue.submit([encoder.finish()]);
      await whileDeviceWorks(this.#gpu, to.mapAsync(GPUMapMode.READ));
      return new Float32Array(to.getMappedRange().slice(0));
    } finally {
      this.#staging.delete(to);
      to.destroy();
    }
  }

  /** Gives everything back; what is being read ends with an error. */
  dispose(): void {
    this.#disposed = true;
    for (const name of [...this.#buffers.keys()]) this.drop(name);
    for (const buffer of this.#staging) buffer.destroy();
    this.#staging.clear();
  }
}
