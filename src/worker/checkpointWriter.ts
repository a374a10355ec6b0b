// Keeps a training's checkpoints while it goes on: one write at a time, of the newest state. A write that fails is said
// and tried again with the next state; it never ends the training.

import { saveCheckpoint } from '../store/checkpoints.ts';
import type { Workspace } from '../store/workspace.ts';
import type { TrainState } from '../train/state.ts';
import type { CheckpointProgress } from './api.ts';

export interface CheckpointWriter {
  /** Keeps this state, once the write before is through; one that waited for it is passed over. */
  write(state: TrainState): void;
  /** How long the last write took. */
  lastMs(): number;
  /** Writes nothing more. Resolves when the write in progress is through. */
  close(): Promise<void>;
}

export function createCheckpointWriter(
  workspace: Workspace,
  runId: number,
  onWritten: (outcome: CheckpointProgress) => void,
): CheckpointWriter {
  let waiting: TrainState | null = null;
  let writing: Promise<void> | null = null;
  let lastMs = 0;

  async function writeWaiting(): Promise<void> {
    while (waiting) {
      const state = waiting;
      const { epoch } = state;
      waiting = null;
      const begun = performance.now();
      try {
        await saveCheckpoint(workspace, runId, state, epoch);
        onWritten({ epoch, savedAt: workspace.now(), error: null });
      } catch (error) {
        console.warn(`checkpoint of run ${runId} not saved:`, error);
        onWritten({ epoch, savedAt: null, error: error instanceof Error ? error.message : String(error) });
      }
      lastMs = performance.now() - begun;
    }
    writing = null;
  }

  return {
    write(state) {
      waiting = state;
      writing ??= writeWaiting();
    },
    lastMs: () => lastMs,
    async close() {
      waiting = null;
      await writing;
    },
  };
}
