import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { isSoftwareName } from '../../src/train/adapters.ts';
import { probeBackends, useBackend } from '../../src/train/backend.ts';
import { explainFailure } from '../../src/train/faults.ts';
import { largestDifference } from '../../src/train/selfTest.ts';

describe('an error of the engine', () => {
  it.each([
    [
      'cpu',
      new RangeError('Array buffer allocation failed'),
      /^unsupported size: out of memory on cpu .*smaller batch/,
    ],
    ['cpu', new RangeError('Invalid typed array length: 9e9'), /^unsupported size: out of memory on cpu/],
    ['webgpu', new Error('Device is lost.'), /^missing webgpu device: it was lost/],
    [
      'webgl',
      new Error('Requested texture size [1x99999] greater than WebGL maximum'),
      /^unsupported operation on webgl/,
    ],
  ] as const)('on %s, %s, becomes one that names the cause and the remedy', (backend, error, message) => {
    const explained = explainFailure(error, backend) as Error;
    expect(explained).toBeInstanceOf(UserError);
    expect(explained.message).toMatch(message);
  });

  it('that is not known is given back as it is', () => {
    const bug = new TypeError('x is undefined');
    expect(explainFailure(bug, 'cpu')).toBe(bug);
  });
});

describe('a software renderer', () => {
  it.each([
    ['ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero)), SwiftShader driver)', true],
    ['llvmpipe (LLVM 15.0.7, 256 bits)', true],
    ['Microsoft Basic Render Driver', true],
    ['google swiftshader', true],
    ['ANGLE (NVIDIA, NVIDIA GeForce RTX 4070, OpenGL 4.6)', false],
    ['apple metal-3', false],
  ])('is known by its name: %s', (name, software) => {
    expect(isSoftwareName(name)).toBe(software);
  });
});

describe('where there is no browser', () => {
  it('auto takes the CPU and says why', async () => {
    const { auto, backends } = await probeBackends();
    expect(auto).toBe('cpu');
    expect(backends.map(({ available }) => available)).toEqual([false, false, true]);
    const { backend, reason } = await useBackend('auto');
    expect(backend).toBe('cpu');
    expect(reason).toMatch(/^Automatic choice: the CPU\. WebGPU is not available/);
  });

  it.each(['webgpu', 'webgl'] as const)('%s is refused by name', async (name) => {
    await expect(useBackend(name)).rejects.toThrow(
      new RegExp(`^unsupported backend '${name}': .*choose 'auto' or 'cpu'`),
    );
  });
});

describe('the start-up test', () => {
  it('takes a NaN for the largest difference there is', () => {
    expect(largestDifference(Float32Array.of(1, NaN), Float32Array.of(1, 1))).toBe(Infinity);
    expect(largestDifference(Float32Array.of(1, 2), Float32Array.of(1, 2.5))).toBe(0.5);
  });
});
