// Draws public/favicon.svg as the PNG icons that an installed page needs. Run it when the drawing changes.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { CHROMIUM_ARGS, ensureChromium } from './chromium.mjs';
import { ROOT } from './install.mjs';

/** Of a maskable icon the system cuts its own shape: the mark stays in the middle four fifths, the ground goes to the edge. */
const ICONS = [
  { name: 'icon-180', size: 180, fraction: 1 },
  { name: 'icon-192', size: 192, fraction: 1 },
  { name: 'icon-512', size: 512, fraction: 1 },
  { name: 'icon-maskable', size: 512, fraction: 0.8 },
];

const drawing = readFileSync(join(ROOT, 'public', 'favicon.svg'), 'utf8');
const browser = await chromium.launch({ executablePath: ensureChromium(), args: CHROMIUM_ARGS });
const ground = /<rect[^>]*fill="([^"]+)"/.exec(drawing)[1];
for (const { name, size, fraction } of ICONS) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const back = fraction < 1 ? ground : 'transparent';
  await page.setContent(
    `<style>body{margin:0;display:grid;place-items:center;height:100vh;background:${back}}svg{width:${size * fraction}px}</style>${drawing}`,
  );
  writeFileSync(join(ROOT, 'public', `${name}.png`), await page.screenshot({ omitBackground: true }));
  await page.close();
}
await browser.close();
