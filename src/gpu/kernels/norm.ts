// Batch and layer normalisation. Both keep the mean and 1 / deviation of the forward pass for the backward one:
// `<name>.moments`. Variances are divided by n, as Keras does. Sums of squares are taken about a number of the same
// channel, so that a large mean does not eat the digits.

import { gradientOf, defineGive, definePut, rowOf, type Pass, type Turn } from './tail.ts';
import type { Operation, Tensor } from '../graph.ts';
import { float, type Draft, type Kernel } from '../wgsl.ts';
import { numberOf } from './elementwise.ts';
import { channelSums, partsOf } from './reduce.ts';

export type BatchNorm = Extract<Operation, { kind: 'batchNorm' }>;
export type LayerNorm = Extract<Operation, { kind: 'layerNorm' }>;

export const momentsOf = (tensor: Tensor): string => `${tensor.name}.moments`;

type Drafts = () => Draft;

const channelsOf = (operation: BatchNorm | LayerNorm): number =>
  operation.output.shape[operation.output.shape.length - 1];
/** Places of one row. */
const placesOf = (operation: BatchNorm | LayerNorm): number => operation.output.tensor.size / channelsOf(operation);

/** The number at place `p` of the batch and channel `c`. */
function at(draft: Draft, tensor: Tensor, pass: Pass, channels: number): string {
  const places = tensor.size / channels;
  const array = draft.read(tensor.name);
  if (!tensor.source) return `${array}[p * ${channels}u + c]`;
  const row = rowOf(draft, tensor, pass, places === 1 ? 'p' : `(p / ${places}u)`);
  return `${array}[(${row} * ${places}u + p % ${places}u) * ${channels}u + c]`;
}

/**
 * In training the moments of the batch, which move the averages; then the normalisation by them, or by the averages.
 * @param isFixed by the averages in training too, and they stay
 */
export function batchNormForward(drafts: Drafts, operation: BatchNorm, pass: Pass, isFixed = false): Kernel[] {
  const { name, input, output, gamma, beta, mean, variance, epsilon, momentum } = operation;
  const channels = channelsOf(operation);
  const places = placesOf(operation);
  const apply = drafts();
  const put = definePut(apply, output.tensor, pass);
  const weights = apply.read('weights');
  const normalised = (mean: string, scale: string) =>
    apply.threads(
      name,
      pass.rows * output.tensor.size,
      `let c = ${apply.remainder('i', channels, pass.rows * output.tensor.size)};
${put}(i, (${numberOf(apply, input.tensor, pass)} - ${mean}) * ${scale} * ${weights}[${gamma.offset}u + c] + ${weights}[${beta.offset}u + c]);`,
    );
  if (!pass.training || isFixed) {
    const scale = `inverseSqrt(${weights}[${variance.offset}u + c] + ${float(epsilon)})`;
    return [normalised(`${weights}[${mean.offset}u + c]`, scale)];
  }
  const parts = partsOf(pass.rows * places, channels);
  const sums = drafts();
  const last = parts === 1 ? sums : drafts();
  const moments = momentsOf(output.tensor);
  const moving = last.write('weights');
  const step = last.step();
  const shift = (draft: Draft) => at(draft, input.tensor, pass, channels).replaceAll(/\bp\b/g, '0u');
  const mix = (offset: number, fresh: string) =>
    `${moving}[${offset}u + c] = ${float(momentum)} * ${moving}[${offset}u + c] + ${float(1 - momentum)} * ${fresh};`;
  const own = last.write(moments);
  const kernels = channelSums(sums, last, {
    label: `${name} moments`,
    places: pass.rows * places,
    channels,
    parts,
    before: `let shift = ${shift(sums)};`,
    each: `let d = select(0.0, ${at(sums, input.tensor, pass, channels)} - shift, p < ${sums.step()}.rows * ${places}u);`,
    terms: ['d', 'd * d'],
    finish: `let count = f32(${step}.rows * ${places}u);
let offset = s0 / count;
let average = ${parts === 1 ? 'shift' : shift(last)} + offset;
let spread = max(0.0, s1 / count - offset * offset);
${own}[c] = average;
${own}[${channels}u + c] = inverseSqrt(spread + ${float(epsilon)});
${mix(mean.offset, 'average')}
${mix(variance.offset, 'spread')}`,
  });
  const m = apply.read(moments);
  return [...kernels, normalised(`${m}[c]`, `${m}[${channels}u + c]`)];
}

/**
 * With h = (x - mean) / deviation and n places: d gamma = sum(d h), d beta = sum(d),
 * d x = gamma / deviation * (d - sum(d) / n - h sum(d h) / n).
 * @param take defines, in a draft, the function that takes a weight's gradient
 */
export function batchNormGradient(
  drafts: Drafts,
  operation: BatchNorm,
  pass: Pass,
  turn: Turn | null,
  take: (draft: Draft) => string,
): Kernel[] {
  const { name, input, output, gamma, beta } = operation;
  const channels = channelsOf(operation);
  const places = placesOf(operation);
  const moments = momentsOf(output.tensor);
  const parts = partsOf(pass.rows * places, channels);
  const sums = drafts();
  const last = parts === 1 ? sums : drafts();
  const update = take(last);
  const own = last.write(moments);
  const seen = parts === 1 ? own : sums.read(moments);
  const kernels = channelSums(sums, last, {
    label: `${name} weight gradient`,
    places: pass.rows * places,
    channels,
    parts,
    each: `let d = ${sums.read(gradientOf(output.tensor))}[at];
let h = (${at(sums, input.tensor, pass, channels)} - ${seen}[c]) * ${seen}[${channels}u + c];`,
    terms: ['d', 'd * h'],
    finish: `let count = f32(${last.step()}.rows * ${places}u);
${own}[${2 * channels}u + c] = s0 / count;
${own}[${3 * channels}u + c] = s1 / count;
${own}[${4 * channels}u + c] = ${weightsIn(last)}[${gamma.offset}u + c]; // as it was in the forward pass
${update}(${gamma.offset}u + c, s1, false);
${update}(${beta.offset}u + c, s0, false);`,
  });
  if (!turn) return kernels;
  const apply = drafts();
  const give = defineGive(apply, input.tensor, turn);
  const m = apply.read(moments);
  const x = numberOf(apply, input.tensor, pass);
  return [
    ...kernels,
    apply.threads(
      `${name} input gradient`,
      pass.rows * input.tensor.size,
      `let c = ${apply.remainder('i', channels, pass.rows * input.tensor.size)};
let scale = ${m}[${channels}u + c];
let h = (${x} - ${m}[c]) * scale;
let g = ${m}[${4 * channels}u + c] * scale * (${apply.read(gradientOf(output.tensor))}[i] - ${m}[${2 * channels}u + c] - h * ${m}[${3 * channels}u + c]);
${give}(i, select(0.0, g, i < ${apply.step()}.rows * ${input.tensor.size}u));`,
    ),
  ];
}

/** Of a normalisation by averages that stay, which is a scale and a shift: d x = d * gamma / deviation. */
export function fixedNormGradient(draft: Draft, operation: BatchNorm, pass: Pass, turn: Turn): Kernel {
  const { name, input, output, gamma, variance, epsilon } = operation;
  const numbers = pass.rows * input.tensor.size;
  const give = defineGive(draft, input.tensor, turn);
  const weights = draft.read('weights');
  return draft.threads(
    `${name} input gradient`,
    numbers,
    `let c = ${draft.remainder('i', channelsOf(operation), numbers)};
let scale = ${weights}[${gamma.offset}u + c] * inverseSqrt(${weights}[${variance.offset}u + c] + ${float(epsilon)});
${give}(i, ${draft.read(gradientOf(output.tensor))}[i] * scale);`,
  );
}

/** The flat weights in a draft that may also write them. */
function weightsIn(draft: Draft): string {
  return draft.read('weights');
}

/** A thread for each place: it goes over the channels twice, for the moments and for the numbers. */
export function layerNormForward(draft: Draft, operation: LayerNorm, pass: Pass): Kernel {
  const { name, input, output, gamma, beta, epsilon } = operation;
  const channels = channelsOf(operation);
  const x = at(draft, input.tensor, pass, channels);
  const put = definePut(draft, output.tensor, pass);
  const weights = draft.read('weights');
  const moments = pass.training ? draft.write(momentsOf(output.tensor)) : null;
  return draft.threads(
    name,
    pass.rows * placesOf(operation),
    `let p = i;
var sum = 0.0;
for (var c = 0u; c < ${channels}u; c++) { sum += ${x}; }
let mean = sum / ${float(channels)};
var squares = 0.0;
for (var c = 0u; c < ${channels}u; c++) { let d = ${x} - mean; squares += d * d; }
let scale = inverseSqrt(squares / ${float(channels)} + ${float(epsilon)});
for (var c = 0u; c < ${channels}u; c++) {
${put}(p * ${channels}u + c, (${x} - mean) * scale * ${weights}[${gamma.offset}u + c] + ${weights}[${beta.offset}u + c]);
}
${moments ? `${moments}[2u * p] = mean;\n${moments}[2u * p + 1u] = scale;` : ''}`,
  );
}

/**
 * As for a batch, the sums over the channels of a place; the gradient by the input first, which needs gamma unmoved.
 * @param take null: the weights stay
 */
export function layerNormGradient(
  drafts: Drafts,
  operation: LayerNorm,
  pass: Pass,
  turn: Turn | null,
  take: ((draft: Draft) => string) | null,
): Kernel[] {
  const { name, input, output, gamma, beta } = operation;
  const channels = channelsOf(operation);
  const places = pass.rows * placesOf(operation);
  const kernels: Kernel[] = [];
  if (turn) {
    const apply = drafts();
    const give = defineGive(apply, input.tensor, turn);
    const d = apply.read(gradientOf(output.tensor));
    const m = apply.read(momentsOf(output.tensor));
    const weights = apply.read('weights');
    const terms = `let g = ${d}[p * ${channels}u + c] * ${weights}[${gamma.offset}u + c];
let h = (${at(apply, input.tensor, pass, channels)} - mean) * scale;`;
    kernels.push(
      apply.threads(
        `${name} input gradient`,
        places,
        `let p = i;
let mean = ${m}[2u * p];
let scale = ${m}[2u * p + 1u];
var s0 = 0.0;
var s1 = 0.0;
for (var c = 0u; c < ${channels}u; c++) {
${terms}
s0 += g; s1 += g * h;
}
for (var c = 0u; c < ${channels}u; c++) {
${terms}
${give}(p * ${channels}u + c, scale * (g - s0 / ${float(channels)} - h * s1 / ${float(channels)}));
}`,
      ),
    );
  }
  if (!take) return kernels;
  const parts = partsOf(places, channels);
  const sums = drafts();
  const last = parts === 1 ? sums : drafts();
  const update = take(last);
  const m = sums.read(momentsOf(output.tensor));
  return [
    ...kernels,
    ...channelSums(sums, last, {
      label: `${name} weight gradient`,
      places,
      channels,
      parts,
      each: `let d = ${sums.read(gradientOf(output.tensor))}[at];
let h = (${at(sums, input.tensor, pass, channels)} - ${m}[2u * p]) * ${m}[2u * p + 1u];`,
      terms: ['d', 'd * h'],
      finish: `${update}(${gamma.offset}u + c, s1, false);
${update}(${beta.offset}u + c, s0, false);`,
    }),
  ];
}
