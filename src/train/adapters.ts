// What this machine has to compute on, asked of the browser and without TensorFlow.js: the WebGPU adapter, the WebGL
// renderer, and whether either is a program that only plays a GPU.

import type { BackendInfo } from './events.ts';

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|swrast|microsoft basic render|software/i;

/** Whether a renderer's name is that of a software rasteriser. */
export function isSoftwareName(name: string): boolean {
  return SOFTWARE.test(name);
}

/** The adapter that WebGPU would work on; null where there is none. */
export async function requestAdapter(): Promise<GPUAdapter | null> {
  const { gpu } = globalThis.navigator ?? {};
  if (!gpu) return null;
  try {
    return await gpu.requestAdapter({ powerPreference: 'high-performance' });
  } catch {
    return null; // a browser that blocks its GPU rejects instead of giving null
  }
}

/** What WebGPU offers here. */
export async function probeWebGpu(): Promise<BackendInfo> {
  const none = (reason: string): BackendInfo => ({
    name: 'webgpu',
    available: false,
    adapter: 'none',
    software: false,
    reason,
  });
  if (!globalThis.navigator?.gpu) {
    return none('this browser has no WebGPU, or the page did not come over https or from localhost');
  }
  const adapter = await requestAdapter();
  if (!adapter) return none('the browser has WebGPU but offers no adapter');
  const info: Partial<GPUAdapterInfo> & { isFallbackAdapter?: boolean } = adapter.info ?? {};
  const parts = [info.vendor, info.architecture, info.device, info.description].filter(Boolean) as string[];
  const fallback =
    info.isFallbackAdapter === true || (adapter as { isFallbackAdapter?: boolean }).isFallbackAdapter === true;
  return describe('webgpu', info.description || parts.join(' '), fallback || isSoftwareName(parts.join(' ')));
}

/** What WebGL 2 offers here; the context that is made to ask is given back. */
export function probeWebGl(): BackendInfo {
  const none = (reason: string): BackendInfo => ({
    name: 'webgl',
    available: false,
    adapter: 'none',
    software: false,
    reason,
  });
  const canvas =
    typeof OffscreenCanvas !== 'undefined'
      ? new OffscreenCanvas(1, 1)
      : typeof document !== 'undefined'
        ? document.createElement('canvas')
        : null;
  if (!canvas) return none('there is no canvas here');
  const gl = canvas.getContext('webgl2') as WebGL2RenderingContext | null;
  if (!gl) return none('this browser has no WebGL 2');
  try {
    if (!gl.getExtension('EXT_color_buffer_float')) return none('WebGL has no 32-bit floats here');
    const detail = gl.getExtension('WEBGL_debug_renderer_info');
    const renderer = String(gl.getParameter(detail ? detail.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
    return describe('webgl', renderer, isSoftwareName(renderer));
  } finally {
    gl.getExtension('WEBGL_lose_context')?.loseContext();
  }
}

function describe(name: 'webgpu' | 'webgl', adapter: string, software: boolean): BackendInfo {
  const label = adapter || 'an adapter without a name';
  return {
    name,
    available: true,
    adapter: software && !/software/i.test(label) ? `${label} (software)` : label,
    software,
    reason: software ? 'a software adapter: seldom faster than the CPU' : null,
  };
}
