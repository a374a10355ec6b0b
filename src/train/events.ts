// What a training says while it runs, and what it can run on. Plain JSON, so that it crosses the worker's port and lies in the run's log.

import type { EpochLog } from '../model/epochLog.ts';
import type { Weight } from '../model/spec.ts';
import type { TrainState } from './state.ts';

export type BackendName = 'webgpu' | 'webgl' | 'cpu';

export interface StepProgress {
  /** steps done, over all epochs */
  step: number;
  steps: number;
  /** the epoch in progress, from 1 */
  epoch: number;
  epochs: number;
  /** mean loss of the batches of this epoch so far */
  loss: number;
  rowsPerSecond: number;
  /** time left by the pace so far, were every epoch to run */
  remainingMs: number;
}

export interface BackendInUse {
  backend: BackendName;
  /** such as `nvidia ada-lovelace`, `SwiftShader (software)`, `plain JavaScript` */
  adapter: string;
  /** why this one, a sentence; null where it was asked for and works */
  reason: string | null;
}

export type TrainEvent =
  | { kind: 'step'; progress: StepProgress }
  | { kind: 'epoch'; log: EpochLog }
  /** where it can be taken up from; what comes after it comes again then */
  | { kind: 'checkpoint'; state: TrainState }
  /** its device was lost, and it went on: where, and what happened */
  | { kind: 'backend'; inUse: BackendInUse };

export interface TrainResult {
  /** of the best epoch by validation loss (of the last one where early stopping is off) */
  weights: Weight[];
  history: EpochLog[];
  /** from 1; the epoch the weights are from */
  bestEpoch: number;
  /** why it ended */
  ended: 'epochs' | 'earlyStopping' | 'stopped';
}

export interface BackendInfo {
  name: BackendName;
  available: boolean;
  /** such as `nvidia ada-lovelace`, `SwiftShader (software)`, `plain JavaScript` */
  adapter: string;
  software: boolean;
  /** why it cannot be used or is not preferred; null where nothing is to be said */
  reason: string | null;
}

export interface BackendReport {
  backends: BackendInfo[];
  /** what `auto` takes where there is nothing to time */
  auto: BackendName;
  /** how `auto` chooses, and what is to be said of the adapters */
  reason: string;
}
