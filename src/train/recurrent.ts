// The recurrent layers as operations on tensors: a state that begins as zeros and is carried from step to step. What does
// not wait for the state, the products of all steps with the kernel, is done in one.

import { GATES } from '../model/slots.ts';
import { LAYER_DEFAULTS, type RecurrentActivation, type RecurrentLayer } from '../model/spec.ts';
import { activate } from './activations.ts';
import type { Tensor, Tf } from './tf.ts';

/** One step: the state after it. @param x what the kernel makes of the step, the bias with it, [rows, gates * units] */
type Cell = (x: Tensor, state: State) => State;

/** The first tensor is what the layer gives, [rows, units]; an lstm has its cell beside it. */
type State = Tensor[];

type Activate = (x: Tensor) => Tensor;

/**
 * @param x [rows, length, channels]
 * @param take the weight of a role
 * @returns [rows, units], or with `returnSequences` [rows, length, units] in the order of reading
 */
export function recur(tf: Tf, layer: RecurrentLayer, x: Tensor, take: (role: string) => Tensor): Tensor {
  const [rows, length, channels] = x.shape;
  const { kind, units } = layer;
  const outputs = GATES[kind] * units;
  const flat = tf.reshape(x, [rows * length, channels]);
  const products = tf.add(tf.matMul(flat as never, take('kernel') as never), take('bias'));
  // length of [rows, gates * units]; TensorFlow.js has no gradient for what is unstacked into one
  const steps: Tensor[] = length === 1 ? [products] : tf.unstack(tf.reshape(products, [rows, length, outputs]), 1);

  const cell = openCell(tf, layer, take('recurrentKernel'));
  const zeros: Tensor = tf.zeros([rows, units]);
  let state: State = kind === 'lstm' ? [zeros, zeros] : [zeros];
  const given: Tensor[] = [];
  // a copy: the array itself is kept for the gradient
  for (const step of layer.goBackwards ? [...steps].reverse() : steps) {
    state = cell(step, state);
    given.push(state[0]);
  }
  return layer.returnSequences ? tf.stack(given, 1) : state[0];
}

function openCell(tf: Tf, layer: RecurrentLayer, kernel: Tensor): Cell {
  const using =
    (activation: RecurrentActivation): Activate =>
    (x) =>
      activate(tf, activation, x);
  const act = using(layer.activation ?? LAYER_DEFAULTS.recurrent.activation);
  if (layer.kind === 'simpleRnn') return (x, [h]) => [act(tf.add(x, times(tf, h, kernel)))];
  const gate = using(layer.recurrentActivation ?? LAYER_DEFAULTS.recurrent.recurrentActivation);
  return layer.kind === 'lstm' ? lstmCell(tf, kernel, act, gate) : gruCell(tf, layer.units, kernel, act, gate);
}

const times = (tf: Tf, state: Tensor, by: Tensor): Tensor => tf.matMul(state as never, by as never);

/** Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000. */
function lstmCell(tf: Tf, kernel: Tensor, act: Activate, gate: Activate): Cell {
  return (x, [h, c]) => {
    const [input, forget, candidate, output] = tf.split(tf.add(x, times(tf, h, kernel)), GATES.lstm, 1);
    const next = tf.add(tf.mul(gate(forget), c), tf.mul(gate(input), act(candidate)));
    return [tf.mul(gate(output), act(next)), next];
  };
}

/** Cho et al. 2014: what is reset is the state, before its product. */
function gruCell(tf: Tf, units: number, kernel: Tensor, act: Activate, gate: Activate): Cell {
  const [toGates, toCandidate] = tf.split(kernel, [2 * units, units], 1);
  return (x, [h]) => {
    const [xGates, xCandidate] = tf.split(x, [2 * units, units], 1);
    const [update, reset] = tf.split(gate(tf.add(xGates, times(tf, h, toGates))), 2, 1);
    const candidate = act(tf.add(xCandidate, times(tf, tf.mul(reset, h), toCandidate)));
    return [tf.add(tf.mul(update, h), tf.mul(tf.sub(1, update), candidate))];
  };
}
