// `npm test`: installs what the tests need, runs every check, and ends with `N passed, M failed, K skipped`.
// `npm test -- unit e2e` runs only the named ones. A tenth of the trials of faults are made, `--faults=1` makes all.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensureChromium } from './chromium.mjs';
import { ensureInstalled, ROOT } from './install.mjs';

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

/** Runs a tool. Beside others each line that it prints has its name in front. @returns its exit status */
function runBeside(name, isAlone, command, args) {
  return new Promise((resolve) => {
    const stdio = isAlone ? 'inherit' : ['ignore', 'pipe', 'pipe'];
    const child = spawn(process.execPath, [join('scripts', 'tool.mjs'), command, ...args], { cwd: ROOT, stdio });
    if (!isAlone && GIVE_WAY.has(name)) setPriority(child.pid, constants.priority.PRIORITY_LOW); // and what it starts
    for (const input of isAlone ? [] : [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (line) => console.log(`${name} | ${line}`));
    }
    child.on('close', (status) => resolve(status ?? 1));
  });
}

/** A tool that passes or fails as one. */
const tool = (command, ...args) =>
  async function check(name, isAlone) {
    const ok = (await runBeside(name, isAlone, command, args)) === 0;
    count(name, ok ? 1 : 0, ok ? 0 : 1, 0);
  };

/** A Vitest project, counted test by test. A run that ends without a report has failed. */
const vitest = (...options) =>
  async function check(project, isAlone) {
    const report = join(CACHE, `${project}.json`);
    rmSync(report, { force: true });
    const status = await runBeside(project, isAlone, 'vitest', [
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      '--reporter=./scripts/troubleReporter.mjs',
      ...options,
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

/**
 * Stages, one after another; the checks of one go side by side. What drives the built page waits for it and for its
 * browser half of the time: what only computes takes that half, and gives way. The faults mostly wait for browsers that
 * start, so they go beside the tests that compute in one browser.
 */
const STAGES = [
  { build: tool('vite', 'build', '--logLevel', 'warn') },
  {
    e2e: vitest(),
    types: tool('svelte-check', '--tsconfig', './tsconfig.json', '--fail-on-warnings', '--output', 'human'),
    lint: tool('eslint', '.'),
    format: tool('prettier', '--check', '--log-level', 'warn', '.'),
    unit: vitest(),
  },
  { browser: vitest(), faults: vitest('--reporter=./test/faults/reporter.ts') },
];
const GIVE_WAY = new Set(['types', 'lint', 'format', 'unit']);

const scale = process.argv.find((argument) => argument.startsWith('--faults='));
if (scale) process.env.FAULTS_SCALE = scale.slice('--faults='.length);
const chosen = process.argv.slice(2).filter((argument) => argument !== scale);
const names = STAGES.flatMap((stage) => Object.keys(stage));
for (const name of chosen) {
  if (!names.includes(name)) throw new Error(`unknown check '${name}': choose from ${names.join(', ')}`);
}
ensureInstalled();
process.env.CHROMIUM_PATH = ensureChromium();
mkdirSync(CACHE, { recursive: true });
rmSync(TROUBLE, { force: true });
process.env.TROUBLE_FILE = TROUBLE;
for (const stage of STAGES) {
  const checks = Object.entries(stage).filter(([name]) => chosen.length === 0 || chosen.includes(name));
  if (checks.length === 0) continue;
  console.log(`\n— ${checks.map(([name]) => name).join(', ')}`);
  const startedAt = performance.now();
  const took = (name) => console.log(`  ${name} took ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  await Promise.all(checks.map(([name, check]) => check(name, checks.length === 1).then(() => took(name))));
}
if (existsSync(TROUBLE)) console.log(`\n${readFileSync(TROUBLE, 'utf8').trimEnd()}`);
if (failures.length > 0) console.log(`\nfailed: ${failures.join(', ')}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 ? 0 : 1);
