// The backends by the names that people know.

import type { BackendChoice } from '../../model/recipe.ts';

export const BACKEND_NAMES: Record<BackendChoice, string> = {
  auto: 'Automatic',
  webgpu: 'WebGPU',
  webgl: 'WebGL',
  cpu: 'CPU',
};
