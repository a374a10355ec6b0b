// The activations as operations on tensors.

import type { Activation } from '../model/spec.ts';
import type { Tensor, Tf } from './tf.ts';

export function activate(tf: Tf, activation: Activation, x: Tensor): Tensor {
  switch (activation) {
    case 'linear':
      return x;
    case 'relu':
      return tf.relu(x);
    case 'elu':
      return tf.elu(x);
    case 'selu':
      return tf.selu(x);
    case 'tanh':
      return tf.tanh(x);
    case 'sigmoid':
      return tf.sigmoid(x);
    case 'softplus':
      return tf.softplus(x);
    case 'swish':
      return tf.mul(x, tf.sigmoid(x));
    case 'gelu': // with the error function itself, not the tanh approximation
      return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
    default:
      activation satisfies never;
      throw new Error(`no activation ${String(activation)}`);
  }
}
