// Which row is learned from, which one stops the training, and which one training never sees.

export type Part = 'train' | 'validation' | 'test';

/** Fractions of the usable rows; they add up to 1. */
export interface SplitSpec {
  train: number;
  validation: number;
  test: number;
  /** keep each class's share in every part; for classes only */
  stratify: boolean;
}

/** Row indices of each part, ascending. */
export interface Split {
  train: Int32Array;
  validation: Int32Array;
  test: Int32Array;
}
