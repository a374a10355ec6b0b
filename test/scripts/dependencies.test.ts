// What ships is pinned, and the list of it is complete. That list is made by the build: see scripts/licenses.mjs.

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describePackage, packageFolder } from '../../scripts/licenses.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const facts = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<string, Record<string, string>>;
const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, { version?: string; integrity?: string; link?: boolean; dev?: boolean }>;
};

it('every dependency is pinned to one version, and the lockfile to its bytes', () => {
  for (const [name, version] of Object.entries({ ...facts.dependencies, ...facts.devDependencies })) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
  }
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path !== '' && !entry.link) expect(entry.integrity, path).toMatch(/^sha(512|1)-/);
  }
});

it('what ships is no development dependency, so that `npm audit --omit=dev` looks at all of it', () => {
  const dev = Object.entries(lock.packages).filter(([, entry]) => entry.dev);
  const names = new Set(dev.map(([path]) => path.replace(/^.*node_modules\//, '')));
  for (const name of Object.keys(facts.dependencies)) expect(names.has(name), name).toBe(false);
  expect(Object.keys(facts.dependencies)).toContain('svelte');
});

describe('the list of what ships', () => {
  it.each([
    ['/x/node_modules/idb/build/index.js', '/x/node_modules/idb'],
    ['/x/node_modules/@tensorflow/tfjs-core/dist/a.js?v=1', '/x/node_modules/@tensorflow/tfjs-core'],
    ['/x/node_modules/a/node_modules/b/c.js', '/x/node_modules/a/node_modules/b'],
    ['\0/x/node_modules/long/src/long.js?commonjs', '/x/node_modules/long'],
    ['\0vite/preload-helper.js', 'node_modules/vite'],
  ])('counts %s to its package', (id, folder) => expect(packageFolder(id)).toBe(folder));

  it('leaves out the project’s own modules', () => expect(packageFolder('/x/src/main.ts')).toBeNull());

  it('gives a package its version, its licence, and the text of it', () => {
    const idb = describePackage(join(ROOT, 'node_modules', 'idb'));
    expect(idb).toMatchObject({ name: 'idb', version: facts.dependencies.idb, license: 'ISC' });
    expect(idb.text).toContain('Permission to use');
  });

  it.each([
    ['seedrandom', 'seedrandom.js', /^LICENSE \(MIT\)[^]*Copyright 2019 David Bau[^]*SOFTWARE\.$/], // in its README
    ['onnxruntime-web', 'dist/ort.wasm.bundle.min.mjs', /^Copyright \(c\) Microsoft[^]*MIT License[^]*SOFTWARE\.$/],
    ['@bufbuild/protobuf', 'dist/esm/wire/varint.js', /Google Inc[^]*Redistribution and use[^]*Apache License/],
    ['@tensorflow/tfjs-core', 'dist/ops/add.js', /^Copyright 20\d\d Google LLC[^]*Apache License/],
  ])('finds the text of %s, which lies in no file of its own', (name, module, text) => {
    const folder = join(ROOT, 'node_modules', name);
    expect(describePackage(folder, [join(folder, module)]).text).toMatch(text);
    expect(describePackage(folder, [join(folder, module)]).text).not.toContain('Lathe');
  });
});
