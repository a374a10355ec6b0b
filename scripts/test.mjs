// `npm test`: installs what the tests need, runs every check, and ends with `N passed, M failed, K skipped`.
// `npm test -- unit e2e` runs only the named ones. A tenth of the trials of faults are made, `--faults=1` makes all.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureChromium } from './chromium.mjs';
import { ensureInstalled, ROOT, runTool } from './install.mjs';

const CACHE = join(ROOT, '.cache');
const TROUBLE = join(CACHE, 'trouble.txt'); // what failed, for the end of the run
const total = { passed: 0, failed: 0, skipped: 0 };
const failures = [];

function count(name, passed, failed, skipped) {
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
  if (failed > 0) failures.push(name);
}

/** A tool that passes or fails as one. */
const tool = (name, command, args) => () => {
  const ok = runTool(command, args) === 0;
  count(name, ok ? 1 : 0, ok ? 0 : 1, 0);
};

/** Tools that take one core each, side by side; what they say is printed one after another. */
const tools = (each) => async () => {
  const runs = each.map(
    ([name, command, args]) =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, [join('scripts', 'tool.mjs'), command, ...args], { cwd: ROOT });
        let said = '';
        for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
        child.on('close', (status) => resolve({ name, said, ok: status === 0 }));
      }),
  );
  for (const { name, said, ok } of await Promise.all(runs)) {
    console.log(`${name}: ${ok ? 'passed' : 'failed'}\n${said.trim()}`);
    count(name, ok ? 1 : 0, ok ? 0 : 1, 0);
  }
};

const STATIC = {
  types: ['svelte-check', ['--tsconfig', './tsconfig.json', '--fail-on-warnings', '--output', 'human']],
  lint: ['eslint', ['.']],
  format: ['prettier', ['--check', '--log-level', 'warn', '.']],
};

/** A Vitest project, counted test by test. A run that ends without a report has failed. */
const vitest =
  (project, reporters = []) =>
  () => {
    const report = join(CACHE, `${project}.json`);
    rmSync(report, { force: true });
    const status = runTool('vitest', [
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      '--reporter=./scripts/troubleReporter.mjs',
      ...reporters,
    ]);
    let result;
    try {
      result = JSON.parse(readFileSync(report, 'utf8'));
    } catch {
      count(project, 0, 1, 0);
      return;
    }
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = result;
    // a file that cannot be loaded fails no test, and an unhandled error none either: the exit status knows
    const failed = numFailedTests || (status === 0 ? 0 : 1);
    count(project, numPassedTests, failed, numPendingTests + numTodoTests);
    for (const file of result.testResults) {
      for (const test of file.assertionResults) {
        if (test.status === 'pending' || test.status === 'skipped') console.log(`  skipped: ${test.fullName}`);
      }
    }
  };

const CHECKS = {
  unit: vitest('unit'),
  build: tool('build', 'vite', ['build', '--logLevel', 'warn']),
  browser: vitest('browser'),
  e2e: vitest('e2e'),
  faults: vitest('faults', ['--reporter=./test/faults/reporter.ts']),
};

const scale = process.argv.find((argument) => argument.startsWith('--faults='));
if (scale) process.env.FAULTS_SCALE = scale.slice('--faults='.length);
const chosen = process.argv.slice(2).filter((argument) => argument !== scale);
const names = [...Object.keys(STATIC), ...Object.keys(CHECKS)];
for (const name of chosen) {
  if (!names.includes(name)) throw new Error(`unknown check '${name}': choose from ${names.join(', ')}`);
}
const isChosen = (name) => chosen.length === 0 || chosen.includes(name);
const still = Object.entries(STATIC).filter(([name]) => isChosen(name));
ensureInstalled();
process.env.CHROMIUM_PATH = ensureChromium();
mkdirSync(CACHE, { recursive: true });
rmSync(TROUBLE, { force: true });
process.env.TROUBLE_FILE = TROUBLE;
const checks = Object.entries(CHECKS).filter(([name]) => isChosen(name));
if (still.length > 0) {
  checks.unshift([
    still.map(([name]) => name).join(', '),
    tools(still.map(([name, [command, args]]) => [name, command, args])),
  ]);
}
for (const [name, check] of checks) {
  const startedAt = performance.now();
  console.log(`\n— ${name}`);
  await check();
  console.log(`  ${name} took ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
}
if (existsSync(TROUBLE)) console.log(`\n${readFileSync(TROUBLE, 'utf8').trimEnd()}`);
if (failures.length > 0) console.log(`\nfailed: ${failures.join(', ')}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 ? 0 : 1);
