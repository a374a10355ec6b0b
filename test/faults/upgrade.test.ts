// Databases of other schemas: one that an older page holds open, one that a newer Lathe has written, and a migration
// that is cut off at any of its writes.

import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { Page } from 'playwright-core';
import { crashTab, createProfile, launchChrome, removeProfile, visiting, type Chrome } from './chrome.ts';
import {
  dumpDatabase,
  holdDatabase,
  oldWorkspace,
  raiseSchema,
  writeOldDatabase,
  type OldSchema,
} from './oldDatabase.ts';
import { fault, faultAtEach, promised, within } from './rows.ts';
import { openSite, type Site } from './site.ts';
import { makeWorkspace } from './workspace.ts';

let site: Site;
beforeAll(async () => void (site = await openSite()));
afterAll(() => site.close());

/** Holds what Lathe now says to what the old Lathe said of the same. */
async function expectOldWorkspace(page: Page, schema: OldSchema): Promise<void> {
  const old = oldWorkspace(schema);
  const iris = Object.keys(old.rows).find((id) => old.rows[id].total === 150)!;
  const now = await page.evaluate(
    async (rows) => {
      const { lathe } = window;
      const datasets = await lathe.datasets();
      const versions = await Promise.all((await lathe.versions()).map(({ id }) => lathe.version(id)));
      const runs = await Promise.all((await lathe.runs()).map(({ id }) => lathe.run(id)));
      const found = { datasets, versions, runs, rows: {}, images: {}, predictions: {} } as Record<string, unknown> & {
        rows: Record<string, unknown>;
        images: Record<string, unknown>;
        predictions: Record<string, unknown>;
      };
      for (const { id, kind } of datasets) {
        if (kind === 'table') found.rows[id] = await lathe.rows(id, { offset: 0, limit: 500 });
        else {
          const { items } = await lathe.images(id, { label: null, offset: 0, limit: 10 });
          found.images[id] = await Promise.all(
            items.map(async ({ name, blob }) => {
              const letters = Array.from(new Uint8Array(await blob.arrayBuffer()), (byte) => String.fromCharCode(byte));
              return [name, btoa(letters.join(''))];
            }),
          );
        }
      }
      for (const { id } of versions) found.predictions[id] = await lathe.predict(id, rows);
      return found;
    },
    old.rows[iris].rows.slice(0, 5),
  );
  expect(now).toMatchObject(old);
  for (const kind of ['datasets', 'versions', 'runs'] as const) {
    expect(now[kind]).toHaveLength(old[kind].length);
  }
}

fault('blocked upgrade', 20, 'tells of it within 2 s, and goes on by itself when the old tab is closed', (n) =>
  visiting(async ({ chrome }) => {
    const old = await site.openEmpty(chrome.context);
    const schema = ([3, 2, 1] as const)[n % 3];
    await writeOldDatabase(old, schema);
    await holdDatabase(old);
    const page = await site.open(chrome.context);
    const banner = page.getByText('Another tab of an older Lathe is open: close it to go on.');
    await banner.waitFor({ timeout: promised(2000) });
    await old.close();
    await banner.waitFor({ state: 'detached' });
    await expectOldWorkspace(page, schema);
  }),
);

fault('newer database, older app', 3, 'is left as it is, with a notice and the raw data to take along', (n) =>
  visiting(async ({ chrome }) => {
    const first = await site.open(chrome.context);
    await makeWorkspace(first);
    await first.close();
    const behind = await site.openEmpty(chrome.context);
    await raiseSchema(behind, [1, 2, 1000][n]);
    const before = await dumpDatabase(behind);
    const page = await site.open(chrome.context);
    await page.getByRole('heading', { name: 'This page is older than what is kept here' }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(1);
    for (const name of ['Reload', 'Save a raw copy']) await page.getByRole('button', { name, exact: true }).waitFor();
    expect(await page.evaluate(() => window.lathe.incident())).toMatchObject({ kind: 'newer' });
    const answers = await page.evaluate(() =>
      Promise.all(
        [
          () => window.lathe.datasets(),
          () => window.lathe.importSample('iris'),
          () => window.lathe.salvage(),
          () => window.lathe.cleanUp(['files', 'checkpoints', 'runs', 'aside']),
        ].map((call) =>
          call().then(
            () => 'answered',
            (error: Error) => error.message,
          ),
        ),
      ),
    );
    for (const answer of answers) expect(answer).toMatch(/newer Lathe/);
    const copy = await page.evaluate(async () => (await window.lathe.rawExport()).text());
    expect(copy).toContain('precious');
    await page.close();
    expect(await dumpDatabase(behind)).toEqual(before);
  }),
);

/** How a migration is cut off at one of its writes: what it does to the page, and what is thrown at the writer. */
const cuts: [string, (page: Page) => Promise<string | null>][] = [
  ['the tab crashes', (page) => crashTab(page).then(() => null)],
  ['the write fails', () => Promise.resolve('UnknownError')],
];

for (const [how, cutOff] of cuts) {
  for (const schema of [2, 3] as const) {
    describe(`schema ${schema}`, () => {
      let chrome: Chrome;
      let profile: string;
      let empty: Page;
      beforeAll(async () => {
        profile = createProfile();
        chrome = await launchChrome(profile);
        empty = await site.openEmpty(chrome.context);
      });
      afterAll(async () => {
        site.gate = null;
        await chrome.kill();
        removeProfile(profile);
      });

      async function begin(): Promise<void> {
        site.gate = null;
        for (const page of chrome.context.pages()) if (page !== empty) await page.close();
        await site.clear(chrome.context);
        await writeOldDatabase(empty, schema);
      }

      faultAtEach(
        'migration aborted, at each step',
        `leaves schema ${schema} and its data whole where ${how}, and the next visit carries them over`,
        async () => {
          const steps: string[] = [];
          await begin();
          site.gate = (what) => (steps.push(what), null);
          await expectOldWorkspace(await site.open(chrome.context, { gated: true }), schema);
          return steps.map((what, step) => ({ step, what }));
        },
        async ({ step }) => {
          await begin();
          const before = await dumpDatabase(empty);
          let count = 0;
          let reach = () => {};
          const reached = new Promise<void>((resolve) => (reach = resolve));
          let opening: Promise<Page> | null = null;
          site.gate = async () => {
            if (count++ !== step) return null;
            return cutOff(await opening!).finally(reach);
          };
          opening = site.open(chrome.context, { gated: true });
          const gated = await opening;
          await within(20_000, reached);
          // whoever waits for what is kept is told, in one way or another
          if (!gated.isClosed()) await gated.evaluate(() => window.lathe.versions().catch(() => {}));
          await gated.close();
          site.gate = null;

          const after = await dumpDatabase(empty);
          if (after.schema === schema) expect(after).toEqual(before);
          const page = await site.open(chrome.context);
          await expectOldWorkspace(page, schema);
          expect((await dumpDatabase(empty)).schema).toBeGreaterThan(schema);
        },
      );
    });
  }
}
