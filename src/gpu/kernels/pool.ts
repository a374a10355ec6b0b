// Pooling, global pooling being a window as large as its input. The forward pass of a maximum writes down which place
// of the window it took (the first of equals), so that the backward pass can look, for each number of the input, at
// the windows that cover it: no two threads write one number. Averages leave out the padding, as Keras does.

import type { Operation, Tensor } from '../graph.ts';
import type { Window } from '../window.ts';
import { float, type Draft, type Kernel } from '../wgsl.ts';
import { defineGive, definePut, gradientOf, rowOf, type Pass, type Turn } from './tail.ts';

export type Pool = Extract<Operation, { kind: 'maxPool' | 'averagePool' }>;

/** Which place of the window the maximum stood at, one u32 for each output. */
export const placesOf = (tensor: Tensor): string => `${tensor.name}.places`;

const CHANNELS = 4;
const together = ({ channels }: Window): number => (channels % CHANNELS === 0 ? CHANNELS : 1);
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

export function poolForward(draft: Draft, operation: Pool, pass: Pass): Kernel {
  const { window, input, output, name } = operation;
  const { height, width, channels, outHeight, outWidth, kernelHeight, kernelWidth } = window;
  const maximum = operation.kind === 'maxPool';
  const lanes = together(window);
  const x = draft.read(input.tensor.name);
  const put = definePut(draft, output.tensor, pass);
  const places = maximum && pass.training ? draft.write(placesOf(output.tensor), 'u32') : null;
  const each = (make: (lane: number) => string) => times(lanes, make).join('\n');
  const row = rowOf(draft, input.tensor, pass, 'b');
  const threads = (pass.rows * output.tensor.size) / lanes;
  return draft.threads(
    name,
    threads,
    `let p = ${draft.quotient('i', channels / lanes, threads)};
let c = (i - p * ${channels / lanes}u) * ${lanes}u;
let line = ${draft.quotient('p', outWidth, threads)};
let px = p - line * ${outWidth}u;
let b = ${draft.quotient('line', outHeight, threads)};
let py = line - b * ${outHeight}u;
let image = ${row} * ${height * width * channels}u;
let x0 = i32(px * ${window.stride}u) - ${window.padLeft};
let y0 = i32(py * ${window.strideY}u) - ${window.padTop};
${each((l) => (maximum ? `var best${l} = -3.4e38; var place${l} = 0u;` : `var sum${l} = 0.0;`))}
${maximum ? '' : 'var count = 0.0;'}
for (var ky = 0u; ky < ${kernelHeight}u; ky++) {
let yy = y0 + i32(ky);
for (var kx = 0u; kx < ${kernelWidth}u; kx++) {
let xx = x0 + i32(kx);
${window.padded ? `if (u32(yy) >= ${height}u || u32(xx) >= ${width}u) { continue; }` : ''}
let at = image + (u32(yy) * ${width}u + u32(xx)) * ${channels}u + c;
${each((l) =>
  maximum
    ? `let v${l} = ${x}[at + ${l}u];
if (v${l} > best${l}) { best${l} = v${l}; place${l} = ky * ${kernelWidth}u + kx; }`
    : `sum${l} += ${x}[at + ${l}u];`,
)}
${maximum ? '' : 'count += 1.0;'}
}
}
let o = p * ${channels}u + c;
${each((l) => `${put}(o + ${l}u, ${maximum ? `best${l}` : `sum${l} / count`});${places ? ` ${places}[o + ${l}u] = place${l};` : ''}`)}`,
  );
}

export function poolInputGradient(draft: Draft, operation: Pool, pass: Pass, turn: Turn): Kernel {
  const { window, input, output, name } = operation;
  const { height, width, channels, outHeight, outWidth, kernelHeight, kernelWidth, stride, strideY } = window;
  const maximum = operation.kind === 'maxPool';
  const lanes = together(window);
  const threads = (pass.rows * input.tensor.size) / lanes;
  const d = draft.read(gradientOf(output.tensor));
  const places = maximum ? draft.read(placesOf(output.tensor), 'u32') : '';
  const give = defineGive(draft, input.tensor, turn);
  const each = (make: (lane: number) => string) => times(lanes, make).join('\n');
  const over = (v: string, step: number) => `i32(${draft.quotient(`u32(${v})`, step, threads)})`;
  /** `body` for each window along an axis that covers place `v`; there is but one where windows do not overlap */
  const covering = (p: string, v: string, kernel: number, step: number, count: number, body: string) => {
    if (count === 1 && !window.padded) return `{ let ${p} = 0;\n${body}\n}`;
    if (kernel <= step) return `{ let ${p} = ${over(v, step)};\nif (${p} < ${count}) {\n${body}\n}\n}`;
    const [from, to] = [over(`max(0, ${v} - ${kernel - step})`, step), `min(${count - 1}, ${over(v, step)})`];
    return `for (var ${p} = ${from}; ${p} <= ${to}; ${p}++) {\n${body}\n}`;
  };
  const inside = (from: string, kernel: number, size: number) =>
    `f32(min(${from} + ${kernel}, ${size}) - max(${from}, 0))`;
  const amount = !window.padded
    ? float(1 / (kernelHeight * kernelWidth))
    : `1.0 / (${inside('y0', kernelHeight, height)} * ${inside('x0', kernelWidth, width)})`;
  const take = `let ky = y - py * ${strideY};
let kx = x - px * ${stride};
if (ky < ${kernelHeight} && kx < ${kernelWidth}) {
let o = ((b * ${outHeight}u + u32(py)) * ${outWidth}u + u32(px)) * ${channels}u + c;
${
  maximum
    ? `let place = u32(ky) * ${kernelWidth}u + u32(kx);
${each((l) => `if (${places}[o + ${l}u] == place) { g${l} += ${d}[o + ${l}u]; }`)}`
    : `let y0 = py * ${strideY} - ${window.padTop};
let x0 = px * ${stride} - ${window.padLeft};
let amount = ${amount};
${each((l) => `g${l} += ${d}[o + ${l}u] * amount;`)}`
}
}`;
  return draft.threads(
    `${name} input gradient`,
    threads,
    `let p = ${draft.quotient('i', channels / lanes, threads)};
let c = (i - p * ${channels / lanes}u) * ${lanes}u;
let line = ${draft.quotient('p', width, threads)};
let x = i32(p - line * ${width}u) + ${window.padLeft};
let b = ${draft.quotient('line', height, threads)};
let y = i32(line - b * ${height}u) + ${window.padTop};
${each((l) => `var g${l} = 0.0;`)}
${covering('py', 'y', kernelHeight, strideY, outHeight, covering('px', 'x', kernelWidth, stride, outWidth, take))}
let at = p * ${channels}u + c;
${each((l) => `${give}(at + ${l}u, g${l});`)}`,
  );
}
