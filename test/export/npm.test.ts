// What someone does who gets the package: unpacks it, installs onnxruntime-web, runs its test and the README's code, and
// writes TypeScript against its types.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BundleInput } from '../../src/export/bundle.ts';
import { writeNpm } from '../../src/export/npm/npm.ts';
import { bundleModels, HOSTILE } from './bundles.ts';

const MODULES = resolve(import.meta.dirname, '../../node_modules');
let models: Map<string, BundleInput>;
let folder: string;

beforeAll(async () => {
  models = new Map(await bundleModels());
  folder = mkdtempSync(join(tmpdir(), 'lathe-npm-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(MODULES, 'onnxruntime-web'), join(folder, 'node_modules/onnxruntime-web'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Unpacks a package and links it, as npm does with a folder. */
function install(model: BundleInput): { path: string; name: string; readme: string } {
  const files = writeNpm(model);
  const textOf = (name: string) => String(files.find((file) => file.name === name)!.bytes);
  const { name } = JSON.parse(textOf('package.json')) as { name: string };
  const path = join(folder, name);
  for (const file of files) {
    mkdirSync(dirname(join(path, file.name)), { recursive: true });
    writeFileSync(join(path, file.name), file.bytes);
  }
  const link = join(folder, 'node_modules', name);
  if (!existsSync(link)) symlinkSync(path, link);
  return { path, name, readme: textOf('README.md') };
}

function run(args: string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`${stdout}
${stderr}`);
  return stdout;
}

describe('an npm package', () => {
  for (const kind of ['classes', 'value', 'grey']) {
    it(`of ${kind} passes its own test, and the README's code prints a prediction`, () => {
      const { path, readme } = install(models.get(kind)!);
      expect(run(['--test', 'test.mjs'], path)).toContain('# fail 0');
      const [, code] = /```js\n([^]*?)```/.exec(readme)!;
      writeFileSync(join(folder, `${kind}.mjs`), code);
      expect(run([`${kind}.mjs`], folder)).toMatch(kind === 'value' ? /^\d/ : /\{/);
    });
  }

  it('has types with the real columns and labels, which hold', () => {
    const { name } = install(models.get('classes')!);
    const { name: images } = install(models.get('colour')!);
    const q = JSON.stringify;
    writeFileSync(
      join(folder, 'use.mts'),
      `import { labels, load, predict, type Label, type Row } from ${q(name)};
import { predict as see } from ${q(images)};
const row: Row = { "sepal length (cm)": 5.1, ${q(HOSTILE)}: 'red', label: new Date(0), ["__proto__"]: true, "": null };
const [{ label, probabilities }] = await predict([row, { ...row, label: '2024-05-06', ["__proto__"]: 'off' }]);
const named: 'yes' | ${q(HOSTILE)} | 'line\\nbreak' | '1.0' = label;
const share: number = probabilities['1.0'] + probabilities[labels[0]];
const model = await load({ model: new Uint8Array() });
await model.release();
const [seen] = await see([{ width: 1, height: 1, data: new Uint8Array(4) }]);
console.log(named, share, seen.label satisfies 'a' | 'b' | 'c');
// @ts-expect-error a column is missing
const short: Row = { label: 1 };
// @ts-expect-error text where a number is wanted
const wrong: Row = { ...row, "sepal length (cm)": '5.1' };
// @ts-expect-error no such label
const other: Label = 'no';
console.log(short, wrong, other);
`,
    );
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022'];
    run([join(MODULES, 'typescript/bin/tsc'), ...options, 'use.mts'], folder);
  });
});
