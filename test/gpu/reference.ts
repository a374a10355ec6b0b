// The same networks in TensorFlow.js operations on the CPU, as an oracle: forward pass, loss, gradients, moving
// averages. Written from the definitions, sharing with src/gpu the dropout mask alone.

import * as tf from '@tensorflow/tfjs';
import { dropoutKey, dropoutMask } from '../../src/gpu/kernels/dropout.ts';
import type { LossSpec } from '../../src/model/recipe.ts';
import type { Activation, LayerSpec, Network, Head, RecurrentLayer, Weight } from '../../src/model/spec.ts';

type T = tf.Tensor;

export interface ReferenceStep {
  x: Float32Array;
  y: Float32Array;
  weights: Float32Array;
  rows: number;
  seed: number;
  /** steps done before */
  step: number;
  loss: LossSpec;
}

export interface ReferenceResult {
  /** weighted mean over the rows */
  loss: number;
  /** sum over the rows */
  metric: number;
  gradients: Map<string, Float32Array>;
  /** moving averages after the step */
  moved: Map<string, Float32Array>;
}

/** Gradients of the weighted mean loss of one batch. */
export async function referenceStep(network: Network, weights: Weight[], o: ReferenceStep): Promise<ReferenceResult> {
  await tf.setBackend('cpu');
  const trained = weights.filter(({ name }) => !/moving/.test(name));
  const moved = new Map<string, Float32Array>();
  let metric = 0;
  const f = (...values: T[]) => {
    const take = new Map(trained.map(({ name }, i) => [name, values[i]]));
    for (const { name, shape, data } of weights) if (/moving/.test(name)) take.set(name, tf.tensor(data, shape));
    const logits = forward(network, take, tf.tensor(o.x, [o.rows, ...network.inputShape]), {
      seed: o.seed,
      step: o.step,
      moved,
    });
    metric = tf.sum(rowMetrics(network.head, logits, o.y)).dataSync()[0];
    const w = tf.tensor1d(o.weights);
    return tf.div(tf.sum(tf.mul(rowLosses(network.head, o.loss, logits, o.y), w)), tf.sum(w)) as tf.Scalar;
  };
  const inputs = trained.map(({ data, shape }) => tf.tensor(data, shape));
  const { value, grads } = tf.valueAndGrads(f)(inputs);
  const gradients = new Map(trained.map(({ name }, i) => [name, grads[i].dataSync().slice() as Float32Array]));
  const loss = value.dataSync()[0];
  tf.disposeVariables();
  return { loss, metric, gradients, moved };
}

/** What the head says, as in prediction. */
export async function referencePredict(
  network: Network,
  weights: Weight[],
  x: Float32Array,
  rows: number,
): Promise<Float32Array> {
  await tf.setBackend('cpu');
  return tf.tidy(() => {
    const take = new Map(weights.map(({ name, shape, data }) => [name, tf.tensor(data, shape) as T]));
    const z = forward(network, take, tf.tensor(x, [rows, ...network.inputShape]), null);
    const { kind } = network.head;
    const y = kind === 'softmax' ? tf.softmax(z) : kind === 'sigmoid' ? tf.sigmoid(z) : z;
    return y.dataSync().slice() as Float32Array;
  });
}

interface Training {
  seed: number;
  step: number;
  moved: Map<string, Float32Array>;
}

function forward(network: Network, weights: Map<string, T>, x: T, training: Training | null): T {
  const take = (name: string) => {
    const weight = weights.get(name);
    if (!weight) throw new Error(`no weight ${name}`);
    return weight;
  };
  const layers = (specs: LayerSpec[], prefix: string, from: T): T =>
    specs.reduce((value, layer, i) => apply(layer, `${prefix}${i}_${layer.kind}`, value), from);
  const pad = (p?: string) => (p ?? 'valid') as 'valid' | 'same';

  function apply(layer: LayerSpec, name: string, input: T): T {
    switch (layer.kind) {
      case 'dense':
        return activate(
          layer.activation,
          tf.matMul(input as tf.Tensor2D, take(`${name}/kernel`) as tf.Tensor2D).add(take(`${name}/bias`)),
        );
      case 'activation':
        return activate(layer.activation, input);
      case 'conv1d':
      case 'conv2d': {
        const flat = layer.kind === 'conv1d';
        const x4 = flat ? input.expandDims(1) : input;
        const kernel = flat ? take(`${name}/kernel`).expandDims(0) : take(`${name}/kernel`);
        const spread = dilate(kernel, ('dilation' in layer && layer.dilation) || 1);
        const y = tf.conv2d(
          x4 as tf.Tensor4D,
          spread as tf.Tensor4D,
          flat ? [1, layer.strides ?? 1] : (layer.strides ?? 1),
          pad(layer.padding),
        );
        return activate(layer.activation, (flat ? y.squeeze([1]) : y).add(take(`${name}/bias`)));
      }
      case 'depthwiseConv2d':
      case 'separableConv2d': {
        const separable = layer.kind === 'separableConv2d';
        const kernel = dilate(take(`${name}/${separable ? 'depthwiseKernel' : 'kernel'}`), layer.dilation ?? 1);
        let y: T = tf.depthwiseConv2d(
          input as tf.Tensor4D,
          kernel as tf.Tensor4D,
          layer.strides ?? 1,
          pad(layer.padding),
        );
        if (separable) y = tf.conv2d(y as tf.Tensor4D, take(`${name}/pointwiseKernel`) as tf.Tensor4D, 1, 'valid');
        return activate(layer.activation, y.add(take(`${name}/bias`)));
      }
      case 'conv2dTranspose': {
        const { strides = 1, kernelSize, filters } = layer;
        const grown = (size: number) =>
          size * strides + (pad(layer.padding) === 'valid' ? Math.max(kernelSize - strides, 0) : 0);
        const shape = [input.shape[0], grown(input.shape[1]!), grown(input.shape[2]!), filters] as [
          number,
          number,
          number,
          number,
        ];
        const y = tf.conv2dTranspose(
          input as tf.Tensor4D,
          take(`${name}/kernel`) as tf.Tensor4D,
          shape,
          strides,
          pad(layer.padding),
        );
        return activate(layer.activation, y.add(take(`${name}/bias`)));
      }
      case 'maxPool1d':
      case 'averagePool1d': {
        const pool = layer.kind === 'maxPool1d' ? tf.maxPool : average;
        const { poolSize, strides = poolSize } = layer;
        return pool(input.expandDims(1) as tf.Tensor4D, [1, poolSize], [1, strides], pad(layer.padding)).squeeze([1]);
      }
      case 'maxPool2d':
      case 'averagePool2d': {
        const pool = layer.kind === 'maxPool2d' ? tf.maxPool : average;
        const { poolSize, strides = poolSize } = layer;
        return pool(input as tf.Tensor4D, [poolSize, poolSize], [strides, strides], pad(layer.padding));
      }
      case 'globalAveragePool1d':
        return tf.mean(input, [1]);
      case 'globalMaxPool1d':
        return tf.max(input, [1]);
      case 'globalAveragePool2d':
        return tf.mean(input, [1, 2]);
      case 'globalMaxPool2d':
        return tf.max(input, [1, 2]);
      case 'batchNorm': {
        const { momentum = 0.9, epsilon = 1e-3 } = layer;
        const axes = [...input.shape.keys()].slice(0, -1);
        let [mean, variance] = [take(`${name}/movingMean`), take(`${name}/movingVariance`)];
        if (training) {
          const [oldMean, oldVariance] = [mean, variance];
          mean = tf.mean(input, axes);
          variance = tf.mean(tf.square(tf.sub(input, mean)), axes);
          training.moved.set(
            `${name}/movingMean`,
            tf
              .add(oldMean.mul(momentum), mean.mul(1 - momentum))
              .dataSync()
              .slice() as Float32Array,
          );
          training.moved.set(
            `${name}/movingVariance`,
            tf
              .add(oldVariance.mul(momentum), variance.mul(1 - momentum))
              .dataSync()
              .slice() as Float32Array,
          );
        }
        return input
          .sub(mean)
          .div(tf.sqrt(variance.add(epsilon)))
          .mul(take(`${name}/gamma`))
          .add(take(`${name}/beta`));
      }
      case 'layerNorm': {
        const mean = tf.mean(input, -1, true);
        const variance = tf.mean(tf.square(tf.sub(input, mean)), -1, true);
        return input
          .sub(mean)
          .div(tf.sqrt(variance.add(layer.epsilon ?? 1e-3)))
          .mul(take(`${name}/gamma`))
          .add(take(`${name}/beta`));
      }
      case 'dropout': {
        if (!training || layer.rate === 0) return input;
        return input.mul(
          tf.tensor(dropoutMask(input.size, layer.rate, training.seed, dropoutKey(name), training.step), input.shape),
        );
      }
      case 'flatten':
        return input.reshape([input.shape[0], -1]);
      case 'reshape':
        return input.reshape([input.shape[0], ...layer.shape]);
      case 'residual':
        return input.add(layers(layer.layers, `${name}/`, input));
      case 'concatenate':
        return tf.concat(
          layer.branches.map((branch, i) => layers(branch, `${name}/${i}/`, input)),
          -1,
        );
      case 'embedding': {
        const hot = tf.oneHot(input.toInt() as tf.Tensor1D, layer.vocabulary).toFloat(); // [rows, length, vocabulary]
        const [rows, length] = input.shape;
        return hot
          .reshape([rows * length!, layer.vocabulary])
          .matMul(take(`${name}/embeddings`))
          .reshape([rows, length!, layer.dimension]);
      }
      case 'simpleRnn':
      case 'lstm':
      case 'gru':
        return recur(layer, name, input);
    }
  }
  /** Step by step and gate by gate, as the definitions have it. */
  function recur(layer: RecurrentLayer, name: string, input: T): T {
    const { kind, units, activation = 'tanh' } = layer;
    const [rows, length, channels] = input.shape as [number, number, number];
    const gateBy = kind === 'simpleRnn' ? activation : (layer.recurrentActivation ?? 'sigmoid');
    /** `x W + h U + b` of one gate */
    const gate = (place: number, x: T, h: T): T => {
      const of = (role: string, size: number) =>
        tf.slice(take(`${name}/${role}`), [0, place * units], [size, units]) as tf.Tensor2D;
      return tf
        .matMul(x as tf.Tensor2D, of('kernel', channels))
        .add(tf.matMul(h as tf.Tensor2D, of('recurrentKernel', units)))
        .add(tf.slice(take(`${name}/bias`), [place * units], [units]));
    };
    let h: T = tf.zeros([rows, units]);
    let c: T = tf.zeros([rows, units]);
    const given: T[] = [];
    for (let step = 0; step < length; step++) {
      const x = tf.slice(input, [0, layer.goBackwards ? length - 1 - step : step, 0], [rows, 1, channels]).squeeze([1]);
      const opened = (place: number) => activate(gateBy, gate(place, x, h));
      if (kind === 'simpleRnn') h = activate(activation, gate(0, x, h));
      else if (kind === 'lstm') {
        c = c.mul(opened(1)).add(opened(0).mul(activate(activation, gate(2, x, h))));
        h = opened(3).mul(activate(activation, c));
      } else {
        const [update, reset] = [opened(0), opened(1)];
        const candidate = activate(activation, gate(2, x, h.mul(reset)));
        h = update.mul(h).add(tf.sub(1, update).mul(candidate));
      }
      given.push(h.expandDims(1));
    }
    return layer.returnSequences ? tf.concat(given, 1) : h;
  }
  const last = layers(network.layers, '', x);
  return tf.matMul(last as tf.Tensor2D, take('head/kernel') as tf.Tensor2D).add(take('head/bias'));
}

/** The average of what of a window lies in the image. The gradient of `tf.avgPool` divides by the whole window. */
function average(
  x: tf.Tensor4D,
  [h, w]: [number, number],
  strides: [number, number],
  pad: 'valid' | 'same',
): tf.Tensor4D {
  const ones = tf.ones([h, w, x.shape[3], 1]) as tf.Tensor4D;
  const sum = (of: tf.Tensor4D) => tf.depthwiseConv2d(of, ones, strides, pad);
  return tf.div(sum(x), sum(tf.onesLike(x)));
}

/** A kernel with zeros between its numbers: TensorFlow.js has no gradient for dilated windows. */
function dilate(kernel: T, by: number): T {
  if (by === 1) return kernel;
  const [h, w, c, o] = kernel.shape;
  const grow = (k: T, axis: 0 | 1) => {
    const size = k.shape[axis]!;
    const parts: T[] = tf.split(k, size, axis);
    const zeros = tf.zerosLike(parts[0]);
    return tf.concat(
      parts.flatMap((part, i) => (i === 0 ? [part] : [...Array<T>(by - 1).fill(zeros), part])),
      axis,
    );
  };
  const tall = h! > 1 ? grow(kernel, 0) : kernel;
  void [c, o];
  return w! > 1 ? grow(tall, 1) : tall;
}

function activate(activation: Activation, z: T): T {
  switch (activation) {
    case 'linear':
      return z;
    case 'relu':
      return tf.relu(z);
    case 'elu':
      return tf.elu(z);
    case 'selu':
      return tf.selu(z);
    case 'tanh':
      return tf.tanh(z);
    case 'sigmoid':
      return tf.sigmoid(z);
    case 'softplus':
      return tf.softplus(z);
    case 'swish':
      return z.mul(tf.sigmoid(z));
    case 'gelu':
      return z.mul(0.5).mul(tf.erf(z.mul(Math.SQRT1_2)).add(1));
  }
}

function rowLosses(head: Head, loss: LossSpec, z: T, y: Float32Array): T {
  if (head.kind === 'value') {
    const e = z.reshape([-1]).sub(tf.tensor1d(y));
    if (loss.kind === 'meanAbsoluteError') return tf.abs(e);
    if (loss.kind === 'huber') {
      const a = tf.abs(e);
      const inner = tf.minimum(a, loss.delta);
      return inner.mul(a).sub(inner.square().mul(0.5));
    }
    return tf.square(e);
  }
  const smoothing = (loss.kind === 'crossEntropy' && loss.labelSmoothing) || 0;
  if (head.kind === 'sigmoid') {
    const t = tf
      .tensor1d(y)
      .mul(1 - smoothing)
      .add(smoothing / 2);
    const flat = z.reshape([-1]);
    return tf.softplus(flat).sub(flat.mul(t));
  }
  const t = tf
    .oneHot(tf.tensor1d(Int32Array.from(y), 'int32'), head.units)
    .toFloat()
    .mul(1 - smoothing)
    .add(smoothing / head.units);
  return tf.neg(tf.sum(tf.logSoftmax(z).mul(t), 1));
}

function rowMetrics(head: Head, z: T, y: Float32Array): T {
  const t = tf.tensor1d(y);
  if (head.kind === 'value') return tf.abs(z.reshape([-1]).sub(t));
  if (head.kind === 'sigmoid') return tf.equal(tf.greater(z.reshape([-1]), 0), tf.greater(t, 0.5)).toFloat();
  return tf.equal(tf.argMax(z, 1), t.toInt()).toFloat();
}
