// Nothing leaves, seen from outside: servers that answer for every other host see nothing of the whole journey. That
// they would is shown by control builds which leak, one through each channel; that the policy would stop it, by the same
// builds with the policy in place.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DIST, launchApp, type App } from '../app.ts';
import { walkJourney } from '../steps.ts';
import { CHANNELS, makeControlBuild, OPENS_A_CONNECTION } from './leaks.ts';
import { openSinks, type Sinks } from './sinks.ts';

declare global {
  interface Window {
    /** in control builds: the directives that refused something */
    refused: string[];
  }
}

let sinks: Sinks;
beforeAll(async () => {
  sinks = await openSinks();
});
afterAll(() => sinks.close());
beforeEach(() => {
  sinks.seen.length = 0;
});

/** Opens a build that talks to the sinks if it talks to anyone but its own host. */
async function withBuild(folder: string, use: (app: App) => Promise<void>): Promise<void> {
  const app = await launchApp({ folder, args: sinks.chromiumArgs });
  try {
    await use(app);
  } finally {
    await app.close();
  }
}

/** What the sinks saw once they saw anything, or after `patienceMs` of silence. */
async function listen(patienceMs: number): Promise<string[]> {
  const until = performance.now() + patienceMs;
  while (sinks.seen.length === 0 && performance.now() < until) await new Promise((done) => setTimeout(done, 20));
  return sinks.seen;
}

test('the whole journey asks nothing of any other host', () =>
  withBuild(DIST, async (app) => {
    const page = await app.open();
    expect(await walkJourney(page)).toHaveLength(4);
    await page.waitForTimeout(2000);
    expect(sinks.seen).toEqual([]);
    expect(app.complaints).toEqual([]);
  }));

/** Runs one leak; gives the page once it has loaded. */
async function leak(app: App, channel: string): Promise<Page> {
  const page = await app.browser.newPage();
  // a leak may keep the page from ever being loaded
  await page.goto(`${app.url}?leak=${encodeURIComponent(channel)}`, { waitUntil: 'commit' });
  if (channel === 'window.open') await page.getByRole('heading', { level: 1 }).click();
  return page;
}

describe.each([
  { policy: false, outcome: 'is seen' },
  { policy: true, outcome: 'is stopped by the policy' },
])('a leak through', ({ policy, outcome }) => {
  const expectOutcome = async (page: Page, channel: string) => {
    if (!policy) {
      expect((await listen(20_000)).length).toBeGreaterThan(0);
      return;
    }
    await page.waitForFunction(() => window.refused?.length > 0, null, { timeout: 20_000 });
    const seen = await listen(300);
    expect(OPENS_A_CONNECTION.includes(channel) ? seen.filter((each) => each !== 'connection') : seen).toEqual([]);
  };

  describe('the page', () => {
    let app: App;
    let remove: () => void;
    beforeAll(async () => {
      const build = makeControlBuild(policy, sinks.udpPort);
      remove = build.remove;
      app = await launchApp({ folder: build.folder, args: sinks.chromiumArgs });
    });
    afterAll(async () => {
      await app.close();
      remove();
    });

    test.each(CHANNELS.page)(`by %s ${outcome}`, async (channel) => {
      const page = await leak(app, channel);
      await expectOutcome(page, channel);
      await page.close();
    });

    test.each(CHANNELS.unstoppable)(
      'by %s is seen with or without a policy, so the build has none of it',
      async (channel) => {
        const page = await leak(app, channel);
        expect((await listen(20_000)).length).toBeGreaterThan(0);
        await page.context().close();
      },
    );
  });

  test.each(CHANNELS.worker)(`a %s ${outcome}`, async (channel) => {
    const build = makeControlBuild(policy, sinks.udpPort, channel);
    try {
      await withBuild(build.folder, async (app) => expectOutcome(await leak(app, channel), channel));
    } finally {
      build.remove();
    }
  });
});
