// Writes without pause through Lathe's verbs and tells the test of each write as it begins and once it was acknowledged,
// so that after a kill it is known what must be there, what may be there, and what must not. The checks are here too.

import { expect } from 'vitest';
import type { Page } from 'playwright-core';
import type { Version, VersionDetail } from '../../src/worker/api.ts';

type Write =
  | { kind: 'import'; name: string }
  | { kind: 'train' }
  | { kind: 'note'; id: string; note: string }
  | { kind: 'rename'; id: string; name: string }
  | { kind: 'removeVersion'; id: string }
  | { kind: 'removeDataset'; id: string };

type Message =
  | { at: 'begin'; write: Write }
  | { at: 'done'; dataset?: { id: string; name: string; rows: number }; version?: Version | VersionDetail };

/** What was acknowledged so far, and the write under way, of which nobody knows. */
export interface Journal {
  datasets: Map<string, { name: string; rows: number }>;
  versions: Map<string, VersionDetail>;
  /** ids that were given once and must never come again */
  removed: Set<string>;
  pending: Write | null;
  acknowledged: number;
  /** what ended the writing, its page being closed included */
  failure: unknown;
}

export function createJournal(): Journal {
  return {
    datasets: new Map(),
    versions: new Map(),
    removed: new Set(),
    pending: null,
    acknowledged: 0,
    failure: null,
  };
}

/** Has the page write until it is gone. Resolves when it has begun. */
export async function writeWithoutPause(page: Page, journal: Journal, seed: number): Promise<void> {
  let began = () => {};
  const beginning = new Promise<void>((resolve) => (began = resolve));
  await page.exposeBinding('tell', (_source, message: Message) => {
    began();
    note(journal, message);
  });
  page.evaluate(writeForEver, seed).catch((error: unknown) => (journal.failure ??= error)); // it ends with the page
  await beginning;
}

/** Runs in the page, to which it is sent as text: it sees nothing of this file. */
async function writeForEver(seed: number): Promise<void> {
  const { lathe } = window;
  const tell = (window as unknown as { tell(message: Message): Promise<void> }).tell;
  const begin = (write: Write) => tell({ at: 'begin', write });
  const iris = await lathe.importSample('iris');
  const recipe = await lathe.suggestRecipe(iris.id, { seed: 1 });
  recipe.backend = 'cpu';
  recipe.training.epochs = 2;
  for (let n = 0; ; n++) {
    const datasets = (await lathe.datasets()).filter(({ id }) => id !== iris.id);
    const versions = await lathe.versions();
    switch ((seed + n) % 6) {
      case 0: {
        const name = `table-${seed}-${n}`;
        const lines = Array.from({ length: 2000 }, (_, i) => `${seed},${n},${i},${(i * 7919) % 1000}`);
        await begin({ kind: 'import', name });
        const dataset = await lathe.importFiles([new File([`a,b,c,d\n${lines.join('\n')}\n`], `${name}.csv`)]);
        await tell({ at: 'done', dataset });
        break;
      }
      case 1:
      case 4:
        await begin({ kind: 'train' });
        await tell({ at: 'done', version: await lathe.train(recipe) });
        break;
      case 2: {
        const id = versions.at(-1)?.id;
        if (!id) break;
        const note = `note ${seed} ${n} ${'x'.repeat(n % 500)}`;
        await begin({ kind: 'note', id, note });
        await tell({ at: 'done', version: await lathe.updateVersion(id, { note }) });
        break;
      }
      case 3: {
        const { id } = datasets.at(-1) ?? iris;
        const name = `renamed ${seed} ${n}`;
        await begin({ kind: 'rename', id, name });
        await tell({ at: 'done', dataset: await lathe.renameDataset(id, name) });
        break;
      }
      case 5:
        if (versions.length > 6) {
          await begin({ kind: 'removeVersion', id: versions[0].id });
          await lathe.removeVersion(versions[0].id);
          await tell({ at: 'done' });
        }
        if (datasets.length > 3) {
          await begin({ kind: 'removeDataset', id: datasets[0].id });
          await lathe.removeDataset(datasets[0].id);
          await tell({ at: 'done' });
        }
    }
  }
}

function note(journal: Journal, message: Message): void {
  if (message.at === 'begin') {
    journal.pending = message.write;
    return;
  }
  const write = journal.pending!;
  journal.pending = null;
  journal.acknowledged++;
  if (message.version) {
    const { id } = message.version;
    // a change of its notes does not tell its log, which stays
    journal.versions.set(id, { log: [], ...journal.versions.get(id), ...message.version });
  }
  if (message.dataset) journal.datasets.set(message.dataset.id, message.dataset);
  if (write.kind === 'removeVersion') {
    journal.versions.delete(write.id);
    journal.removed.add(write.id);
  }
  if (write.kind === 'removeDataset') journal.datasets.delete(write.id);
}

/**
 * Holds what is kept to what was acknowledged: every record as it was, none half there, none come back. What the write
 * under way has left, all or nothing, is taken into the journal.
 */
export async function checkJournal(page: Page, journal: Journal): Promise<void> {
  const kept = await page.evaluate(async () => {
    const { lathe } = window;
    const [datasets, runs] = [await lathe.datasets(), await lathe.runs()];
    const versions = await Promise.all((await lathe.versions()).map(({ id }) => lathe.version(id)));
    const rows: Record<string, number> = {};
    for (const { id } of datasets) {
      const { total } = await lathe.rows(id, { offset: 0, limit: 1 });
      rows[id] = (await lathe.rows(id, { offset: total - 5, limit: 5 })).rows.length === 5 ? total : -1;
    }
    // reads the weights, whose hash is checked on the way
    for (const { id } of versions) await lathe.predict(id, [(await lathe.predictForm(id)).example!]);
    return { datasets, versions, runs, rows };
  });
  const { pending } = journal;

  for (const dataset of kept.datasets) expect(kept.rows[dataset.id]).toBe(dataset.rows);
  const names = new Map(kept.datasets.map(({ id, name }) => [id, name]));
  for (const [id, { name, rows }] of journal.datasets) {
    if (pending?.kind === 'removeDataset' && pending.id === id && !names.has(id)) continue;
    const allowed = pending?.kind === 'rename' && pending.id === id ? [name, pending.name] : [name];
    expect(allowed, `data set ${id}`).toContain(names.get(id));
    expect(kept.rows[id]).toBe(rows);
  }
  const known = ({ id, name }: { id: string; name: string }) =>
    journal.datasets.has(id) || name === 'Iris' || (pending?.kind === 'import' && name.startsWith(pending.name));
  expect(kept.datasets.filter((dataset) => !known(dataset))).toEqual([]);

  const versions = new Map(kept.versions.map((version) => [version.id, version]));
  for (const [id, version] of journal.versions) {
    const found = versions.get(id);
    if (pending?.kind === 'removeVersion' && pending.id === id && !found) continue;
    const changed = pending?.kind === 'note' && pending.id === id && found?.note === pending.note;
    expect(found, `version ${id}`).toEqual(changed ? { ...version, note: pending.note } : version);
    expect(kept.runs.find((run) => run.id === version.runId)?.state).toBe('finished');
  }
  const unknown = kept.versions.filter(({ id }) => !journal.versions.has(id));
  expect(unknown.length).toBeLessThanOrEqual(pending?.kind === 'train' ? 1 : 0);
  for (const { id } of kept.versions) expect(journal.removed, `version ${id} has come back`).not.toContain(id);
  const runs = kept.runs.map(({ id }) => id);
  expect(new Set(runs).size).toBe(runs.length);
  expect(kept.runs.filter(({ state }) => state === 'running')).toEqual([]);

  if (pending?.kind === 'removeVersion' && !versions.has(pending.id)) journal.removed.add(pending.id);
  journal.pending = null;
  journal.versions = versions;
  journal.datasets = new Map(kept.datasets.map((dataset) => [dataset.id, dataset]));
}
