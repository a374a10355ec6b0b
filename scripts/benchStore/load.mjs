// Loads a module of this folder, which is TypeScript on top of Lathe's own, into Node.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';
import { ROOT } from '../install.mjs';

/** @param {'registry' | 'blobs'} name */
export async function loadModule(name) {
  const outDir = join(ROOT, '.cache', 'benchStore', name);
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'warn',
    build: { ssr: join('scripts', 'benchStore', `${name}.ts`), outDir, emptyOutDir: true, target: 'node20' },
  });
  return import(pathToFileURL(join(outDir, `${name}.js`)).href);
}
