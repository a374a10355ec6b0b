// The content security policy holds inside every worker that the page starts. A worker from an http address would not
// take it over, so the same probe is shown to get out of one.

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { launchApp, type App } from '../app.ts';
import { walkJourney } from '../steps.ts';
import { ALL_REFUSED, probe } from './probe.ts';
import { openSinks, type Sinks } from './sinks.ts';

let sinks: Sinks;
let app: App;
beforeAll(async () => {
  sinks = await openSinks();
  app = await launchApp({ args: sinks.chromiumArgs });
});
afterAll(async () => {
  await app.close();
  await sinks.close();
});
beforeEach(() => {
  sinks.seen.length = 0;
});

test('every worker that the whole journey starts is held to the policy, as the page is', async () => {
  const page = await app.open();
  const session = await app.browser.newBrowserCDPSession();
  const started = new Set<string>();
  session.on('Target.targetCreated', ({ targetInfo: { type, targetId, url } }) => {
    if (/worker/.test(type)) started.add(`${type} ${targetId} ${url.split(':')[0]}`);
  });
  await session.send('Target.setDiscoverTargets', { discover: true });
  await walkJourney(page);
  const workers = page.workers();
  // the engine is the only one: verifying, unpacking and reading start none of their own
  expect([...started].map((each) => each.split(' ').filter((_, i) => i !== 1))).toEqual(
    workers.map(() => ['worker', 'blob']),
  );
  expect(workers).toHaveLength(1);
  for (const worker of workers) expect(await probe(worker)).toEqual(ALL_REFUSED);
  expect(await probe(page)).toEqual(ALL_REFUSED);
  expect(sinks.seen).toEqual([]);
  await page.context().close();
});

test('the probe gets out where there is no policy', async () => {
  const page = await app.browser.newPage();
  await page.goto(`${app.url}samples/index.json`); // a document without a policy
  const ended = await probe(page);
  expect(ended).toMatchObject({ fetch: 'allowed', request: 'allowed', nested: 'allowed', eval: 'allowed' });
  expect(sinks.seen).toContain('GET elsewhere.example/fetch');
  expect(sinks.seen).toContain('GET elsewhere.example/nested');
  await page.close();
});
