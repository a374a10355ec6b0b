// Two versions held against each other, the gate between them, and the champion that comes of it. Types only.

import type { Row } from '../data/table.ts';
import type { FlipKind, PairedTest } from '../evaluate/compare.ts';
import type { GateOutcome, GateRule } from '../evaluate/gate.ts';
import type { PairedFigure } from '../evaluate/paired.ts';
import type { WorseSlice } from '../monitor/slices.ts';
import type { Version } from '../store/versions.ts';
import type { ImageItem } from './apiData.ts';

export type { FlipKind, GateOutcome, GateRule, PairedFigure, PairedTest, WorseSlice };
export type { GateCheck, GateResult, GateRows } from '../evaluate/gate.ts';
export type { Interval } from '../evaluate/paired.ts';
export type { Condition } from '../monitor/slices.ts';

/** What a version costs to keep and to run. */
export interface Cost {
  parameters: number;
  /** of its weights as float32 */
  weightBytes: number;
  /** of its ONNX file; null where there is none of it */
  onnxBytes: number | null;
  /** median of one row after the other through the network, on this machine; null where it was not measured */
  latencyMs: number | null;
}

export interface Judgement {
  first: string;
  second: string;
  gate: GateOutcome;
  costs: { first: Cost; second: Cost };
  /** the backend on which the times were measured, or why they were not */
  measured: string;
  /** the newest batch with labels that the rules on batches look at; null where the model has none */
  batch: { id: string; name: string } | null;
}

export interface ComparisonQuery {
  /** id of a batch with labels, or `heldOut`, the test part of the second: left out, that */
  batch?: string;
}

/** Two versions on rows that neither has learned from or was stopped on. */
export interface VersionComparison {
  first: string;
  second: string;
  rows: number;
  /** rows that one of them has learned from */
  leftOut: number;
  /** why one may have learned from some of the rows all the same; null where it has not */
  doubt: string | null;
  /** every class that one of them knows; regression: [] */
  labels: string[];
  figures: PairedFigure[];
  /** of the rows that only one of them has right; null for values */
  mcNemar: PairedTest | null;
  /** rows whose predicted class changed, or whose predicted value did (`moved`) */
  flips: Record<FlipKind, number>;
  /** parts of the rows on which the second does worse, those that hold most of it first; of classes by the share that is wrong, of values by the absolute error */
  slices: WorseSlice[];
}

export interface FlippedRow {
  /** in the data set or the batch, from 0 */
  index: number;
  kind: FlipKind;
  first: string | number;
  second: string | number;
  /** probability of the predicted class */
  firstConfidence: number | null;
  secondConfidence: number | null;
  actual: string | number;
  /** tables */
  row?: Row;
  /** images */
  image?: ImageItem;
}

export interface FlippedQuery extends ComparisonQuery {
  kind?: FlipKind;
  offset?: number;
  limit?: number;
}

export interface CompareVerbs {
  /** Figures of both with 95 % intervals, whether the difference is chance, the parts on which the second does worse. */
  compare(first: string, second: string, query?: ComparisonQuery): Promise<VersionComparison & { gate: GateOutcome }>;
  /** The rows whose prediction flipped: of classes those that became wrong first, of values those that moved furthest. */
  flippedRows(first: string, second: string, query?: FlippedQuery): Promise<{ total: number; rows: FlippedRow[] }>;
  /** What the gate of the second's model says of the second in the place of the first, and what both cost. */
  judge(first: string, second: string): Promise<Judgement>;
  /** What a version must be to replace the champion; presets until they are set. */
  gate(model: string): Promise<GateRule[]>;
  /** Null takes the presets again. */
  setGate(model: string, rules: GateRule[] | null): Promise<void>;
  /**
   * Makes a version the champion of its model, which Predict and Monitor score with. Where the gate says no, it is refused,
   * but for `despite` with a note; both go into the history.
   */
  promote(versionId: string, options?: { note?: string; despite?: boolean }): Promise<Version>;
  /** Puts the champion back to where it was before its last move that stands; again, further. @returns the champion now */
  rollBack(model: string): Promise<Version>;
}
