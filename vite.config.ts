import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { licenses } from './scripts/licenses.mjs';
import { offline } from './scripts/offline.mjs';
import { predictor } from './scripts/predictor.mjs';

const shipped = licenses();
const predictorPage = predictor();

export default defineConfig({
  base: './', // the build works from any path of any static host
  plugins: [svelte(), shipped.page, predictorPage, offline({ leaveOut: (path) => path === 'screenshot.png' })],
  worker: {
    format: 'es',
    plugins: () => [shipped.worker(), predictorPage],
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  optimizeDeps: { exclude: ['onnxruntime-web'] }, // it finds its .wasm beside its own module
  build: {
    target: 'es2023',
    sourcemap: false,
    chunkSizeWarningLimit: 4000,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});
