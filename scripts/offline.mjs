// A Vite plugin that builds the service worker and puts into it the list of every file of the build, with its hash.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

const NAME = 'service-worker.js';
const PLACEHOLDER = 'self.__BUILD__';

/** @param {string} folder @returns {{ path: string, bytes: Buffer }[]} */
function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ path: relative(folder, file).replaceAll(sep, '/'), bytes: readFileSync(file) }));
}

/** @param {string} path @param {string | Uint8Array} bytes */
function describe(path, bytes) {
  return {
    path: path === 'index.html' ? '' : path, // hosts redirect the one to the other
    sha256: createHash('sha256').update(bytes).digest('hex'),
    sizeBytes: Buffer.byteLength(bytes),
  };
}

/** @param {{ leaveOut: (path: string) => boolean }} options files of `public` that the page never loads */
export function offline({ leaveOut }) {
  let publicFolder = 'public';
  return {
    name: 'lathe-offline',
    apply: /** @type {const} */ ('build'),
    configResolved(/** @type {{ publicDir: string }} */ config) {
      publicFolder = config.publicDir;
    },
    /** @this {{ emitFile: (file: { type: 'chunk', id: string, fileName: string }) => void }} */
    buildStart() {
      this.emitFile({ type: 'chunk', id: 'src/offline/serviceWorker.ts', fileName: NAME });
    },
    generateBundle: {
      order: /** @type {const} */ ('post'),
      /**
       * @param {unknown} _options
       * @param {Record<string, { code?: string, source?: string | Uint8Array }>} bundle
       */
      handler(_options, bundle) {
        const built = Object.entries(bundle)
          .filter(([path]) => path !== NAME)
          .map(([path, { code, source }]) => describe(path, code ?? source ?? ''));
        const given = filesOf(publicFolder)
          .filter(({ path }) => !leaveOut(path))
          .map(({ path, bytes }) => describe(path, bytes));
        const files = [...built, ...given].sort((a, b) => (a.path < b.path ? -1 : 1));
        const id = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16);
        const worker = bundle[NAME];
        const parts = worker.code?.split(PLACEHOLDER) ?? [];
        if (parts.length !== 2) throw new Error(`${NAME} names ${PLACEHOLDER} ${parts.length - 1} times, not once`);
        worker.code = parts.join(JSON.stringify({ id, files }));
      },
    },
  };
}
