import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { CHROMIUM_ARGS, findChromium, SOFTWARE_WEBGPU_ARGS } from './scripts/chromium.mjs';
import { predictor } from './scripts/predictor.mjs';

/** What is waited for comes sooner or later; how soon depends on what else the machine does. */
const expect = { poll: { timeout: 60_000 } };

/** `unit` runs in Node, `browser` in Chromium with WebGPU on the software adapter, `e2e` drives the built app,
 * `faults` breaks what is under it. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/faults/**', 'test/**/*.browser.test.ts'],
          testTimeout: 240_000, // in a run of everything it gives way to the built page
        },
      },
      {
        plugins: [svelte(), predictor()],
        worker: { plugins: () => [predictor()] },
        optimizeDeps: {
          exclude: [
            'onnxruntime-web', // it finds its .wasm beside its own module
            'hyparquet', // modules as they are, imported one by one
          ],
          include: [
            '@tensorflow/tfjs',
            '@tensorflow/tfjs-backend-webgpu',
            'papaparse',
            '@zip.js/zip.js',
            '@zip.js/zip.js/lib/zip-core-custom.js',
            'idb',
            '@noble/hashes/sha2.js',
            'valibot',
            'hyparquet-writer',
            '@bufbuild/protobuf/wire',
          ],
        },
        test: {
          name: 'browser',
          retry: 1, // a software adapter on a loaded machine; the end of the run names what was tried again
          include: ['test/**/*.browser.test.ts'],
          testTimeout: 120_000,
          expect,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: {
                executablePath: findChromium() ?? undefined,
                args: [...CHROMIUM_ARGS, ...SOFTWARE_WEBGPU_ARGS],
              },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      {
        test: {
          name: 'e2e',
          retry: 1,
          environment: 'node',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 300_000,
          expect,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'faults',
          environment: 'node',
          include: ['test/faults/**/*.test.ts'],
          expect,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
