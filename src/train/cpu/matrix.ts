// The matrix product, either side transposed or not: what dense layers and their gradients are made of.

import type { Tf } from '../tf.ts';
import type { CpuKernel, Values } from './kernel.ts';

export function matrixKernels(tf: Tf): CpuKernel[] {
  return [
    {
      name: tf.BatchMatMul,
      inputs: ['a', 'b'],
      takes: ([a, b]) => [a, b].every((shape) => shape.length === 2 || (shape.length === 3 && shape[0] === 1)),
      run: ([a, b], [aShape, bShape], { transposeA, transposeB }) => {
        const [aRows, aColumns] = aShape.slice(-2);
        const [bRows, bColumns] = bShape.slice(-2);
        const [rows, inner] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
        const columns = transposeB ? bRows : bColumns;
        const left = transposeA ? transpose(a, aRows, aColumns) : a;
        const right = transposeB ? transpose(b, bRows, bColumns) : b;
        return {
          shape: [...aShape.slice(0, -2), rows, columns],
          values: multiply(left, right, rows, inner, columns),
        };
      },
    },
  ];
}

/** [rows, inner] times [inner, columns], row by row; zeros on the left, which rectifiers and dropout make, are skipped. */
function multiply(a: Values, b: Values, rows: number, inner: number, columns: number): Values {
  const product = new Float32Array(rows * columns);
  const sums = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    for (let k = 0; k < inner; k++) {
      const value = a[row * inner + k];
      if (value === 0) continue;
      const from = k * columns;
      for (let column = 0; column < columns; column++) sums[column] += value * b[from + column];
    }
    product.set(sums, row * columns);
  }
  return product;
}

/** [rows, columns] to [columns, rows] */
function transpose(values: Values, rows: number, columns: number): Values {
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) turned[column * rows + row] = values[row * columns + column];
  }
  return turned;
}
