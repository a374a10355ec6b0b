// What a network's logits say, and how wrong that is, as operations on tensors.

import type { LossSpec } from '../model/recipe.ts';
import { headUnits, type Head } from '../model/spec.ts';
import type { Tensor, Tf } from './tf.ts';

/** The head's own activation: [rows, units] of logits to probabilities, or the value as it is. */
export function activateHead(tf: Tf, head: Head, logits: Tensor): Tensor {
  if (head.kind === 'softmax') return tf.softmax(logits);
  return head.kind === 'sigmoid' ? tf.sigmoid(logits) : logits;
}

/**
 * Loss of each row from logits, [rows]. Cross-entropy with a sigmoid is softplus(z) - z y, with a softmax
 * -sum y log softmax(z), neither of which overflows; with label smoothing s, y is y (1 - s) + s / classes. For a value,
 * e = z - y: e^2, |e|, or Huber's (1964) e^2 / 2 up to delta and delta (|e| - delta / 2) beyond.
 * @param y [rows, 1] of 0 and 1, [rows, units] one-hot, or [rows, 1] of values
 */
export function rowLosses(tf: Tf, head: Head, loss: LossSpec, logits: Tensor, y: Tensor): Tensor {
  switch (loss.kind) {
    case 'crossEntropy': {
      if (head.kind === 'value') throw new Error('cross-entropy needs classes, the head gives a value');
      const { labelSmoothing = 0 } = loss;
      const classes = Math.max(2, headUnits(head));
      const aim = labelSmoothing === 0 ? y : tf.add(tf.mul(y, 1 - labelSmoothing), labelSmoothing / classes);
      return head.kind === 'sigmoid'
        ? tf.sum(tf.sub(tf.softplus(logits), tf.mul(logits, aim)), 1)
        : tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), aim), 1));
    }
    case 'meanSquaredError':
      return tf.sum(tf.square(tf.sub(logits, y)), 1);
    case 'meanAbsoluteError':
      return tf.sum(sizeOf(tf, tf.sub(logits, y)), 1);
    case 'huber': {
      const error = sizeOf(tf, tf.sub(logits, y));
      const inner = tf.minimum(error, loss.delta);
      return tf.sum(tf.mul(inner, tf.sub(error, tf.mul(inner, 0.5))), 1);
    }
    default:
      loss satisfies never;
      throw new Error('no such loss');
  }
}

/** |x|, whose slope at 0 is 0: TensorFlow.js' own has -1 there. */
function sizeOf(tf: Tf, x: Tensor): Tensor {
  return tf.mul(x, tf.sign(x));
}

/** Of each row, [rows]: 1 where the class is right, or the absolute error, still scaled. */
export function rowMetrics(tf: Tf, head: Head, logits: Tensor, y: Tensor): Tensor {
  switch (head.kind) {
    case 'sigmoid':
      return tf.reshape(tf.cast(tf.equal(tf.greater(logits, 0), tf.greater(y, 0.5)), 'float32'), [-1]);
    case 'softmax':
      return tf.cast(tf.equal(tf.argMax(logits, 1), tf.argMax(y, 1)), 'float32');
    case 'value':
      return tf.reshape(tf.abs(tf.sub(logits, y)), [-1]);
  }
}
