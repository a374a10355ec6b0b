// `npm start`: installs, builds, serves the built page on localhost and opens it.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, ROOT, runTool } from './install.mjs';
import { serveFolder } from './serve.mjs';

/** Opens the address in the person's browser where there is one; a machine without one only prints the address. */
function openBrowser(url) {
  const graphical = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (process.env.CI || !graphical) return;
  const [command, args] =
    process.platform === 'darwin'
      ? ['open', [url]]
      : process.platform === 'win32'
        ? ['cmd', ['/c', 'start', '', url]]
        : ['xdg-open', [url]];
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  child.on('error', () => console.log('No browser could be opened; open the address yourself.'));
  child.unref();
}

ensureInstalled();
const status = runTool('vite', ['build', '--logLevel', 'warn']);
if (status !== 0) process.exit(status);
const { url } = await serveFolder(join(ROOT, 'dist'), Number(process.env.PORT) || 4173);
console.log(`\n  Lathe is at ${url}\n  Ctrl+C ends it.\n`);
openBrowser(url);
