// Checkpoints: all that a run needs to go on from where it was, as its trainer packs it. The last two are kept, so that
// one that was damaged or cut off leaves the one before. What is in them is the trainer's business.

import { pack, unpack } from './pack.ts';
import type { Workspace } from './workspace.ts';

export interface CheckpointFacts {
  runId: number;
  /** the newest first; at most two */
  states: { sha256: string; sizeBytes: number; savedAt: number; epoch: number }[];
}

const KEPT = 2;

/**
 * Keeps the state of a run; on disk when this returns. Of a run that has ended meanwhile nothing is kept.
 * @param state JSON with typed arrays
 * @param epoch the one that it was taken in, from 1
 * @throws UserError where there is no room; the earlier checkpoints stay
 */
export function saveCheckpoint(ws: Workspace, runId: number, state: unknown, epoch: number): Promise<void> {
  const what = `the checkpoint of run ${runId}`;
  return ws.holdBlobs(async () => {
    const blob = pack(state);
    const newest = { sha256: await ws.putBlob(blob, what), sizeBytes: blob.size, savedAt: ws.now(), epoch };
    await ws.commit(what, async (draft) => {
      const run = await draft.read('run', String(runId));
      if (!run || run.state === 'finished' || run.state === 'stopped') return;
      const states = (await draft.read('checkpoint', String(runId)))?.states ?? [];
      const others = states.filter(({ sha256 }) => sha256 !== newest.sha256);
      draft.put('checkpoint', String(runId), { runId, states: [newest, ...others].slice(0, KEPT) });
    });
  });
}

/** The newest state whose bytes are right, or undefined where there is none. */
export async function readCheckpoint(ws: Workspace, runId: number): Promise<unknown> {
  const states = (await ws.read('checkpoint', String(runId)))?.states ?? [];
  for (const { sha256 } of states) {
    try {
      return await unpack(await ws.readBlob(sha256, `the checkpoint of run ${runId}`));
    } catch (error) {
      console.warn('checkpoint not usable:', error);
    }
  }
  return undefined;
}
