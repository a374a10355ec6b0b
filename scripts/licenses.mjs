// A Vite plugin that writes `licenses.json` into the build: every package of which code is in it, with version, licence
// and the licence's text. It goes by the modules that were really bundled, workers included, and not by package.json.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';

/** @typedef {{ name: string, version: string, license: string, source: string, text: string }} Shipped */

/** Some packages name their licence and leave its text out; these licences' texts are the same for all who use them. */
const TEXTS = [
  { license: 'Apache-2.0', file: join('node_modules', 'typescript', 'LICENSE.txt') },
  { license: 'MIT', file: 'LICENSE' }, // Lathe's own: below the line that says whose it is
];

/**
 * The folder of the package that a module belongs to, or null for the project's own and for what the bundler adds.
 * @param {string} id
 */
export function packageFolder(id) {
  if (id.startsWith('\0vite/') || id.startsWith('vite/')) return join('node_modules', 'vite'); // its preload helper
  const path = id.replace(/^\0/, '').split('?')[0].replaceAll('/', sep);
  const at = path.lastIndexOf(`node_modules${sep}`);
  if (at < 0) return null;
  const [scope, name] = path.slice(at + `node_modules${sep}`.length).split(sep);
  return path.slice(0, at) + join('node_modules', scope, scope.startsWith('@') ? name : '');
}

/**
 * @param {string} folder
 * @param {string[]} modules files of it that are in the build: their notices are read where no licence lies beside them
 * @returns {Shipped}
 */
export function describePackage(folder, modules = []) {
  const facts = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const license = typeof facts.license === 'string' ? facts.license : (facts.license?.type ?? 'not stated');
  const repository = typeof facts.repository === 'string' ? facts.repository : (facts.repository?.url ?? '');
  return {
    name: facts.name,
    version: facts.version,
    license,
    source: (facts.homepage ?? repository).replace(/^git\+/, ''),
    text: ownText(folder) ?? [...noticesIn(modules), ...standardTexts(license)].join('\n\n'),
  };
}

/** The licence that lies in the package, as a file or at the end of its README. */
function ownText(folder) {
  const read = (name) => readFileSync(join(folder, name), 'utf8');
  const names = readdirSync(folder);
  const file = names.find((name) => /^(licen[sc]e|copying)(\.|$)/i.test(name));
  // what the package itself bundles for its own tools does not ship here
  if (file)
    return read(file)
      .split(/^#* *licenses of bundled/im)[0]
      .trim();
  const readme = names.find((name) => /^readme/i.test(name));
  const section = readme && /^#* *licen[sc]e[^]*/im.exec(read(readme))?.[0];
  return section && /permission is hereby granted/i.test(section) ? section.trim() : null;
}

/** Whose it is, and whole licences, from the comments at the top of the modules. */
function noticesIn(modules) {
  const comments = modules.flatMap((path) => {
    const top = /^\s*(?:\/\*[^]*?\*\/|(?:\/\/.*\n)+)/.exec(readFileSync(path, 'utf8'))?.[0] ?? '';
    const text = top.replace(/^[ \t]*(\/\*+!?|\*+\/|\*|\/\/)[ \t]?|\s*\*+\/\s*$/gm, '').trim();
    if (/redistribution and use/i.test(text)) return [text];
    return text.match(/^(\(c\)|copyright)\b.*/gim) ?? [];
  });
  return [...new Set(comments)].sort();
}

/** @param {string} license such as `Apache-2.0 AND MIT` */
function standardTexts(license) {
  return TEXTS.filter((each) => license.includes(each.license) && existsSync(each.file)).map(({ file }) =>
    readFileSync(file, 'utf8')
      .replace(/^Copyright.*\n+/m, '')
      .trim(),
  );
}

/** Two plugins over one list: `page` writes it, `worker` adds what only workers load. */
export function licenses() {
  /** @type {Map<string, Set<string>>} the modules of each package */
  const folders = new Map();
  /** @param {unknown} _options @param {Record<string, { type: string, moduleIds?: string[] }>} bundle */
  const collect = (_options, bundle) => {
    for (const chunk of Object.values(bundle)) {
      for (const id of chunk.moduleIds ?? []) {
        const folder = packageFolder(id);
        if (!folder) continue;
        const path = id.replace(/^\0/, '').split('?')[0];
        const modules = folders.get(folder) ?? new Set();
        folders.set(folder, existsSync(path) ? modules.add(path) : modules);
      }
    }
  };
  return {
    worker: () => ({ name: 'lathe-licenses-worker', generateBundle: collect }),
    page: {
      name: 'lathe-licenses',
      /** @this {{ emitFile: (file: { type: 'asset', fileName: string, source: string }) => void }} */
      generateBundle(options, bundle) {
        collect(options, bundle);
        const shipped = new Map(
          [...folders].map(([folder, modules]) => [folder, describePackage(folder, [...modules])]),
        );
        const unique = new Map([...shipped.values()].map((facts) => [`${facts.name}@${facts.version}`, facts]));
        const sorted = [...unique.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
        this.emitFile({ type: 'asset', fileName: 'licenses.json', source: `${JSON.stringify(sorted, null, 1)}\n` });
      },
    },
  };
}
