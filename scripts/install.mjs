// Installs the dependencies from the lockfile, once for each lockfile. Node built-ins only: it runs before anything is
// installed.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const STAMP = join(ROOT, 'node_modules', '.lathe-installed');

/** Runs a command in the project's root, its output shown; gives its exit status. */
export function run(command, args, env = {}) {
  const result = spawnSync(command, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...env },
    shell: process.platform === 'win32', // npm is a .cmd there
  });
  if (result.error) console.error(`${command}: ${result.error.message}`);
  return result.status ?? 1;
}

/** Runs a tool of node_modules/.bin with this very Node. */
export function runTool(name, args, env = {}) {
  return run(process.execPath, [join('scripts', 'tool.mjs'), name, ...args], env);
}

export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`unsupported Node ${process.versions.node}: Lathe needs Node 20.19 or newer`);
    process.exit(1);
  }
}

/** Installs from the lockfile unless that very lockfile was installed before. Exits with npm's status if it fails. */
export function ensureInstalled() {
  checkNode();
  const lock = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lock) return;
  console.log('Installing the dependencies from package-lock.json …');
  const status = run('npm', ['ci', '--no-audit', '--no-fund'], { PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1' });
  if (status !== 0) process.exit(status);
  writeFileSync(STAMP, lock);
}
