// What every kernel does with the numbers it has made, whatever made them: activation and dropout on the way out, in
// the forward pass; their derivative, in the backward pass. And where a row of a batch lies.

import type { Tensor } from '../graph.ts';
import { float, type Draft } from '../wgsl.ts';
import { activationOf, ERF, needsInput, slopeOf } from './activation.ts';
import { dropoutFunctions } from './dropout.ts';

/** The pass that a kernel is made for. */
export interface Pass {
  /** rows of a full batch */
  rows: number;
  /** whether dropout is on, normalisation goes by the batch, and rows come through the permutation */
  training: boolean;
}

export const gradientOf = (tensor: Tensor): string => `${tensor.name}.gradient`;
/** What went into the activation, kept where its derivative needs it. */
export const inputOf = (tensor: Tensor): string => `${tensor.name}.input`;

/** The row of a tensor's buffer that holds row `b` (an expression) of the batch. */
export function rowOf(draft: Draft, tensor: Tensor, pass: Pass, b: string): string {
  if (!tensor.source) return b;
  const step = draft.step();
  const place = `${step}.start + min(b, ${step}.rows - 1u)`; // a short batch repeats its last row, which counts 0
  const row = pass.training ? `${draft.read('permutation', 'u32')}[${place}]` : place;
  return `${draft.define('rowOf', `fn rowOf(b: u32) -> u32 { return ${row}; }`)}(${b})`;
}

/** Defines `put(i, z)`: number `i` of the batch's tensor is activation and dropout of `z`. */
export function definePut(draft: Draft, tensor: Tensor, pass: Pass): string {
  const { activation, dropout } = tensor;
  const lines: string[] = [];
  if (activation === 'gelu') draft.define('erf', ERF);
  if (pass.training && needsInput(activation)) lines.push(`${draft.write(inputOf(tensor))}[i] = z;`);
  let value = activationOf(activation);
  if (pass.training && dropout) {
    draft.step();
    draft.define('kept', dropoutFunctions(dropout.rate, dropout.key));
    value = `select(0.0, ${float(1 / (1 - dropout.rate))} * ${value}, kept(i))`;
  }
  lines.push(`${draft.write(tensor.name)}[i] = ${value};`);
  return draft.define('put', `fn put(i: u32, z: f32) { ${lines.join(' ')} }`);
}

/** Where a reader stands among the readers of a tensor, in the order of the backward pass. */
export interface Turn {
  /** nothing has been written to the gradient yet */
  first: boolean;
  /** nothing else will be: the derivative of activation and dropout is due */
  last: boolean;
}

/**
 * Defines `give(i, g)`: adds `g` to the gradient of number `i` of the batch's tensor. Once the last reader has given,
 * the gradient is that of what went into the activation.
 */
export function defineGive(draft: Draft, tensor: Tensor, turn: Turn): string {
  const gradient = draft.write(gradientOf(tensor));
  const sum = turn.first ? 'g' : `(${gradient}[i] + g)`;
  const value = turn.last ? slope(draft, tensor) : '1.0';
  return draft.define(
    'give',
    `fn give(i: u32, g: f32) { ${gradient}[i] = ${value === '1.0' ? sum : `${sum} * ${value}`}; }`,
  );
}

function slope(draft: Draft, tensor: Tensor): string {
  const { activation, dropout } = tensor;
  const scale = dropout ? float(1 / (1 - dropout.rate)) : '1.0';
  if (activation === 'relu') return `select(0.0, ${scale}, ${draft.read(tensor.name)}[i] > 0.0)`; // dropped is 0 too
  if (activation === 'gelu') draft.define('erf', ERF);
  let value = '1.0';
  if (activation !== 'linear') {
    const [argument, from] = needsInput(activation)
      ? ['z', `${draft.read(inputOf(tensor))}[i]`]
      : ['y', `${draft.read(tensor.name)}[i]${dropout ? ` * ${float(1 - dropout.rate)}` : ''}`];
    draft.define('slope', `fn slope(${argument}: f32) -> f32 { return ${slopeOf(activation)}; }`);
    value = `slope(${from})`;
  }
  if (!dropout) return value;
  draft.step();
  draft.define('kept', dropoutFunctions(dropout.rate, dropout.key));
  return `select(0.0, ${scale} * ${value}, kept(i))`;
}
