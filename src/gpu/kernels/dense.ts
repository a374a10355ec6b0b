// A dense layer as products: output = x W + b, its gradient by x = d W^T, that by W = x^T d, that by b the column
// sums of d. W is [in, out].

import type { Operation } from '../graph.ts';
import type { Draft } from '../wgsl.ts';
import type { Operand, Product } from './product.ts';
import { definePut, gradientOf, rowOf, type Pass } from './tail.ts';

export type Dense = Extract<Operation, { kind: 'dense' }>;

const quarter = (size: number): boolean => size % 4 === 0;

/** A matrix that is read along its rows; as vec4 where every row begins at a multiple of 4. */
function rowsOperand(
  array: (vector: boolean) => string,
  width: number,
  row: (index: string) => string = (index) => index,
  offset = 0,
): Operand {
  const vector = quarter(width);
  return {
    array,
    vector,
    along: 'inner',
    outer: (s, index) => `let o${s} = (${row(index)}) * ${width}u + ${offset}u;`,
    loop: () => '',
    address: (s, k) => `o${s} + ${k}`,
    valid: () => null,
  };
}

/** A matrix that is read along its rows, the inner index counting the rows. */
function columnsOperand(
  array: (vector: boolean) => string,
  width: number,
  offset: number,
  row: (index: string) => string = (index) => index,
): Operand {
  const vector = quarter(width);
  return {
    array,
    vector,
    along: 'outer',
    outer: (s, index) => `let c${s} = (${index}) + ${offset}u;`,
    loop: () => '',
    address: (s, k) => `${row(k)} * ${width}u + c${s}`,
    valid: () => null,
  };
}

export const reader = (draft: Draft, buffer: string) => (vector: boolean) =>
  draft.read(buffer, vector ? 'vec4f' : 'f32');

/** @param store false for a head whose logits are not written down */
export function denseForward(draft: Draft, operation: Dense, pass: Pass, store = true): Product {
  const { input, output, kernel, bias } = operation;
  const [width, units] = [input.tensor.size, output.tensor.size];
  const a = rowsOperand(reader(draft, input.tensor.name), width, (b) => rowOf(draft, input.tensor, pass, b));
  const b = columnsOperand(reader(draft, 'weights'), units, kernel.offset);
  const weights = draft.read('weights');
  const put = store ? definePut(draft, output.tensor, pass) : '';
  return {
    label: operation.name,
    rows: pass.rows,
    columns: units,
    loops: [],
    inner: width,
    a,
    b,
    parts: 1,
    store: (row, column, value) =>
      `${put}(${row} * ${units}u + ${column}, ${value} + ${weights}[${bias.offset}u + ${column}]);`,
  };
}

export function denseInputGradient(draft: Draft, operation: Dense, pass: Pass, give: string): Product {
  const { input, output, kernel } = operation;
  const [width, units] = [input.tensor.size, output.tensor.size];
  return {
    label: `${operation.name} input gradient`,
    rows: pass.rows,
    columns: width,
    loops: [],
    inner: units,
    a: rowsOperand(reader(draft, gradientOf(output.tensor)), units),
    b: rowsOperand(reader(draft, 'weights'), units, undefined, kernel.offset),
    parts: 1,
    store: (row, column, value) => `${give}(${row} * ${width}u + ${column}, ${value});`,
  };
}

/** @param take statements that take a number of the gradient of the kernel, followed by the bias, by its place */
export function denseWeightGradient(
  draft: Draft,
  operation: Dense,
  pass: Pass,
  take: (place: string, value: string) => string,
): Product {
  const { input, output, kernel } = operation;
  const [width, units] = [input.tensor.size, output.tensor.size];
  return {
    label: `${operation.name} weight gradient`,
    rows: width,
    columns: units,
    loops: [],
    inner: pass.rows,
    a: columnsOperand(reader(draft, input.tensor.name), width, 0, (b) => rowOf(draft, input.tensor, pass, b)),
    b: columnsOperand(reader(draft, gradientOf(output.tensor)), units, 0),
    parts: 1,
    store: (row, column, value) => take(`${row} * ${units}u + ${column}`, value),
    columnSum: (column, value) => take(`${kernel.size}u + ${column}`, value),
  };
}
