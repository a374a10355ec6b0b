// The recurrent layers of one example: a state that begins as zeros and is carried from step to step.

import { GATES } from '../model/slots.ts';
import { LAYER_DEFAULTS, type RecurrentLayer } from '../model/spec.ts';
import { ACTIVATIONS } from './activations.ts';

/**
 * An lstm is that of Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000; a gru that of Cho et al.
 * 2014: what is reset is the state, before its product.
 * @param products [length, gates * units] the product of each step with the kernel, with the bias
 * @param kernel [units, gates * units] of the state
 * @returns [units], or with `returnSequences` [length, units] in the order of reading
 */
export function recur(layer: RecurrentLayer, products: Float32Array, kernel: Float32Array): Float32Array {
  const { kind, units, goBackwards, returnSequences } = layer;
  const width = GATES[kind] * units;
  const length = products.length / width;
  const act = ACTIVATIONS[layer.activation ?? LAYER_DEFAULTS.recurrent.activation];
  const gated = kind === 'simpleRnn' ? undefined : layer.recurrentActivation;
  const gate = ACTIVATIONS[gated ?? LAYER_DEFAULTS.recurrent.recurrentActivation];
  const given = new Float32Array(length * units);
  const cell = new Float32Array(units);
  let state = new Float32Array(units);
  for (let step = 0; step < length; step++) {
    const at = (goBackwards ? length - 1 - step : step) * width;
    const x = products.subarray(at, at + width);
    const next = new Float32Array(units);
    /** What a gate adds up for a unit, of the state as it is or reset. */
    const sum = (of: Float32Array, place: number, unit: number): number => {
      const column = place * units + unit;
      let total = x[column];
      for (let k = 0; k < units; k++) total += of[k] * kernel[k * width + column];
      return total;
    };
    if (kind === 'gru') {
      const reset = state.map((h, unit) => gate(sum(state, 1, unit)) * h);
      for (let unit = 0; unit < units; unit++) {
        const update = gate(sum(state, 0, unit));
        next[unit] = update * state[unit] + (1 - update) * act(sum(reset, 2, unit));
      }
    } else if (kind === 'lstm') {
      for (let unit = 0; unit < units; unit++) {
        const [input, forget, output] = [0, 1, 3].map((place) => gate(sum(state, place, unit)));
        cell[unit] = forget * cell[unit] + input * act(sum(state, 2, unit));
        next[unit] = output * act(cell[unit]);
      }
    } else {
      for (let unit = 0; unit < units; unit++) next[unit] = act(sum(state, 0, unit));
    }
    given.set(next, step * units);
    state = next;
  }
  return returnSequences ? given : state;
}
