// Convolutions and pools of one example as plain loops. An image is [height, width, channels]; what has one dimension is
// an image of height 1 and its kernel one of height 1. Sums are in double precision and rounded once.

import { LAYER_DEFAULTS, type Padding } from '../model/spec.ts';

/** A window along one axis: what each of its places reads. */
interface Axis {
  input: number;
  output: number;
  size: number;
  strides: number;
  dilation: number;
  /** places before the input that the first window reaches over */
  before: number;
}

export interface Slide {
  rows: Axis;
  columns: Axis;
}

interface WindowSpec {
  strides: number;
  padding?: Padding;
  dilation?: number;
}

/**
 * How a window goes over an input. With padding `same` what is missing is put half before, half after, the odd one after,
 * as TensorFlow does.
 * @param input, output [length, channels] or [height, width, channels]
 */
export function slideOver(input: number[], output: number[], size: number, spec: WindowSpec): Slide {
  const { strides, padding = LAYER_DEFAULTS.padding, dilation = 1 } = spec;
  const axis = (from: number, to: number): Axis => {
    const reach = (size - 1) * dilation + 1;
    const over = padding === 'same' ? Math.max((to - 1) * strides + reach - from, 0) : 0;
    return { input: from, output: to, size, strides, dilation, before: over >> 1 };
  };
  const line = { input: 1, output: 1, size: 1, strides: 1, dilation: 1, before: 0 };
  if (input.length === 2) return { rows: line, columns: axis(input[0], output[0]) };
  return { rows: axis(input[0], output[0]), columns: axis(input[1], output[1]) };
}

/** One place of the output; `cells` has, `count` times over, a cell of the kernel and the place of the input under it. */
type Visit = (place: number, cells: Int32Array, count: number) => void;

/** Goes through every window. `cells` is the same array each time: nothing is made anew for a window. */
function eachWindow({ rows, columns }: Slide, visit: Visit): void {
  const cells = new Int32Array(2 * rows.size * columns.size);
  for (let y = 0; y < rows.output; y++) {
    for (let x = 0; x < columns.output; x++) {
      let count = 0;
      for (let ky = 0; ky < rows.size; ky++) {
        const iy = y * rows.strides - rows.before + ky * rows.dilation;
        if (iy < 0 || iy >= rows.input) continue;
        for (let kx = 0; kx < columns.size; kx++) {
          const ix = x * columns.strides - columns.before + kx * columns.dilation;
          if (ix < 0 || ix >= columns.input) continue;
          cells[2 * count] = ky * columns.size + kx;
          cells[2 * count++ + 1] = iy * columns.input + ix;
        }
      }
      visit(y * columns.output + x, cells, count);
    }
  }
}

/** A convolution with its bias. @param kernel [height, width, in, out] */
export function convolve(slide: Slide, x: Float32Array, kernel: Float32Array, bias: Float32Array): Float32Array {
  const outputs = bias.length;
  const channels = kernel.length / (slide.rows.size * slide.columns.size * outputs);
  const result = new Float32Array(slide.rows.output * slide.columns.output * outputs);
  const sums = new Float64Array(outputs);
  eachWindow(slide, (place, cells, count) => {
    sums.set(bias);
    for (let i = 0; i < count; i++) {
      const [cell, input] = [cells[2 * i], cells[2 * i + 1]];
      for (let c = 0; c < channels; c++) {
        const value = x[input * channels + c];
        const at = (cell * channels + c) * outputs;
        for (let o = 0; o < outputs; o++) sums[o] += value * kernel[at + o];
      }
    }
    result.set(sums, place * outputs);
  });
  return result;
}

/** A convolution of each channel by itself. @param kernel [height, width, in, multiplier] @param bias [in * multiplier], or none */
export function convolveDepthwise(
  slide: Slide,
  x: Float32Array,
  kernel: Float32Array,
  channels: number,
  bias?: Float32Array,
): Float32Array {
  const outputs = kernel.length / (slide.rows.size * slide.columns.size);
  const multiplier = outputs / channels;
  const result = new Float32Array(slide.rows.output * slide.columns.output * outputs);
  const sums = new Float64Array(outputs);
  eachWindow(slide, (place, cells, count) => {
    if (bias) sums.set(bias);
    else sums.fill(0);
    for (let i = 0; i < count; i++) {
      const [cell, input] = [cells[2 * i], cells[2 * i + 1]];
      for (let o = 0; o < outputs; o++) {
        sums[o] += x[input * channels + Math.floor(o / multiplier)] * kernel[cell * outputs + o];
      }
    }
    result.set(sums, place * outputs);
  });
  return result;
}

/**
 * A transposed convolution with its bias: every place of the input lays its kernel over the output.
 * @param slide that of the convolution from the output back to the input
 * @param kernel [height, width, out, in]
 */
export function convolveTransposed(
  slide: Slide,
  x: Float32Array,
  kernel: Float32Array,
  bias: Float32Array,
): Float32Array {
  const outputs = bias.length;
  const places = slide.rows.input * slide.columns.input;
  const channels = x.length / (slide.rows.output * slide.columns.output);
  const sums = new Float64Array(places * outputs);
  for (let i = 0; i < sums.length; i++) sums[i] = bias[i % outputs];
  eachWindow(slide, (place, cells, count) => {
    for (let i = 0; i < count; i++) {
      const [cell, target] = [cells[2 * i], cells[2 * i + 1]];
      for (let o = 0; o < outputs; o++) {
        let sum = 0;
        const at = (cell * outputs + o) * channels;
        for (let c = 0; c < channels; c++) sum += x[place * channels + c] * kernel[at + c];
        sums[target * outputs + o] += sum;
      }
    }
  });
  return Float32Array.from(sums);
}

/** The greatest or the mean of each channel in every window; of what a window reaches beyond the input nothing counts. */
export function pool(slide: Slide, x: Float32Array, channels: number, kind: 'max' | 'average'): Float32Array {
  const result = new Float32Array(slide.rows.output * slide.columns.output * channels);
  eachWindow(slide, (place, cells, count) => {
    for (let c = 0; c < channels; c++) {
      let most = -Infinity;
      let sum = 0;
      for (let i = 0; i < count; i++) {
        const value = x[cells[2 * i + 1] * channels + c];
        if (value > most) most = value;
        sum += value;
      }
      result[place * channels + c] = kind === 'max' ? most : sum / count;
    }
  });
  return result;
}

/** The greatest or the mean of each channel over all places: [channels]. */
export function poolAll(x: Float32Array, channels: number, kind: 'max' | 'average'): Float32Array {
  const places = x.length / channels;
  return Float32Array.from({ length: channels }, (_, c) => {
    let most = -Infinity;
    let sum = 0;
    for (let place = 0; place < places; place++) {
      const value = x[place * channels + c];
      if (value > most) most = value;
      sum += value;
    }
    return kind === 'max' ? most : sum / places;
  });
}
