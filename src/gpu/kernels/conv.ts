// A convolution as products over the places of its window (implicit GEMM: no matrix of windows is ever written).
// A transposed convolution is the gradient of a convolution, so its forward pass is that one's input gradient, its
// input gradient that one's forward pass. Kernels are [height, width, channels, filters] of the window, which for a
// transposed layer is Keras' [height, width, out, in].

import type { Operation, Tensor } from '../graph.ts';
import type { Window } from '../window.ts';
import type { Draft } from '../wgsl.ts';
import { reader } from './dense.ts';
import type { Operand, Product } from './product.ts';
import { definePut, gradientOf, rowOf, type Pass } from './tail.ts';

export type Convolution = Extract<Operation, { kind: 'conv' | 'convTranspose' }>;

const quarter = (size: number): boolean => size % 4 === 0;

interface Source {
  array: (vector: boolean) => string;
  /** the row of the buffer that holds image `b` */
  row: (b: string) => string;
}

function valueOf(draft: Draft, tensor: Tensor, pass: Pass): Source {
  return { array: reader(draft, tensor.name), row: (b) => rowOf(draft, tensor, pass, b) };
}

function gradient(draft: Draft, tensor: Tensor): Source {
  return { array: reader(draft, gradientOf(tensor)), row: (b) => b };
}

/** From the large side of the window to the small one: a convolution's own direction. */
function gatherWindow(draft: Draft, window: Window, large: Source, kernelOffset: number, rows: number) {
  const { height, width, channels, outHeight, outWidth, filters, kernelHeight, kernelWidth } = window;
  const { stride, strideY, dilation, padTop, padLeft, padded } = window;
  const joined = dilation === 1; // a row of the window lies in one piece
  const loops = [
    ...(kernelHeight > 1 ? [{ name: 'ky', count: kernelHeight }] : []),
    ...(kernelWidth > 1 && !joined ? [{ name: 'kx', count: kernelWidth }] : []),
  ];
  const ky = kernelHeight > 1 ? 'ky' : '0u';
  const kx = kernelWidth > 1 && !joined ? 'kx' : '0u';
  const vector = quarter(channels);
  const a: Operand = {
    array: large.array,
    vector,
    along: 'inner',
    outer: (s, index) => `let m${s} = ${index};
let t${s} = ${draft.quotient(`m${s}`, outWidth, rows)};
let x${s} = i32((m${s} - t${s} * ${outWidth}u) * ${stride}u) - ${padLeft};
let i${s} = ${draft.quotient(`t${s}`, outHeight, rows)};
let y${s} = i32((t${s} - i${s} * ${outHeight}u) * ${strideY}u) - ${padTop};
let o${s} = ${large.row(`i${s}`)} * ${height * width * channels}u;`,
    loop: (s) => `let yy${s} = y${s} + i32(${ky} * ${dilation}u);
let xx${s} = x${s} + i32(${kx} * ${dilation}u);
let at${s} = o${s} + u32(yy${s} * ${width} + xx${s}) * ${channels}u;
${padded ? `let first${s} = u32(xx${s} * ${channels});\nlet ok${s} = u32(yy${s}) < ${height}u;` : ''}`,
    address: (s, k) => `at${s} + ${k}`,
    valid: (s, k) => (padded ? `ok${s} & (first${s} + ${k} < ${width * channels}u)` : null),
  };
  const b: Operand = {
    array: reader(draft, 'weights'),
    vector: quarter(filters),
    along: 'outer',
    outer: (s, index) => `let n${s} = ${index} + ${kernelOffset}u;`,
    loop: (s) => `let w${s} = (${ky} * ${kernelWidth}u + ${kx}) * ${channels * filters}u + n${s};`,
    address: (s, k) => `w${s} + ${k} * ${filters}u`,
    valid: () => null,
  };
  return { loops, inner: joined ? kernelWidth * channels : channels, a, b };
}

/** From the small side to the large one: for each place of the input, the windows that cover it. */
function gatherCovering(draft: Draft, window: Window, small: Source, kernelOffset: number, rows: number) {
  const { height, width, channels, outHeight, outWidth, filters, kernelHeight, kernelWidth } = window;
  const { stride, strideY, dilation, padTop, padLeft } = window;
  const loops = [
    ...(kernelHeight > 1 ? [{ name: 'ky', count: kernelHeight }] : []),
    ...(kernelWidth > 1 ? [{ name: 'kx', count: kernelWidth }] : []),
  ];
  const ky = kernelHeight > 1 ? 'ky' : '0u';
  const kx = kernelWidth > 1 ? 'kx' : '0u';
  const everywhere = loops.length === 0 && stride === 1 && strideY === 1;
  const vector = quarter(filters);
  /** the place along one axis, and whether a window begins there */
  const axis = (v: string, step: number, places: number): [string, string] =>
    step === 1
      ? [`u32(${v})`, `(u32(${v}) < ${places}u)`]
      : [`u32(${v}) / ${step}u`, `((u32(${v}) < ${places * step}u) & (u32(${v}) % ${step}u == 0u))`];
  const a: Operand = {
    array: small.array,
    vector,
    along: 'inner',
    outer: (s, index) => `let m${s} = ${index};
let t${s} = ${draft.quotient(`m${s}`, width, rows)};
let x${s} = i32(m${s} - t${s} * ${width}u) + ${padLeft};
let i${s} = ${draft.quotient(`t${s}`, height, rows)};
let y${s} = i32(t${s} - i${s} * ${height}u) + ${padTop};
let o${s} = ${small.row(`i${s}`)} * ${outHeight * outWidth * filters}u;`,
    loop: (s) => {
      const [py, okY] = axis(`ty${s}`, strideY, outHeight);
      const [px, okX] = axis(`tx${s}`, stride, outWidth);
      return `let ty${s} = y${s} - i32(${ky} * ${dilation}u);
let tx${s} = x${s} - i32(${kx} * ${dilation}u);
let at${s} = o${s} + ((${py}) * ${outWidth}u + ${px}) * ${filters}u;
let ok${s} = ${okY} & ${okX};`;
    },
    address: (s, k) => `at${s} + ${k}`,
    valid: (s) => (everywhere ? null : `ok${s}`),
  };
  const b: Operand = {
    array: reader(draft, 'weights'),
    vector,
    along: 'inner',
    outer: (s, index) => `let n${s} = ${index};`,
    loop: (s) =>
      `let w${s} = ${kernelOffset}u + ((${ky} * ${kernelWidth}u + ${kx}) * ${channels}u + n${s}) * ${filters}u;`,
    address: (s, k) => `w${s} + ${k}`,
    valid: () => null,
  };
  return { loops, inner: filters, a, b };
}

export function convForward(draft: Draft, operation: Convolution, pass: Pass): Product {
  const { window, output, kernel, bias } = operation;
  const forward = operation.kind === 'conv';
  const source = valueOf(draft, operation.input.tensor, pass);
  const columns = forward ? window.filters : window.channels;
  const rows = (pass.rows * output.tensor.size) / columns;
  const operands = (forward ? gatherWindow : gatherCovering)(draft, window, source, kernel.offset, rows);
  const weights = draft.read('weights');
  const put = definePut(draft, output.tensor, pass);
  return {
    label: operation.name,
    rows,
    columns,
    ...operands,
    parts: 1,
    store: (row, column, value) =>
      `${put}(${row} * ${columns}u + ${column}, ${value} + ${weights}[${bias.offset}u + ${column}]);`,
  };
}

export function convInputGradient(draft: Draft, operation: Convolution, pass: Pass, give: string): Product {
  const { window, input, kernel } = operation;
  const forward = operation.kind === 'conv';
  const source = gradient(draft, operation.output.tensor);
  const columns = forward ? window.channels : window.filters;
  const rows = (pass.rows * input.tensor.size) / columns;
  const operands = (forward ? gatherCovering : gatherWindow)(draft, window, source, kernel.offset, rows);
  return {
    label: `${operation.name} input gradient`,
    rows,
    columns,
    ...operands,
    parts: 1,
    store: (row, column, value) => `${give}(${row} * ${columns}u + ${column}, ${value});`,
  };
}

/**
 * The sum over all places of all images. A transposed layer's bias is not a column sum here and is left out.
 * @param take statements that take a number of the gradient of the kernel, followed by the bias, by its place
 */
export function convWeightGradient(
  draft: Draft,
  operation: Convolution,
  pass: Pass,
  parts: number,
  take: (place: string, value: string) => string,
): Product {
  const { window, kernel } = operation;
  const { height, width, channels, outHeight, outWidth, filters, kernelHeight, kernelWidth } = window;
  const { stride, strideY, dilation, padTop, padLeft, padded } = window;
  const forward = operation.kind === 'conv';
  const input = valueOf(draft, operation.input.tensor, pass);
  const output = gradient(draft, operation.output.tensor);
  const [large, small] = forward ? [input, output] : [output, input];
  const places = outHeight * outWidth;
  const even = stride === 1 && strideY === 1 && outWidth === width; // from place to place it is as far on either side
  const a: Operand = {
    array: large.array,
    vector: quarter(channels),
    along: 'outer',
    outer: (s, index) => `let m${s} = ${index};
let q${s} = ${draft.quotient(`m${s}`, channels, kernel.size)};
let c${s} = m${s} - q${s} * ${channels}u;
let z${s} = ${draft.quotient(`q${s}`, kernelWidth, kernel.size)};
let x${s} = i32((q${s} - z${s} * ${kernelWidth}u) * ${dilation}u) - ${padLeft};
let y${s} = i32(z${s} * ${dilation}u) - ${padTop};`,
    loop: (s) =>
      `let at${s} = ${large.row('image')} * ${height * width * channels}u + u32(y${s} * ${width} + x${s}) * ${channels}u + c${s};`,
    step: (k) =>
      even && !padded
        ? ''
        : `let line_${k} = ${draft.quotient(k, outWidth, places + 4)};
let y_${k} = i32(line_${k} * ${strideY}u);
let x_${k} = i32((${k} - line_${k} * ${outWidth}u) * ${stride}u);`,
    address: (s, k) => `at${s} + ${even ? k : `u32(y_${k} * ${width} + x_${k})`} * ${channels}u`,
    valid: (s, k) => (padded ? `(u32(y_${k} + y${s}) < ${height}u) & (u32(x_${k} + x${s}) < ${width}u)` : null),
  };
  const b: Operand = {
    array: small.array,
    vector: quarter(filters),
    along: 'outer',
    outer: (s, index) => `let n${s} = ${index};`,
    loop: (s) => `let d${s} = ${small.row('image')} * ${places * filters}u + n${s};`,
    address: (s, k) => `d${s} + ${k} * ${filters}u`,
    valid: () => null,
  };
  return {
    label: `${operation.name} weight gradient`,
    rows: kernelHeight * kernelWidth * channels,
    columns: filters,
    loops: [{ name: 'image', count: pass.rows }],
    inner: places,
    a,
    b,
    parts,
    store: (row, column, value) => take(`${row} * ${filters}u + ${column}`, value),
    ...(forward && { columnSum: (column: string, value: string) => take(`${kernel.size}u + ${column}`, value) }),
  };
}
