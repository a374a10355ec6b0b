// A network as operations on tensors: what it says (logits), and how wrong that is. The layers are applied here one by
// one and not through a LayersModel, so that dropout, moving averages and the loss are ours to state, and so that
// TensorFlow.js' own layers, which read the exported file, are an independent check of this code.

import { createRandom } from '../base/random.ts';
import { layerName } from '../model/shapes.ts';
import { LAYER_DEFAULTS, type Activation, type Head, type LayerSpec, type Network } from '../model/spec.ts';
import { streamSeed } from '../model/weights.ts';
import type { Tensor, Tf } from './tf.ts';

/** What a forward pass does in training and not in prediction. */
export interface TrainingPass {
  seed: number;
  /** steps done before, over all epochs; with the seed and the layer it fixes the dropout mask */
  step: number;
  /** takes the moving averages after this step; `value` is kept, the taker disposes it */
  onMoving(name: string, value: Tensor): void;
}

/**
 * What the head gives before its activation, [rows, units]. Call within `tf.tidy`.
 * @param x [rows, ...inputShape]
 */
export function forward(
  tf: Tf,
  network: Network,
  weights: ReadonlyMap<string, Tensor>,
  x: Tensor,
  training: TrainingPass | null,
): Tensor {
  const take = (name: string): Tensor => {
    const weight = weights.get(name);
    if (!weight) throw new Error(`no weight ${name}`);
    return weight;
  };
  let y = x;
  network.layers.forEach((layer, index) => {
    y = applyLayer(tf, layer, layerName(index, layer), index, y, take, training);
  });
  return tf.add(tf.matMul(y as never, take('head/kernel') as never), take('head/bias')); // [rows, units]
}

function applyLayer(
  tf: Tf,
  layer: LayerSpec,
  name: string,
  index: number,
  x: Tensor,
  take: (name: string) => Tensor,
  training: TrainingPass | null,
): Tensor {
  switch (layer.kind) {
    case 'dense': {
      const product = tf.matMul(x as never, take(`${name}/kernel`) as never); // [rows, units]
      return activate(tf, layer.activation, tf.add(product, take(`${name}/bias`)));
    }
    case 'conv2d': {
      const { strides = LAYER_DEFAULTS.strides, padding = LAYER_DEFAULTS.padding } = layer;
      const product = tf.conv2d(x as never, take(`${name}/kernel`) as never, strides, padding);
      return activate(tf, layer.activation, tf.add(product, take(`${name}/bias`)));
    }
    case 'maxPool2d': {
      const { poolSize, strides = poolSize, padding = LAYER_DEFAULTS.padding } = layer;
      return tf.maxPool(x as never, poolSize, strides, padding);
    }
    case 'averagePool2d': {
      const { poolSize, strides = poolSize, padding = LAYER_DEFAULTS.padding } = layer;
      return padding === 'same' && training
        ? averagePoolSame(tf, x, poolSize, strides)
        : tf.avgPool(x as never, poolSize, strides, padding);
    }
    case 'globalAveragePool2d':
      return tf.mean(x, [1, 2]); // [rows, channels]
    case 'batchNorm':
      return normalise(tf, layer, name, x, take, training);
    case 'dropout':
      return training && layer.rate > 0
        ? drop(tf, x, layer.rate, streamSeed(training.seed, 3, index, training.step))
        : x;
    case 'flatten':
      return tf.reshape(x, [x.shape[0], x.size / x.shape[0]]);
    default:
      layer satisfies never;
      throw new Error(`no layer ${name}`);
  }
}

/**
 * Average pooling with padding 'same', each window divided by what of it lies in the image. `tf.avgPool` gives the same,
 * but its gradient divides by the whole window; without padding it is right, so here the padding is made before it.
 */
function averagePoolSame(tf: Tf, x: Tensor, poolSize: number, strides: number): Tensor {
  const { top, bottom, left, right } = tf.backend_util.computePool2DInfo(
    x.shape as [number, number, number, number],
    poolSize,
    strides,
    1,
    'same',
  ).padInfo;
  const edges: [number, number][] = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  const pool = (of: Tensor): Tensor => tf.avgPool(tf.pad(of, edges) as never, poolSize, strides, 'valid');
  return tf.div(pool(x), pool(tf.ones([1, x.shape[1]!, x.shape[2]!, 1])));
}

/**
 * Batch normalisation over all axes but the last (Ioffe and Szegedy 2015): by the batch's own mean and variance in
 * training, by the moving ones in prediction. Moving = moving * momentum + batch's * (1 - momentum), the variance
 * divided by n as Keras does, not by n - 1 as PyTorch does.
 */
function normalise(
  tf: Tf,
  layer: Extract<LayerSpec, { kind: 'batchNorm' }>,
  name: string,
  x: Tensor,
  take: (name: string) => Tensor,
  training: TrainingPass | null,
): Tensor {
  const { momentum = LAYER_DEFAULTS.batchNorm.momentum, epsilon = LAYER_DEFAULTS.batchNorm.epsilon } = layer;
  const [gamma, beta] = [take(`${name}/gamma`), take(`${name}/beta`)];
  const [movingMean, movingVariance] = [take(`${name}/movingMean`), take(`${name}/movingVariance`)];
  const apply = (mean: Tensor, variance: Tensor) =>
    tf.batchNorm(x as never, mean as never, variance as never, beta as never, gamma as never, epsilon) as Tensor;
  if (!training) return apply(movingMean, movingVariance);
  const { mean, variance } = tf.moments(x, [...x.shape.keys()].slice(0, -1)); // [channels] each
  const move = (old: Tensor, seen: Tensor) => tf.keep(tf.add(tf.mul(old, momentum), tf.mul(seen, 1 - momentum)));
  training.onMoving(`${name}/movingMean`, move(movingMean, mean));
  training.onMoving(`${name}/movingVariance`, move(movingVariance, variance));
  return apply(mean, variance);
}

/** Inverted dropout: zero with probability `rate`, else x / (1 - rate). The mask is drawn on the CPU, so that it is the same on every backend. */
function drop(tf: Tf, x: Tensor, rate: number, seed: number): Tensor {
  return tf.mul(x, tf.tensor(dropoutMask(x.size, rate, seed), x.shape));
}

/** [size] of 0 and 1 / (1 - rate), the same for the same seed. */
export function dropoutMask(size: number, rate: number, seed: number): Float32Array {
  const random = createRandom(seed);
  const mask = new Float32Array(size);
  const kept = 1 / (1 - rate);
  for (let i = 0; i < size; i++) mask[i] = random.next() < rate ? 0 : kept;
  return mask;
}

function activate(tf: Tf, activation: Activation, x: Tensor): Tensor {
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

/** The head's own activation: [rows, units] of logits to probabilities, or the value as it is. */
export function activateHead(tf: Tf, head: Head, logits: Tensor): Tensor {
  if (head.kind === 'softmax') return tf.softmax(logits);
  return head.kind === 'sigmoid' ? tf.sigmoid(logits) : logits;
}

/**
 * Loss of each row from logits, [rows]: cross-entropy with a sigmoid as softplus(z) - z y, with a softmax as
 * -log softmax(z)[y], neither of which overflows; (z - y)^2 for a value.
 * @param y [rows, 1] of 0 and 1, [rows, units] one-hot, or [rows, 1] of values
 */
export function rowLosses(tf: Tf, head: Head, logits: Tensor, y: Tensor): Tensor {
  switch (head.kind) {
    case 'sigmoid':
      return tf.sum(tf.sub(tf.softplus(logits), tf.mul(logits, y)), 1);
    case 'softmax':
      return tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), y), 1));
    case 'value':
      return tf.sum(tf.square(tf.sub(logits, y)), 1);
  }
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
