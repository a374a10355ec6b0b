// Activations and their derivatives in WGSL. A derivative is written in terms of the output where it can be, so that
// the input need not be kept.

import type { Activation } from '../../model/spec.ts';
import { float } from '../wgsl.ts';

const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

/** Whether the derivative needs what went into the activation. */
export function needsInput(activation: Activation): boolean {
  return activation === 'swish' || activation === 'gelu';
}

/** An expression of `z` (f32). */
export function activationOf(activation: Activation): string {
  switch (activation) {
    case 'linear':
      return 'z';
    case 'relu':
      return 'max(z, 0.0)';
    case 'elu':
      return 'select(exp(min(z, 0.0)) - 1.0, z, z > 0.0)';
    case 'selu':
      return `select(${float(SELU_SCALE * SELU_ALPHA)} * (exp(min(z, 0.0)) - 1.0), ${float(SELU_SCALE)} * z, z > 0.0)`;
    case 'tanh': // the bounds keep exp from overflowing; tanh(15) is 1 in float32
      return 'tanh(clamp(z, -15.0, 15.0))';
    case 'sigmoid':
      return '(1.0 / (1.0 + exp(-z)))';
    case 'softplus':
      return '(max(z, 0.0) + log(1.0 + exp(-abs(z))))';
    case 'swish':
      return '(z / (1.0 + exp(-z)))';
    case 'gelu':
      return '(0.5 * z * (1.0 + erf(z * 0.70710678)))';
    default:
      activation satisfies never;
      throw new Error(`no activation ${String(activation)}`);
  }
}

/** The derivative, an expression of the output `y` or, where `needsInput`, of the input `z`. */
export function slopeOf(activation: Activation): string {
  switch (activation) {
    case 'linear':
      return '1.0';
    case 'relu':
      return 'select(0.0, 1.0, y > 0.0)';
    case 'elu':
      return 'select(y + 1.0, 1.0, y > 0.0)';
    case 'selu':
      return `select(y + ${float(SELU_SCALE * SELU_ALPHA)}, ${float(SELU_SCALE)}, y > 0.0)`;
    case 'tanh':
      return '(1.0 - y * y)';
    case 'sigmoid':
      return '(y * (1.0 - y))';
    case 'softplus':
      return '(1.0 - exp(-y))';
    case 'swish':
      return '(1.0 + z * (1.0 - 1.0 / (1.0 + exp(-z)))) / (1.0 + exp(-z))';
    case 'gelu': // Phi(z) + z phi(z)
      return '(0.5 * (1.0 + erf(z * 0.70710678)) + z * 0.39894228 * exp(-0.5 * z * z))';
    default:
      activation satisfies never;
      throw new Error(`no activation ${String(activation)}`);
  }
}

/** Abramowitz and Stegun 7.1.26, error below 1.5e-7. */
export const ERF = `fn erf(x: f32) -> f32 {
  let t = 1.0 / (1.0 + 0.3275911 * abs(x));
  let p = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return sign(x) * (1.0 - p * exp(-x * x));
}`;
