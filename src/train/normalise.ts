// Normalisation layers as operations on tensors.

import { LAYER_DEFAULTS, type LayerOf } from '../model/spec.ts';
import type { Tensor, Tf } from './tf.ts';

/** A weight of the layer by its role. */
type Take = (role: string) => Tensor;

/**
 * Batch normalisation over all axes but the last (Ioffe and Szegedy 2015): by the batch's own mean and variance in
 * training, by the moving ones in prediction, and where it is frozen. Moving = moving * momentum + batch's * (1 - momentum), the variance
 * divided by n as Keras does, not by n - 1 as PyTorch does.
 * @param onMoving takes the moving averages after this step in training, null where they are gone by; `value` is kept, the taker disposes it
 */
export function normaliseBatch(
  tf: Tf,
  layer: LayerOf<'batchNorm'>,
  x: Tensor,
  take: Take,
  onMoving: ((role: string, value: Tensor) => void) | null,
): Tensor {
  const { momentum = LAYER_DEFAULTS.batchNorm.momentum, epsilon = LAYER_DEFAULTS.batchNorm.epsilon } = layer;
  const [gamma, beta, movingMean, movingVariance] = ['gamma', 'beta', 'movingMean', 'movingVariance'].map(take);
  const apply = (mean: Tensor, variance: Tensor) =>
    tf.batchNorm(x as never, mean as never, variance as never, beta as never, gamma as never, epsilon) as Tensor;
  if (!onMoving) return apply(movingMean, movingVariance);
  const { mean, variance } = tf.moments(x, [...x.shape.keys()].slice(0, -1)); // [channels] each
  const move = (old: Tensor, seen: Tensor) => tf.keep(tf.add(tf.mul(old, momentum), tf.mul(seen, 1 - momentum)));
  onMoving('movingMean', move(movingMean, mean));
  onMoving('movingVariance', move(movingVariance, variance));
  return apply(mean, variance);
}

/** Layer normalisation (Ba, Kiros and Hinton 2016) over the last axis, each place by its own mean and variance. */
export function normalisePlaces(tf: Tf, layer: LayerOf<'layerNorm'>, x: Tensor, take: Take): Tensor {
  const { epsilon = LAYER_DEFAULTS.layerNorm.epsilon } = layer;
  const { mean, variance } = tf.moments(x, -1, true); // [rows, …, 1]
  const scaled = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, epsilon)));
  return tf.add(tf.mul(scaled, take('gamma')), take('beta'));
}
