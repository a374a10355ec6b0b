// The whole journey where there is nowhere to send anything: in a network namespace that has a loopback and no route.
// Outside it, this file starts itself again inside (`unshare -rn`); inside, it serves the build and walks.

import { spawn, spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { launchApp } from '../app.ts';
import { walkJourney } from '../steps.ts';

const ROOT = join(import.meta.dirname, '../../..');
const ENTER = ['-rn', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];

/** How connecting to an address on the internet ends, such as ENETUNREACH. */
const reach = (host: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host, port: 443, timeout: 5000 }, () => resolve('connected'));
    socket.on('timeout', () => resolve('timeout'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });

if (process.env.LATHE_NO_ROUTE) {
  test('inside: nothing outside can be reached, and the whole journey passes', async () => {
    expect(await reach('1.1.1.1')).toBe('ENETUNREACH');
    expect(await reach('2606:4700:4700::1111')).toMatch(/^E/);
    const app = await launchApp();
    try {
      const stray = await app.browser.newPage();
      await expect(stray.goto('https://1.1.1.1/')).rejects.toThrow(/net::ERR_/);
      await stray.close();
      const page = await app.open();
      expect(await walkJourney(page)).toEqual([
        'iris-v1.onnx',
        'iris-v1-tfjs.zip',
        'iris-predictions.csv',
        expect.stringMatching(/^lathe-backup-.*\.zip$/),
      ]);
      expect(app.complaints).toEqual([]);
    } finally {
      await app.close();
    }
  });
} else {
  const trial = spawnSync('unshare', [...ENTER, 'true'], { encoding: 'utf8' });
  const why = trial.error?.message ?? trial.stderr.trim();
  const name =
    'import, train, evaluate, export, predict, backup and restore pass in a network namespace without a route';
  if (trial.status !== 0) {
    test.skip(`${name} (skipped: no such namespace can be made here: ${why})`);
  } else {
    test(name, async () => {
      const vitest = ['scripts/tool.mjs', 'vitest', 'run', '--project', 'e2e', 'test/e2e/network/noRoute.test.ts'];
      const child = spawn('unshare', [...ENTER, process.execPath, ...vitest], {
        cwd: ROOT,
        env: { ...process.env, LATHE_NO_ROUTE: '1' },
      });
      let said = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (said += part.toString()));
      const status = await new Promise((resolve) => child.on('close', resolve));
      expect({ status, said }).toEqual({ status: 0, said: expect.stringMatching(/1 passed/) });
    });
  }
}
