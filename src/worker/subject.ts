// A batch and the version that has scored it: what is examined.

import type { BatchOutputs } from '../monitor/outputs.ts';
import type { MonitorSettings } from '../monitor/settings.ts';
import type { BatchContent } from '../store/batches.ts';
import type { Reference } from '../store/references.ts';
import type { TrainedModel, Version } from '../store/versions.ts';
import type { Truth } from './readBatchFiles.ts';

export interface Subject {
  version: Version;
  trained: TrainedModel;
  reference: Reference;
  settings: MonitorSettings;
  content: BatchContent;
  rows: number;
  /** probabilities [rows, classes], or values [rows] */
  outputs: Float32Array;
  actual: Truth | null;
}

/** The metric that a version's task is judged by. */
export function judgingMetric({ labels }: Pick<Version, 'labels'>): string {
  return labels.length > 0 ? 'accuracy' : 'mae';
}

/** What a version said, as the monitor takes it. */
export function asOutputs(
  { labels }: Pick<Version, 'labels'>,
  outputs: Float32Array,
  actual: Truth | null,
): BatchOutputs {
  return labels.length > 0
    ? { kind: 'classes', probabilities: outputs, actual: actual as Int32Array | null }
    : { kind: 'value', predictions: Float64Array.from(outputs), actual: actual as Float64Array | null };
}
