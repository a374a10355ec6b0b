// Runs a command-line tool of an installed package: `node scripts/tool.mjs vite build`. It reads the package's own `bin`
// and imports it, so that it works the same in every shell and on every system.

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [, , name, ...args] = process.argv;
const root = join(import.meta.dirname, '..');
const PACKAGE_OF = { tsc: 'typescript' };
const manifestPath = join(root, 'node_modules', PACKAGE_OF[name] ?? name, 'package.json');
const manifest = createRequire(import.meta.url)(manifestPath);
const bin = typeof manifest.bin === 'string' ? manifest.bin : manifest.bin?.[name];
if (!bin) throw new Error(`unknown tool '${name}': ${manifestPath} has no such command`);
const path = join(dirname(manifestPath), bin);
readFileSync(path); // a missing file is said here, with its path
process.argv = [process.execPath, path, ...args];
await import(pathToFileURL(path).href);
