// The activations as plain arithmetic, on numbers in double precision; whoever stores them rounds to float32.

import type { Activation, Head } from '../model/spec.ts';

/** Klambauer et al. 2017. */
const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 };

export const ACTIVATIONS: Record<Activation, (x: number) => number> = {
  linear: (x) => x,
  relu: (x) => (x > 0 ? x : 0),
  elu: (x) => (x >= 0 ? x : Math.expm1(x)),
  selu: (x) => SELU.scale * (x >= 0 ? x : SELU.alpha * Math.expm1(x)),
  tanh: Math.tanh,
  sigmoid,
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  swish: (x) => x * sigmoid(x),
  gelu: (x) => (x * (1 + erf(x * Math.SQRT1_2))) / 2, // with the error function itself, not the tanh approximation
};

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Applies an activation to every number, in place. */
export function activate(activation: Activation, values: Float32Array): Float32Array {
  if (activation === 'linear') return values;
  const of = ACTIVATIONS[activation];
  for (let i = 0; i < values.length; i++) values[i] = of(values[i]);
  return values;
}

/** The head's own activation, in place: [rows, units] of logits to probabilities, or the values as they are. */
export function activateHead(head: Head, logits: Float32Array): Float32Array {
  if (head.kind === 'sigmoid') return activate('sigmoid', logits);
  return head.kind === 'softmax' ? softmax(logits, head.units) : logits;
}

/** Of each row of logits, in place; the greatest is taken off first, so that nothing overflows. */
function softmax(logits: Float32Array, units: number): Float32Array {
  const powers = new Float64Array(units);
  for (let row = 0; row < logits.length; row += units) {
    let most = -Infinity;
    for (let i = 0; i < units; i++) most = Math.max(most, logits[row + i]);
    let sum = 0;
    for (let i = 0; i < units; i++) sum += powers[i] = Math.exp(logits[row + i] - most);
    for (let i = 0; i < units; i++) logits[row + i] = powers[i] / sum;
  }
  return logits;
}

/** The error function, to 1e-15: its series below 3 (Abramowitz and Stegun 7.1.6), the continued fraction of what is left above (7.1.14). */
function erf(x: number): number {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  if (size < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) sum += term *= (2 * x * x) / (2 * n + 1);
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  let fraction = size;
  for (let k = 60; k >= 1; k--) fraction = size + k / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction));
}
