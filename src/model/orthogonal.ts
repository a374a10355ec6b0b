// A random matrix whose rows are orthogonal to one another, which keeps the length of whatever it is multiplied by.

import type { Random } from '../base/random.ts';

/**
 * Fills a matrix [rows, columns] in row-major order, at least as many columns as rows, with rows of length 1 that are
 * orthogonal to one another: normal draws through modified Gram and Schmidt (Golub and Van Loan, 5.2.8), in float64.
 */
export function fillOrthogonal(matrix: Float32Array, rows: number, columns: number, random: Random): void {
  if (matrix.length !== rows * columns || columns < rows) throw new Error(`no matrix [${rows}, ${columns}]`);
  const exact = Float64Array.from({ length: rows * columns }, () => random.normal());
  const vectors = Array.from({ length: rows }, (_, row) => exact.subarray(row * columns, (row + 1) * columns));
  vectors.forEach((vector, row) => {
    const length = Math.sqrt(dot(vector, vector));
    for (let i = 0; i < columns; i++) vector[i] /= length;
    for (const other of vectors.slice(row + 1)) {
      const along = dot(vector, other);
      for (let i = 0; i < columns; i++) other[i] -= along * vector[i];
    }
  });
  matrix.set(exact);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
