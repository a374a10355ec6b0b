// Optimisers as update rules on one flat vector that holds every trainable weight, so that a step is a dozen
// operations however many layers there are. Formulas are PyTorch's, which differ from TensorFlow.js' own in where
// epsilon stands.

import type { OptimizerSpec } from '../model/recipe.ts';
import type { Tensor, Tf } from './tf.ts';

export interface Update {
  /** the weights after the step, [weights] */
  weights: Tensor;
  /** what the optimiser remembers, [weights] each */
  state: Tensor[];
}

export interface Optimizer {
  /** how many vectors of zeros it begins with */
  slots: number;
  /**
   * One step. Call within `tf.tidy`.
   * @param step from 1
   * @param kernels [weights], 1 where decay and penalties apply (kernels), 0 elsewhere (biases, gammas, betas)
   */
  update(
    weights: Tensor,
    gradient: Tensor,
    state: Tensor[],
    learningRate: number,
    step: number,
    kernels: Tensor,
  ): Update;
}

/** The update rule of a spec. */
export function createOptimizer(tf: Tf, spec: OptimizerSpec): Optimizer {
  const mix = (old: Tensor, fresh: Tensor, keep: number) => tf.add(tf.mul(old, keep), tf.mul(fresh, 1 - keep));
  switch (spec.kind) {
    case 'sgd': // w -= lr g
      return {
        slots: 0,
        update: (weights, gradient, _, learningRate) => ({
          weights: tf.sub(weights, tf.mul(gradient, learningRate)),
          state: [],
        }),
      };
    case 'momentum': // v = m v + g; w -= lr v, or with Nesterov's w -= lr (g + m v)
      return {
        slots: 1,
        update: (weights, gradient, [velocity], learningRate) => {
          const next = tf.add(tf.mul(velocity, spec.momentum), gradient);
          const direction = spec.nesterov ? tf.add(gradient, tf.mul(next, spec.momentum)) : next;
          return { weights: tf.sub(weights, tf.mul(direction, learningRate)), state: [next] };
        },
      };
    case 'rmsprop': // s = d s + (1 - d) g^2; w -= lr g / (sqrt(s) + eps)
      return {
        slots: 1,
        update: (weights, gradient, [square], learningRate) => {
          const next = mix(square, tf.square(gradient), spec.decay);
          const direction = tf.div(gradient, tf.add(tf.sqrt(next), spec.epsilon));
          return { weights: tf.sub(weights, tf.mul(direction, learningRate)), state: [next] };
        },
      };
    case 'adam':
    case 'adamw': // Kingma and Ba 2015; Loshchilov and Hutter 2019: w *= 1 - lr wd before the step, kernels only
      return {
        slots: 2,
        update: (weights, gradient, [mean, square], learningRate, step, kernels) => {
          const nextMean = mix(mean, gradient, spec.beta1);
          const nextSquare = mix(square, tf.square(gradient), spec.beta2);
          const root = tf.mul(tf.sqrt(nextSquare), 1 / Math.sqrt(1 - spec.beta2 ** step));
          const rate = learningRate / (1 - spec.beta1 ** step);
          const direction = tf.mul(tf.div(nextMean, tf.add(root, spec.epsilon)), rate);
          const decayed =
            spec.kind === 'adamw' && spec.weightDecay > 0
              ? tf.sub(weights, tf.mul(tf.mul(weights, kernels), learningRate * spec.weightDecay))
              : weights;
          return { weights: tf.sub(decayed, direction), state: [nextMean, nextSquare] };
        },
      };
    default:
      spec satisfies never;
      throw new Error('no such optimiser');
  }
}

/** The gradient scaled down to this length where it is longer, as PyTorch does it; null: as it is. */
export function clipGradient(tf: Tf, gradient: Tensor, clipNorm: number | null): Tensor {
  if (clipNorm === null) return gradient;
  const length = tf.sqrt(tf.sum(tf.square(gradient)));
  return tf.mul(gradient, tf.minimum(tf.div(clipNorm, tf.add(length, 1e-6)), 1));
}

/** The gradient with that of the penalty l1 * sum |w| + l2 * sum w^2 over kernels added; sign(0) counts as 0. */
export function addPenalty(
  tf: Tf,
  gradient: Tensor,
  weights: Tensor,
  kernels: Tensor,
  { l1, l2 }: { l1: number; l2: number },
): Tensor {
  if (l1 === 0 && l2 === 0) return gradient;
  const held = tf.mul(weights, kernels);
  let sum = gradient;
  if (l1 > 0) sum = tf.add(sum, tf.mul(tf.sign(held), l1));
  if (l2 > 0) sum = tf.add(sum, tf.mul(held, 2 * l2));
  return sum;
}
