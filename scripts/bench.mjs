// `npm run bench -- NAME`: measures, prints a table, and as its last line the same figures as one JSON object
// `{ "bench": NAME, "rows": [...], "ratios": {...} }`. A bench is a file of scripts/bench/.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureChromium } from './chromium.mjs';
import { ensureInstalled, ROOT, runTool } from './install.mjs';

const FOLDER = join(ROOT, 'scripts', 'bench');
const name = process.argv[2] ?? 'main';
if (!existsSync(join(FOLDER, `${name}.mjs`))) {
  const known = readdirSync(FOLDER).map((file) => file.replace(/\.mjs$/, ''));
  console.error(`unknown bench '${name}': choose from ${known.join(', ')}`);
  process.exit(1);
}
ensureInstalled();
const executablePath = ensureChromium();
if (runTool('vite', ['build', '--logLevel', 'warn']) !== 0) process.exit(1);

const { default: measure } = await import(`./bench/${name}.mjs`);
const { rows, ratios } = await measure({ dist: join(ROOT, 'dist'), executablePath, args: process.argv.slice(3) });
console.table(rows);
console.table(ratios);
console.log(JSON.stringify({ bench: name, rows, ratios }));
