// A Vite plugin that gives `virtual:predictor`: the page of the one-file predictor as text, its script and style each
// bundled to one string, with the hashes that its content security policy lets in and the licences of what is inside.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build } from 'vite';
import { describePackage, packageFolder } from './licenses.mjs';

const NAME = 'virtual:predictor';
const ENTRY = 'src/predictor/main.ts';

/** @param {string} text */
function hashOf(text) {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/**
 * Text as it may stand inside an element of HTML: nothing in it ends the element, and no character is one that the parser
 * puts another in the place of, which would change the hash. The escapes mean the same in strings, templates and patterns.
 * @param {string} text @param {'script' | 'style'} element
 */
function enclosable(text, element) {
  const safe = text
    .replaceAll(/<\/(script|style)/gi, '<\\/$1')
    .replaceAll('<!--', '\\x3c!--')
    .replaceAll('\0', '\\x00')
    .replaceAll('\ufeff', '\\ufeff')
    .trim();
  if (safe.includes('\r')) throw new Error(`predictor: its ${element} has a carriage return, which HTML would change`);
  return safe;
}

async function bundle() {
  /** @type {Map<string, string[]>} the modules of each package */
  const packages = new Map();
  const result = await build({
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    plugins: [
      svelte({ configFile: 'svelte.config.js' }),
      {
        name: 'lathe-predictor-licenses',
        generateBundle(_options, files) {
          for (const file of Object.values(files)) {
            for (const id of file.type === 'chunk' ? file.moduleIds : []) {
              const folder = packageFolder(id);
              if (folder) packages.set(folder, [...(packages.get(folder) ?? []), id.replace(/^\0/, '').split('?')[0]]);
            }
          }
        },
      },
    ],
    build: {
      write: false,
      target: 'es2023',
      reportCompressedSize: false,
      // a script has no import.meta; zip.js does without
      rolldownOptions: { checks: { pluginTimings: false }, transform: { define: { 'import.meta': '{}' } } },
      lib: { entry: ENTRY, formats: ['iife'], name: 'lathePredictor', cssFileName: 'predictor' },
    },
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  const files = [result].flat().flatMap(({ output }) => output);
  const chunks = files.filter(({ type }) => type === 'chunk');
  if (chunks.length !== 1) throw new Error(`predictor: ${chunks.length} scripts instead of one`);
  const script = enclosable(chunks[0].code, 'script');
  const styles = files.filter(({ fileName }) => fileName.endsWith('.css')).map(({ source }) => String(source));
  const style = enclosable(styles.join('\n'), 'style');
  const own = { ...JSON.parse(readFileSync('package.json', 'utf8')), name: 'Lathe' };
  const licenses = [
    { name: own.name, version: own.version, license: own.license, text: readFileSync('LICENSE', 'utf8').trim() },
    ...[...packages].map(([folder, modules]) => {
      const { name, version, license, text } = describePackage(folder, modules);
      return { name, version, license, text };
    }),
  ];
  return { script, style, scriptHash: hashOf(script), styleHash: hashOf(style), licenses };
}

export function predictor() {
  /** @type {ReturnType<typeof bundle> | null} one for the page and the worker */
  let bundled = null;
  return {
    name: 'lathe-predictor',
    /** @param {string} id */
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    /** @param {string} id */
    async load(id) {
      if (id !== `\0${NAME}`) return undefined;
      bundled ??= bundle();
      return `export default ${JSON.stringify(await bundled)};`;
    },
  };
}
