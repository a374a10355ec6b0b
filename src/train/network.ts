// A network as operations on tensors: what it says (logits). The layers are applied here one by one and not through a
// LayersModel, so that dropout, moving averages and the loss are ours to state, and so that TensorFlow.js' own layers,
// which read the exported file, are an independent check of this code. How wrong the logits are is losses.ts.

import { dropoutKey, dropoutMask } from '../gpu/kernels/dropout.ts';
import { insideOf, throughLayers, type Activation, type LayerOf, type LayerSpec, type Network } from '../model/spec.ts';
import { activate } from './activations.ts';
import { normaliseBatch, normalisePlaces } from './normalise.ts';
import { recur } from './recurrent.ts';
import type { Tensor, Tf } from './tf.ts';
import { convolve, convolveDepthwise, convolveTransposed, pool, poolAll } from './windows.ts';

/** What a forward pass does in training and not in prediction. */
export interface TrainingPass {
  seed: number;
  /** steps done before, over all epochs; with the seed and the layer it fixes the dropout mask */
  step: number;
  /** layers that do not learn: a batch normalisation among them goes by its moving averages, which stay */
  frozen?: ReadonlySet<string>;
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
  const learns = training !== null;
  const apply = (layer: LayerSpec, name: string, input: Tensor): Tensor => {
    const take = (role: string): Tensor => {
      const weight = weights.get(`${name}/${role}`);
      if (!weight) throw new Error(`no weight ${name}/${role}`);
      return weight;
    };
    const finish = ({ activation }: { activation: Activation }, sum: Tensor): Tensor =>
      activate(tf, activation, tf.add(sum, take('bias')));
    switch (layer.kind) {
      case 'dense':
        return finish(layer, tf.matMul(input as never, take('kernel') as never));
      case 'activation':
        return activate(tf, layer.activation, input);
      case 'conv1d':
      case 'conv2d':
        return finish(layer, convolve(tf, layer, input, take('kernel'), learns));
      case 'depthwiseConv2d':
        return finish(layer, convolveDepthwise(tf, layer, input, take('kernel'), learns));
      case 'separableConv2d': {
        const between = convolveDepthwise(tf, layer, input, take('depthwiseKernel'), learns);
        return finish(layer, tf.conv2d(between as never, take('pointwiseKernel') as never, 1, 'valid'));
      }
      case 'conv2dTranspose':
        return finish(layer, convolveTransposed(tf, layer, input, take('kernel')));
      case 'maxPool1d':
      case 'averagePool1d':
      case 'maxPool2d':
      case 'averagePool2d':
        return pool(tf, layer, input, learns);
      case 'globalMaxPool1d':
      case 'globalAveragePool1d':
      case 'globalMaxPool2d':
      case 'globalAveragePool2d':
        return poolAll(tf, layer, input);
      case 'batchNorm': {
        const moves = training !== null && !training.frozen?.has(name);
        const onMoving = (role: string, value: Tensor) => training!.onMoving(`${name}/${role}`, value);
        return normaliseBatch(tf, layer, input, take, moves ? onMoving : null);
      }
      case 'layerNorm':
        return normalisePlaces(tf, layer, input, take);
      case 'dropout':
        return training && layer.rate > 0 ? drop(tf, input, layer.rate, dropoutKey(name), training) : input;
      case 'flatten':
        return tf.reshape(input, [input.shape[0], input.size / input.shape[0]]);
      case 'reshape':
        return tf.reshape(input, [input.shape[0], ...layer.shape]);
      case 'residual':
        return tf.add(input, throughLayers(layer.layers, input, apply, insideOf(name)));
      case 'concatenate':
        return tf.concat(
          layer.branches.map((branch, index) => throughLayers(branch, input, apply, insideOf(name, index))),
          -1,
        );
      case 'embedding':
        return lookUp(tf, layer, input, take('embeddings'));
      case 'simpleRnn':
      case 'lstm':
      case 'gru':
        return recur(tf, layer, input, take);
      default:
        layer satisfies never;
        throw new Error(`no layer ${name}`);
    }
  };
  const last = throughLayers(network.layers, x, apply);
  const [kernel, bias] = ['head/kernel', 'head/bias'].map((name) => weights.get(name)!);
  return tf.add(tf.matMul(last as never, kernel as never), bias); // [rows, units]
}

/**
 * Rows of a table by whole numbers; what lies outside counts as the nearest. TensorFlow.js would go through the whole
 * table once for each of its rows to find the gradient.
 * @param x [rows, length]
 * @returns [rows, length, dimension]
 */
function lookUp(tf: Tf, { vocabulary, dimension }: LayerOf<'embedding'>, x: Tensor, table: Tensor): Tensor {
  const places = tf.cast(tf.clipByValue(x, 0, vocabulary - 1), 'int32');
  const take = tf.customGrad((of, keep) => {
    (keep as (tensors: Tensor[]) => void)([places]);
    return {
      value: tf.gather(of as Tensor, places as never),
      gradFunc: (given: Tensor, [kept]: Tensor[]) =>
        tf.scatterND(tf.reshape(kept, [x.size, 1]) as never, tf.reshape(given, [x.size, dimension]), [
          vocabulary,
          dimension,
        ]),
    };
  });
  return take(table);
}

/** Inverted dropout: zero with probability `rate`, else x / (1 - rate). The mask is the compiled trainer's. */
function drop(tf: Tf, x: Tensor, rate: number, key: number, { seed, step }: TrainingPass): Tensor {
  return tf.mul(x, tf.tensor(dropoutMask(x.size, rate, seed, key, step), x.shape));
}
