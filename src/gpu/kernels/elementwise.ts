// Operations that move numbers one by one: a copy into a (perhaps wider) tensor, and the sum of two tensors.

import type { Operation, Tensor, View } from '../graph.ts';
import type { Draft, Kernel } from '../wgsl.ts';
import { defineGive, definePut, gradientOf, rowOf, type Pass, type Turn } from './tail.ts';

export type Copy = Extract<Operation, { kind: 'copy' }>;
export type Add = Extract<Operation, { kind: 'add' }>;

const lastOf = ({ shape }: View): number => shape[shape.length - 1];

/** Where number `i` of the narrow tensor lies in the wide one. */
function placeOf(draft: Draft, { input, output, offset }: Copy, pass: Pass): string {
  const [narrow, wide] = [lastOf(input), lastOf(output)];
  const limit = pass.rows * input.tensor.size;
  return narrow === wide ? 'i' : `${draft.quotient('i', narrow, limit)} * ${wide - narrow}u + i + ${offset}u`;
}

/** Number `i` of a tensor over the batch, as it is read. */
export function numberOf(draft: Draft, tensor: Tensor, pass: Pass): string {
  const array = draft.read(tensor.name);
  if (!tensor.source) return `${array}[i]`;
  const limit = pass.rows * tensor.size;
  const row = rowOf(draft, tensor, pass, draft.quotient('i', tensor.size, limit));
  return `${array}[${row} * ${tensor.size}u + ${draft.remainder('i', tensor.size, limit)}]`;
}

export function copyForward(draft: Draft, operation: Copy, pass: Pass): Kernel {
  const { input, output } = operation;
  const put = definePut(draft, output.tensor, pass);
  const body = `${put}(${placeOf(draft, operation, pass)}, ${numberOf(draft, input.tensor, pass)});`;
  return draft.threads(operation.name, pass.rows * input.tensor.size, body);
}

export function copyInputGradient(draft: Draft, operation: Copy, pass: Pass, turn: Turn): Kernel {
  const { input, output } = operation;
  const give = defineGive(draft, input.tensor, turn);
  const body = `${give}(i, ${draft.read(gradientOf(output.tensor))}[${placeOf(draft, operation, pass)}]);`;
  return draft.threads(`${operation.name} input gradient`, pass.rows * input.tensor.size, body);
}

export function addForward(draft: Draft, operation: Add, pass: Pass): Kernel {
  const { input, other, output } = operation;
  const put = definePut(draft, output.tensor, pass);
  const [one, two] = [numberOf(draft, input.tensor, pass), numberOf(draft, other.tensor, pass)];
  return draft.threads(operation.name, pass.rows * output.tensor.size, `${put}(i, ${one} + ${two});`);
}

/** The gradient of one of the two summands: that of the sum. */
export function addInputGradient(draft: Draft, operation: Add, pass: Pass, summand: Tensor, turn: Turn): Kernel {
  const give = defineGive(draft, summand, turn);
  const body = `${give}(i, ${draft.read(gradientOf(operation.output.tensor))}[i]);`;
  return draft.threads(`${operation.name} input gradient`, pass.rows * summand.size, body);
}
