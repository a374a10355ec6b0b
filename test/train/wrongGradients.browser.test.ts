import { afterEach, expect, it, vi } from 'vitest';
import { useBackend } from '../../src/train/backend.ts';
import { loadTf } from '../../src/train/tf.ts';

afterEach(() => vi.restoreAllMocks());

it('a backend with wrong gradients is left for the CPU, even where it was asked for, and the reason says so', async () => {
  const tf = await loadTf();
  tf.unregisterKernel('Conv2DBackpropFilter', 'webgl');
  tf.registerKernel({
    kernelName: 'Conv2DBackpropFilter',
    backendName: 'webgl',
    kernelFunc: ({ attrs }) => tf.zeros((attrs as unknown as { filterShape: number[] }).filterShape),
  });
  const inUse = await useBackend('webgl');
  expect(inUse).toMatchObject({ backend: 'cpu', adapter: 'plain JavaScript' });
  expect(inUse.reason).toMatch(/^WebGL was asked for, but its gradients differ from the CPU's by [\d.]+/);
  expect(tf.getBackend()).toBe('cpu');
  expect((await useBackend('webgl')).backend).toBe('cpu'); // remembered
});

it('so is a compiled trainer with wrong gradients', async () => {
  const real = Object.getOwnPropertyDescriptor(GPUDevice.prototype, 'createShaderModule')!.value as (
    descriptor: GPUShaderModuleDescriptor,
  ) => GPUShaderModule;
  vi.spyOn(GPUDevice.prototype, 'createShaderModule').mockImplementation(function (this: GPUDevice, descriptor) {
    const code = descriptor.code.replaceAll('let g = raw', 'let g = 0.5 * raw');
    return real.call(this, { ...descriptor, code });
  });
  const inUse = await useBackend('webgpu');
  expect(inUse).toMatchObject({ backend: 'cpu', adapter: 'plain JavaScript' });
  expect(inUse.reason).toMatch(/^WebGPU was asked for, but its gradients differ from the CPU's by [\d.]+/);
});
