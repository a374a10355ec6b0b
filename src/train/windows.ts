// Convolutions and pools as operations on tensors, with gradients where TensorFlow.js has none or a wrong one. One
// dimension is an image of height 1: [rows, length, channels] is [rows, 1, length, channels] while a window is on it.

import { LAYER_DEFAULTS, type LayerOf } from '../model/spec.ts';
import type { Tensor, Tf } from './tf.ts';

type Pair = [number, number];

/**
 * A convolution without its bias.
 * @param kernel [width, in, out] or [height, width, in, out]
 * @param training whether its gradient will be asked for
 */
export function convolve(
  tf: Tf,
  layer: LayerOf<'conv1d' | 'conv2d'>,
  x: Tensor,
  kernel: Tensor,
  training: boolean,
): Tensor {
  const { strides = LAYER_DEFAULTS.strides, padding = LAYER_DEFAULTS.padding } = layer;
  const flat = layer.kind === 'conv1d';
  const [cells, apart] = spread(tf, layer, flat ? tf.expandDims(kernel, 0) : kernel, training);
  const slide = (image: Tensor): Tensor =>
    tf.conv2d(image as never, cells as never, [flat ? 1 : strides, strides], padding, 'NHWC', [
      flat ? 1 : apart,
      apart,
    ]);
  return flat ? onLine(tf, x, slide) : slide(x);
}

/** Without its bias. @param kernel [height, width, in, multiplier] */
export function convolveDepthwise(
  tf: Tf,
  layer: LayerOf<'depthwiseConv2d' | 'separableConv2d'>,
  x: Tensor,
  kernel: Tensor,
  training: boolean,
): Tensor {
  const { strides = LAYER_DEFAULTS.strides, padding = LAYER_DEFAULTS.padding } = layer;
  const [cells, apart] = spread(tf, layer, kernel, training);
  return tf.depthwiseConv2d(x as never, cells as never, strides, padding, 'NHWC', apart);
}

/** Without its bias. @param kernel [height, width, out, in] */
export function convolveTransposed(tf: Tf, layer: LayerOf<'conv2dTranspose'>, x: Tensor, kernel: Tensor): Tensor {
  const { filters, kernelSize, strides = LAYER_DEFAULTS.strides, padding = LAYER_DEFAULTS.padding } = layer;
  const more = padding === 'valid' ? Math.max(kernelSize - strides, 0) : 0;
  const [rows, height, width] = x.shape as [number, number, number];
  const shape: [number, number, number, number] = [rows, height * strides + more, width * strides + more, filters];
  return tf.conv2dTranspose(x as never, kernel as never, shape, strides, padding);
}

/**
 * A kernel [height, width, …] and how far its cells then lie apart. TensorFlow.js has no gradient of a window that leaves
 * cells out: for training, zeros are put there.
 */
function spread(
  tf: Tf,
  { dilation = LAYER_DEFAULTS.dilation }: { dilation?: number },
  kernel: Tensor,
  training: boolean,
): [Tensor, number] {
  if (dilation === 1 || !training) return [kernel, dilation];
  const widen = (wide: Tensor, axis: number): Tensor => {
    if (wide.shape[axis] === 1) return wide;
    const cells = tf.split(wide, wide.shape[axis]!, axis);
    const zeros = Array.from({ length: dilation - 1 }, () => tf.zerosLike(cells[0]));
    return tf.concat(
      cells.flatMap((cell, place) => (place === 0 ? [cell] : [...zeros, cell])),
      axis,
    );
  };
  return [[0, 1].reduce(widen, kernel), 1];
}

/** A pool over windows of one size. @param training whether its gradient will be asked for */
export function pool(
  tf: Tf,
  layer: LayerOf<'maxPool1d' | 'averagePool1d' | 'maxPool2d' | 'averagePool2d'>,
  x: Tensor,
  training: boolean,
): Tensor {
  const { kind, poolSize, strides = poolSize, padding = LAYER_DEFAULTS.padding } = layer;
  const flat = kind.endsWith('1d');
  const size: Pair = [flat ? 1 : poolSize, poolSize];
  const step: Pair = [flat ? 1 : strides, strides];
  const slide = (image: Tensor): Tensor => {
    if (kind.startsWith('max')) return tf.maxPool(image as never, size, step, padding);
    return padding === 'same' && training
      ? averageSame(tf, image, size, step)
      : tf.avgPool(image as never, size, step, padding);
  };
  return flat ? onLine(tf, x, slide) : slide(x);
}

/** Everything of a channel to one number: [rows, channels]. Of equal largest numbers the first has the gradient. */
export function poolAll(
  tf: Tf,
  { kind }: LayerOf<'globalMaxPool1d' | 'globalAveragePool1d' | 'globalMaxPool2d' | 'globalAveragePool2d'>,
  x: Tensor,
): Tensor {
  if (kind.startsWith('globalAverage')) return tf.mean(x, [...x.shape.keys()].slice(1, -1));
  const image = kind.endsWith('1d') ? tf.expandDims(x, 1) : x;
  const [rows, height, width, channels] = image.shape as [number, number, number, number];
  return tf.reshape(tf.maxPool(image as never, [height, width], 1, 'valid'), [rows, channels]);
}

/**
 * Average pooling with padding 'same', each window divided by what of it lies in the image. `tf.avgPool` gives the same,
 * but its gradient divides by the whole window; without padding it is right, so here the padding is made before it.
 */
function averageSame(tf: Tf, x: Tensor, size: Pair, step: Pair): Tensor {
  const shape = x.shape as [number, number, number, number];
  const { top, bottom, left, right } = tf.backend_util.computePool2DInfo(shape, size, step, 1, 'same').padInfo;
  const edges: Pair[] = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  const average = (of: Tensor): Tensor => tf.avgPool(tf.pad(of, edges) as never, size, step, 'valid');
  return tf.div(average(x), average(tf.ones([1, shape[1], shape[2], 1])));
}

/** @param slide takes and gives [rows, 1, length, channels] */
function onLine(tf: Tf, x: Tensor, slide: (line: Tensor) => Tensor): Tensor {
  return tf.squeeze(slide(tf.expandDims(x, 1)), [1]);
}
