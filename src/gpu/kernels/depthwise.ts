// A depthwise convolution: each channel with a window of its own, so there is no product of matrices in it. A thread
// takes four channels where their number allows, and a few neighbouring places, which share the weights.

import type { Operation } from '../graph.ts';
import type { Draft, Kernel } from '../wgsl.ts';
import { defineGive, definePut, gradientOf, rowOf, type Pass, type Turn } from './tail.ts';

export type Depthwise = Extract<Operation, { kind: 'depthwise' }>;

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const XYZW = ['x', 'y', 'z', 'w'];

/** Channels that a thread takes at once, and how they are written in WGSL. */
function lanesOf({ window, multiplier }: Depthwise) {
  const wide = multiplier === 1 && window.channels % 4 === 0;
  return {
    lanes: wide ? 4 : 1,
    type: wide ? ('vec4f' as const) : ('f32' as const),
    zero: wide ? 'vec4f()' : '0.0',
    load: (array: string, address: string) => (wide ? `${array}[(${address}) >> 2u]` : `${array}[${address}]`),
    entries: (value: string, make: (entry: string, lane: number) => string) =>
      wide ? XYZW.map((c, lane) => make(`${value}.${c}`, lane)).join('\n') : make(value, 0),
  };
}

export function depthwiseForward(draft: Draft, operation: Depthwise, pass: Pass): Kernel {
  const { window, multiplier, input, output, kernel, bias, name } = operation;
  const { height, width, channels, outHeight, outWidth, filters, kernelHeight, kernelWidth, stride, dilation } = window;
  const { lanes, type, zero, load, entries } = lanesOf(operation);
  const tile = Math.min(4, outWidth);
  const tiles = Math.ceil(outWidth / tile);
  const span = (tile - 1) * stride + (kernelWidth - 1) * dilation + 1;
  const used = new Set(times(tile, (t) => times(kernelWidth, (kx) => t * stride + kx * dilation)).flat());
  const x = draft.read(input.tensor.name, type);
  const w = draft.read('weights', type);
  const biases = bias ? draft.read('weights') : null;
  const put = definePut(draft, output.tensor, pass);
  const row = rowOf(draft, input.tensor, pass, 'b');
  const column = (at: number) => {
    const value = load(x, `line + u32(x0 + ${at}) * ${channels}u + first`);
    return window.padded || tiles * tile !== outWidth
      ? `select(${zero}, ${value}, inside & (u32(x0 + ${at}) < ${width}u))`
      : value;
  };
  const threads = pass.rows * outHeight * tiles * (filters / lanes);
  return draft.threads(
    name,
    threads,
    `let p = ${draft.quotient('i', filters / lanes, threads)};
let c = (i - p * ${filters / lanes}u) * ${lanes}u;
let first = ${draft.quotient('c', multiplier, filters)};
let above = ${draft.quotient('p', tiles, threads)};
let px = (p - above * ${tiles}u) * ${tile}u;
let b = ${draft.quotient('above', outHeight, threads)};
let py = above - b * ${outHeight}u;
let image = ${row} * ${height * width * channels}u;
let x0 = i32(px * ${stride}u) - ${window.padLeft};
let y0 = i32(py * ${window.strideY}u) - ${window.padTop};
${times(tile, (t) => `var s${t} = ${zero};`).join(' ')}
for (var ky = 0u; ky < ${kernelHeight}u; ky++) {
let y = y0 + i32(ky * ${dilation}u);
let inside = u32(y) < ${height}u;
let line = image + u32(y) * ${width * channels}u;
${times(span, (at) => (used.has(at) ? `let v${at} = ${column(at)};` : '')).join('\n')}
${times(
  kernelWidth,
  (kx) => `let w${kx} = ${load(w, `${kernel.offset}u + (ky * ${kernelWidth}u + ${kx}u) * ${filters}u + c`)};
${times(tile, (t) => `s${t} += v${t * stride + kx * dilation} * w${kx};`).join('\n')}`,
).join('\n')}
}
let o = (b * ${outHeight}u + py) * ${outWidth}u + px;
${times(
  tile,
  (t) => `if (px + ${t}u < ${outWidth}u) {
${entries(`s${t}`, (value, l) => `${put}((o + ${t}u) * ${filters}u + c + ${l}u, ${value}${biases ? ` + ${biases}[${bias!.offset}u + c + ${l}u]` : ''});`)}
}`,
).join('\n')}`,
  );
}

export function depthwiseInputGradient(draft: Draft, operation: Depthwise, pass: Pass, turn: Turn): Kernel {
  const { window, multiplier, input, output, kernel, name } = operation;
  const { height, width, channels, outHeight, outWidth, filters, kernelHeight, kernelWidth } = window;
  const { stride, strideY, dilation, padTop, padLeft } = window;
  const { lanes, type, zero, load, entries } = lanesOf(operation);
  const tile = Math.min(4, width);
  const tiles = Math.ceil(width / tile);
  const d = draft.read(gradientOf(output.tensor), type);
  const w = draft.read('weights', type);
  const give = defineGive(draft, input.tensor, turn);
  const hit = (v: string, step: number, places: number) =>
    step === 1 ? `(u32(${v}) < ${places}u)` : `((u32(${v}) < ${places * step}u) & (u32(${v}) % ${step}u == 0u))`;
  const threads = pass.rows * height * tiles * (channels / lanes);
  return draft.threads(
    `${name} input gradient`,
    threads,
    `let p = ${draft.quotient('i', channels / lanes, threads)};
let c = (i - p * ${channels / lanes}u) * ${lanes}u;
let above = ${draft.quotient('p', tiles, threads)};
let x = (p - above * ${tiles}u) * ${tile}u;
let b = ${draft.quotient('above', height, threads)};
let y = above - b * ${height}u;
${times(tile, (t) => `var s${t} = ${zero};`).join(' ')}
for (var ky = 0u; ky < ${kernelHeight}u; ky++) {
let ty = i32(y) + ${padTop} - i32(ky * ${dilation}u);
if (!(${hit('ty', strideY, outHeight)})) { continue; }
let line = (b * ${outHeight}u + u32(ty) / ${strideY}u) * ${outWidth}u;
for (var kx = 0u; kx < ${kernelWidth}u; kx++) {
let tx = i32(x) + ${padLeft} - i32(kx * ${dilation}u);
for (var m = 0u; m < ${multiplier}u; m++) {
let first = c * ${multiplier}u + m;
let weight = ${load(w, `${kernel.offset}u + (ky * ${kernelWidth}u + kx) * ${filters}u + first`)};
${times(
  tile,
  (t) => `let tx${t} = tx + ${t};
s${t} += weight * select(${zero}, ${load(d, `(line + u32(tx${t})${stride === 1 ? '' : ` / ${stride}u`}) * ${filters}u + first`)}, ${hit(`tx${t}`, stride, outWidth)});`,
).join('\n')}
}
}
}
let at = (b * ${height}u + y) * ${width}u + x;
${times(
  tile,
  (t) => `if (x + ${t}u < ${width}u) {
${entries(`s${t}`, (value, l) => `${give}((at + ${t}u) * ${channels}u + c + ${l}u, ${value});`)}
}`,
).join('\n')}`,
  );
}

/** Lines of all images are cut into this many parts. */
export function depthwiseParts({ window }: Depthwise, pass: Pass): number {
  const lines = pass.rows * window.outHeight;
  const threads = (window.kernelHeight * window.filters) / 4;
  return Math.max(1, Math.min(64, lines, Math.ceil(1024 / threads)));
}

/**
 * A thread sums one line of the window for its channels, over its part of the lines of the output.
 * @param take statements that take a number of the gradient of the kernel, followed by the bias, by its place
 */
export function depthwiseWeightGradient(
  draft: Draft,
  operation: Depthwise,
  pass: Pass,
  parts: number,
  take: (place: string, value: string) => string,
): Kernel {
  const { window, multiplier, input, output, kernel, bias, name } = operation;
  const { height, width, channels, outHeight, outWidth, filters, kernelHeight, kernelWidth } = window;
  const { stride, strideY, dilation, padTop, padLeft } = window;
  const { lanes, type, zero, load, entries } = lanesOf(operation);
  const lines = pass.rows * outHeight;
  const each = Math.ceil(lines / parts);
  const x = draft.read(input.tensor.name, type);
  const d = draft.read(gradientOf(output.tensor), type);
  const slides = stride === 1 && dilation === 1;
  const read = (at: string) =>
    `select(${zero}, ${load(x, `line + u32(${at}) * ${channels}u + first`)}, inside & (u32(${at}) < ${width}u))`;
  const begin = slides
    ? times(
        kernelWidth,
        (kx) =>
          `var x${kx} = ${kx < kernelWidth - 1 ? read(`${kx - padLeft}`).replace(/u32\((-\d+)\)/g, 'u32(i32($1))') : zero};`,
      )
    : [];
  const bring = slides
    ? [`x${kernelWidth - 1} = ${read(`(i32(px) + ${kernelWidth - 1 - padLeft})`)};`]
    : times(kernelWidth, (kx) => `let x${kx} = ${read(`(i32(px * ${stride}u) + ${kx * dilation - padLeft})`)};`);
  const shift = slides ? times(kernelWidth - 1, (kx) => `x${kx} = x${kx + 1};`) : [];
  const groups = filters / lanes;
  return draft.threads(
    `${name} weight gradient`,
    parts * kernelHeight * groups,
    `let c = (i % ${groups}u) * ${lanes}u;
let first = ${multiplier === 1 ? 'c' : `c / ${multiplier}u`};
let ky = (i / ${groups}u) % ${kernelHeight}u;
let part = i / ${groups * kernelHeight}u;
${times(kernelWidth, (kx) => `var s${kx} = ${zero};`).join(' ')}
var sum = ${zero};
for (var q = part * ${each}u; q < min(${lines}u, (part + 1u) * ${each}u); q++) {
let b = q / ${outHeight}u;
let y = i32((q % ${outHeight}u) * ${strideY}u + ky * ${dilation}u) - ${padTop};
let inside = u32(y) < ${height}u;
let line = (${rowOf(draft, input.tensor, pass, 'b')} * ${height}u + u32(y)) * ${width * channels}u;
${begin.join('\n')}
for (var px = 0u; px < ${outWidth}u; px++) {
let g = ${load(d, `(q * ${outWidth}u + px) * ${filters}u + c`)};
${bring.join('\n')}
${times(kernelWidth, (kx) => `s${kx} += g * x${kx};`).join('\n')}
${bias ? 'sum += g;' : ''}
${shift.join('\n')}
}
}
${times(kernelWidth, (kx) => entries(`s${kx}`, (value, l) => take(`((ky * ${kernelWidth}u + ${kx}u) * ${filters}u + c + ${l}u)`, value))).join('\n')}
${bias ? `if (ky == 0u) {\n${entries('sum', (value, l) => take(`(${kernel.size}u + c + ${l}u)`, value))}\n}` : ''}`,
  );
}
