// Makes room: shows what could go, and removes of it what was chosen. Nothing that a data set or a version needs is ever
// among it.

import { UserError } from '../base/errors.ts';
import { parse } from '../base/json.ts';
import { listAside } from './aside.ts';
import type { StoredRecord } from './db.ts';
import { describeRecord } from './describe.ts';
import { listFiles, openFolder, readFile, removeFile, SWAP, type Folder } from './files.ts';
import { incidentError } from './incident.ts';
import { JOURNAL } from './ledger.ts';
import { tryLock } from './locks.ts';
import { removeRun } from './runs.ts';
import { readSizes } from './usage.ts';
import type { Workspace } from './workspace.ts';

/**
 * `files`: those that nothing refers to, and what writes that were cut off have left. `checkpoints`: of runs that are over
 * and could be gone on with. `runs`: those that are over, gave no version and have no checkpoint, with their log. `aside`: damaged records.
 */
export type CleanUpPart = 'files' | 'checkpoints' | 'runs' | 'aside';

export interface CleanUpItem {
  part: CleanUpPart;
  /** a phrase */
  name: string;
  sizeBytes: number;
}

interface Removal extends CleanUpItem {
  remove: () => Promise<unknown>;
}

/** What could go. */
export async function previewCleanUp(ws: Workspace, parts: CleanUpPart[]): Promise<CleanUpItem[]> {
  const found = await Promise.all(inOrder(parts).map((part) => FINDERS[part](ws, parts)));
  return found.flat().map(itemOf);
}

/** Removes it. @returns what went @throws UserError where another tab is saving all the time, or there is an incident */
export async function cleanUp(ws: Workspace, parts: CleanUpPart[]): Promise<CleanUpItem[]> {
  const gone: CleanUpItem[] = [];
  await ws.open(); // what cannot be read is not cleaned up
  for (const part of inOrder(parts)) {
    if (part === 'files') {
      await ws.collected(); // what was referred to by what went before is counted with that
      gone.push(...(await removeFiles(ws)));
      continue;
    }
    for (const { remove, ...item } of await FINDERS[part](ws, parts)) {
      await remove();
      gone.push(item);
    }
  }
  return gone;
}

/** A part before those that more can be found of once it is gone. */
const ORDER: CleanUpPart[] = ['aside', 'checkpoints', 'runs', 'files'];

const FINDERS: Record<CleanUpPart, (ws: Workspace, parts: CleanUpPart[]) => Promise<Removal[]>> = {
  files: findFiles,
  checkpoints: findCheckpoints,
  runs: (ws, parts) => findRuns(ws, parts.includes('checkpoints')),
  aside: findAside,
};

/** @throws UserError where a part is none */
function inOrder(parts: CleanUpPart[]): CleanUpPart[] {
  const strange = parts.find((part) => !ORDER.includes(part));
  if (strange) throw new UserError('unknown', `clean-up of '${strange}': there are '${ORDER.join("', '")}'.`);
  return ORDER.filter((part) => parts.includes(part));
}

async function findFiles(ws: Workspace): Promise<Removal[]> {
  const incident = await ws.incident();
  if (incident) throw incidentError(incident); // a record that is lost here, salvage may find elsewhere
  const db = await ws.open();
  const sizes = await readSizes(ws);
  const unused: Removal[] = [];
  for (const [name, sizeBytes] of sizes) {
    if ((await db.countFromIndex('records', 'refs', name)) > 0) continue;
    const isBlob = /^[0-9a-f]{64}$/.test(name);
    const phrase = isBlob ? `unused content ${name.slice(0, 8)}` : STRAY;
    unused.push({ part: 'files', name: phrase, sizeBytes, remove: () => ws.blobs.remove(name) });
  }
  const [top, { folder: own }] = [await ws.folder(), await ws.place()];
  const folders = [...((await top.isSameEntry(own)) ? [] : [top]), own, await openFolder(own, JOURNAL)];
  for (const folder of folders) unused.push(...(await findStrays(ws, folder)));
  return unused;
}

const STRAY = 'what a write that was cut off has left';

async function findStrays(ws: Workspace, folder: Folder): Promise<Removal[]> {
  const names = (await listFiles(folder)).filter((name) => name.endsWith(SWAP));
  return Promise.all(
    names.map(async (name) => ({
      part: 'files' as const,
      name: STRAY,
      sizeBytes: (await readFile(folder, name))?.size ?? 0,
      remove: () => ws.alone(() => removeFile(folder, name)),
    })),
  );
}

const PATIENCE_MS = 10_000;

/** Files go only while nobody writes any, for those are not referred to yet. */
async function removeFiles(ws: Workspace): Promise<CleanUpItem[]> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const removed: CleanUpItem[] = [];
    const done = await tryLock(`blobs ${ws.name}`, async () => {
      for (const { remove, ...item } of await findFiles(ws)) {
        await remove();
        removed.push(item);
      }
    });
    if (done) return removed;
    if (performance.now() > until) {
      throw new UserError('invalid', 'clean-up: something is being saved all the time. Try again when that is done.');
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function findCheckpoints(ws: Workspace): Promise<Removal[]> {
  const { checkpoint: checkpoints, run: runs } = await ws.maps('checkpoint', 'run');
  return [...checkpoints].flatMap(([key, { runId, states }]) => {
    if (runs.get(key)?.state === 'running') return [];
    return {
      part: 'checkpoints' as const,
      name: `checkpoints of run ${runId}`,
      sizeBytes: states.reduce((sum, state) => sum + state.sizeBytes, 0),
      remove: () => ws.commit('the removal', async (draft) => draft.remove('checkpoint', key)),
    };
  });
}

/** @param evenResumable also those that could be gone on with */
async function findRuns(ws: Workspace, evenResumable: boolean): Promise<Removal[]> {
  const kept = await ws.maps('run', 'log', 'version', 'checkpoint');
  return [...kept.run].flatMap(([key, { id, state }]) => {
    if (state === 'running' || kept.version.has(key) || (kept.checkpoint.has(key) && !evenResumable)) return [];
    return {
      part: 'runs' as const,
      name: `run ${id} (${state})`,
      sizeBytes: JSON.stringify(kept.log.get(key)?.epochs ?? []).length,
      remove: () => removeRun(ws, id),
    };
  });
}

async function findAside(ws: Workspace): Promise<Removal[]> {
  const codec = await ws.codec();
  const nameOf = async (text: string) => {
    try {
      return await describeRecord(codec, parse(text) as StoredRecord);
    } catch {
      return 'record';
    }
  };
  return Promise.all(
    (await listAside(ws)).map(async ({ text, sizeBytes, remove }) => ({
      part: 'aside' as const,
      name: `damaged ${await nameOf(text)}`,
      sizeBytes,
      remove,
    })),
  );
}

function itemOf({ part, name, sizeBytes }: Removal): CleanUpItem {
  return { part, name, sizeBytes };
}
