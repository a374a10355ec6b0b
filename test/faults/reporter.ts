// Prints the table of faults at the end of a run: times tried and times held, row by row; and keeps it as JSON.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import './rows.ts';

const FILE = resolve(import.meta.dirname, '../../.cache/faults-table.json');

export default class FaultsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = modules.flatMap((module) =>
      [...module.children.allTests()].flatMap((test) => {
        const counted = test.meta().fault;
        if (!counted) return [];
        return [{ ...counted, sentence: test.name, passed: test.result().state === 'passed' }];
      }),
    );
    if (rows.length === 0) return;
    const width = Math.max(...rows.map(({ row, sentence }) => `${row}: ${sentence}`.length));
    console.log(`\n${'fault'.padEnd(width)}  tried   held`);
    for (const { row, sentence, tried, held } of rows) {
      console.log(
        `${`${row}: ${sentence}`.padEnd(width)}  ${String(tried).padStart(5)}  ${String(held).padStart(5)}${held < tried ? '  <- not held' : ''}`,
      );
    }
    mkdirSync(dirname(FILE), { recursive: true });
    writeFileSync(FILE, `${JSON.stringify(rows, null, 2)}\n`);
  }
}
