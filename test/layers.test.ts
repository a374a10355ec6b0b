// The direction of imports, as CONTRIBUTING.md draws it: a file imports its own layer or a lower one, there is no cycle,
// and each of the heavy or dangerous things has one home.

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, dirname } from 'node:path';
import { expect, test } from 'vitest';

const SRC = resolve(import.meta.dirname, '../src');
const LAYERS = [
  ['base', 'data', 'model', 'infer', 'evaluate', 'monitor', 'export'],
  ['train', 'gpu'],
  ['store', 'offline'],
  ['worker'],
  ['ui', 'predictor', 'main.ts'],
];

interface Import {
  from: string;
  /** path under src, or a package's name */
  to: string;
  typeOnly: boolean;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) => /\.(ts|svelte)$/.test(path));
const source = (path: string) => readFileSync(join(SRC, path), 'utf8');
const imports: Import[] = files.flatMap((from) => {
  const statements = source(from).matchAll(
    /(?:^|\n|;)\s*(?:import|export)\s+(type\s)?[^'"`;]*?from\s*['"]([^'"]+)['"]|import\s*\(\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s*['"]([^'"]+)['"]/g,
  );
  return [...statements].map((match) => {
    const target = (match[2] ?? match[3] ?? match[4]).split('?')[0];
    const to = target.startsWith('.') ? relative(SRC, resolve(SRC, dirname(from), target)) : target;
    return { from, to, typeOnly: Boolean(match[1]) };
  });
});
const folder = (path: string) => path.split(/[\\/]/)[0];
const layer = (path: string) => LAYERS.findIndex((names) => names.includes(folder(path)));
const local = imports.filter(({ to }) => files.includes(to));

test('every folder of src belongs to a layer', () => {
  expect(files.filter((path) => layer(path) === -1)).toEqual([]);
});

test('no import runs upwards', () => {
  // the page's types flow down from the client's contract, as types only: they are gone when the code runs
  const contract = ({ to, typeOnly }: Import) => typeOnly && to === 'worker/api.ts';
  expect(local.filter((arrow) => layer(arrow.to) > layer(arrow.from) && !contract(arrow))).toEqual([]);
});

test('there is no cycle', () => {
  const arrows = local.filter(({ typeOnly }) => !typeOnly);
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[] = [];
  const visit = (path: string, trail: string[]) => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') return void cycles.push([...trail, path].join(' -> '));
    state.set(path, 'open');
    for (const arrow of arrows) if (arrow.from === path) visit(arrow.to, [...trail, path]);
    state.set(path, 'done');
  };
  files.forEach((path) => visit(path, []));
  expect(cycles).toEqual([]);
});

test('each heavy or dangerous thing has one home', () => {
  const strangers = (name: RegExp, home: RegExp) =>
    imports.filter(({ from, to, typeOnly }) => !typeOnly && name.test(to) && !home.test(from));
  expect(strangers(/^@tensorflow\//, /^train\//)).toEqual([]);
  expect(strangers(/^onnxruntime-web/, /^worker\//)).toEqual([]);
  expect(strangers(/^idb$/, /^store\//)).toEqual([]);
  expect(strangers(/^uplot/, /^ui\/charts\//)).toEqual([]);
  const code = (path: string) => source(path).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  expect(
    files.filter((path) => !path.startsWith('store') && /\bindexedDB\b|storage\.getDirectory/.test(code(path))),
  ).toEqual([]);
  expect(files.filter((path) => layer(path) === 0 && /\bMath\.random\b|\bDate\.now\b/.test(code(path)))).toEqual([]);
});

test('the page reaches the layers below through the client alone', () => {
  const past = local.filter(
    ({ from, to, typeOnly }) =>
      (folder(from) === 'ui' || from === 'main.ts') &&
      layer(to) < 4 &&
      !typeOnly &&
      to !== 'worker/client.ts' &&
      folder(to) !== 'base',
  );
  expect(past).toEqual([]);
});

test('what a predictor file carries is pure, but for what is shown and the decoder of images', () => {
  const inside = new Set(['predictor/main.ts']);
  for (const path of inside) for (const { from, to, typeOnly } of local) if (from === path && !typeOnly) inside.add(to);
  expect([...inside].filter((path) => layer(path) > 0 && !/^(ui|predictor)\//.test(path))).toEqual([
    'worker/decode.ts',
  ]);
  expect([...inside].filter((path) => /session|client/.test(path))).toEqual([]);
});
