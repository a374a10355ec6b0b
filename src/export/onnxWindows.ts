// Convolutions and pools as ONNX nodes, in one dimension and in two. All of them take and give channels first.

import { LAYER_DEFAULTS, type LayerOf, type Padding, type Weight } from '../model/spec.ts';
import { ACTIVATIONS } from './onnxActivations.ts';
import type { OnnxAttribute } from './onnxProto.ts';
import { channelsFirst, plain, type Place, type Value } from './onnxValue.ts';

type Attributes = Record<string, OnnxAttribute>;

export function addConvolution(layer: LayerOf<'conv1d' | 'conv2d'>, input: Value, place: Place): Value {
  const { graph, shape, weights } = place;
  const kernel = weights('kernel'); // [(height,) width, in, out]
  const [inputs, outputs] = kernel.shape.slice(-2);
  const window = kernel.shape.slice(0, -2);
  const name = graph.node(
    'Conv',
    [
      channelsFirst(graph, input),
      graph.floats(windowLast(kernel, inputs, outputs), [outputs, inputs, ...window]),
      graph.floats(weights('bias').data),
    ],
    slide(layer, layer.kernelSize, input.shape, shape),
  );
  return { name: ACTIVATIONS[layer.activation](graph, name), shape, channelsFirst: true };
}

export function addDepthwise(layer: LayerOf<'depthwiseConv2d'>, input: Value, place: Place): Value {
  const { graph, shape, weights } = place;
  const name = depthwise(layer, input, place, weights('kernel'), [graph.floats(weights('bias').data)]);
  return { name: ACTIVATIONS[layer.activation](graph, name), shape, channelsFirst: true };
}

export function addSeparable(layer: LayerOf<'separableConv2d'>, input: Value, place: Place): Value {
  const { graph, shape, weights } = place;
  const between = depthwise(layer, input, place, weights('depthwiseKernel'), []);
  const kernel = weights('pointwiseKernel'); // [1, 1, in, out]
  const [, , inputs, outputs] = kernel.shape;
  const name = graph.node(
    'Conv',
    [
      between,
      graph.floats(windowLast(kernel, inputs, outputs), [outputs, inputs, 1, 1]),
      graph.floats(weights('bias').data),
    ],
    { kernel_shape: { ints: [1, 1] } },
  );
  return { name: ACTIVATIONS[layer.activation](graph, name), shape, channelsFirst: true };
}

/** @param kernel [height, width, channels, multiplier]; output channel `c * multiplier + m` sees input channel `c` */
function depthwise(
  layer: LayerOf<'depthwiseConv2d' | 'separableConv2d'>,
  input: Value,
  { graph, shape }: Place,
  kernel: Weight,
  bias: string[],
): string {
  const [height, width, channels, multiplier] = kernel.shape;
  const outputs = channels * multiplier;
  return graph.node(
    'Conv',
    [channelsFirst(graph, input), graph.floats(windowLast(kernel, 1, outputs), [outputs, 1, height, width]), ...bias],
    { ...slide(layer, layer.kernelSize, input.shape, shape), group: { int: channels } },
  );
}

/**
 * Where the kernel is smaller than its step, zeros follow the last place. Where it is larger and the padding is `same`,
 * what reaches over the output's edges is cut off, the odd pixel at the end.
 */
export function addTransposed(
  layer: LayerOf<'conv2dTranspose'>,
  input: Value,
  { graph, shape, weights }: Place,
): Value {
  const { kernelSize, strides = LAYER_DEFAULTS.strides } = layer;
  const kernel = weights('kernel'); // [height, width, out, in]
  const [height, width, outputs, inputs] = kernel.shape;
  const over = [0, 1].map((axis) => (input.shape[axis] - 1) * strides + kernelSize - shape[axis]);
  const name = graph.node(
    'ConvTranspose',
    [
      channelsFirst(graph, input),
      graph.floats(windowLast(kernel, outputs, inputs), [inputs, outputs, height, width]),
      graph.floats(weights('bias').data),
    ],
    {
      kernel_shape: { ints: [kernelSize, kernelSize] },
      strides: { ints: [strides, strides] },
      pads: pads(over),
      output_padding: { ints: over.map((size) => Math.max(-size, 0)) },
    },
  );
  return { name: ACTIVATIONS[layer.activation](graph, name), shape, channelsFirst: true };
}

export function addPool(
  layer: LayerOf<'maxPool1d' | 'averagePool1d' | 'maxPool2d' | 'averagePool2d'>,
  input: Value,
  { graph, shape }: Place,
): Value {
  const { kind, poolSize, strides = poolSize } = layer;
  const attributes = slide({ ...layer, strides }, poolSize, input.shape, shape);
  const average = kind.startsWith('average');
  const name = graph.node(average ? 'AveragePool' : 'MaxPool', [channelsFirst(graph, input)], {
    ...attributes,
    ...(average && { count_include_pad: { int: 0 } }), // the mean is over the pixels that are there
  });
  return { name, shape, channelsFirst: true };
}

export function addGlobalPool(
  { kind }: LayerOf<'globalMaxPool1d' | 'globalAveragePool1d' | 'globalMaxPool2d' | 'globalAveragePool2d'>,
  input: Value,
  { graph, shape }: Place,
): Value {
  const operator = kind.startsWith('globalMax') ? 'GlobalMaxPool' : 'GlobalAveragePool';
  const pooled = graph.node(operator, [channelsFirst(graph, input)]); // [batch, channels, 1, …]
  return plain(graph.node('Flatten', [pooled], { axis: { int: 1 } }), shape);
}

/**
 * The attributes of a window that slides over its input's places. Where the padding of `same` is uneven, the odd place
 * goes to the bottom and to the right, as in TensorFlow; it is written out because ONNX deprecates its `SAME_UPPER`.
 */
function slide(
  layer: { strides?: number; padding?: Padding; dilation?: number },
  size: number,
  input: number[],
  output: number[],
): Attributes {
  const { strides = LAYER_DEFAULTS.strides, padding = LAYER_DEFAULTS.padding } = layer;
  const { dilation = LAYER_DEFAULTS.dilation } = layer;
  const places = input.slice(0, -1);
  const reach = (size - 1) * dilation + 1;
  const over = places.map((length, axis) => (padding === 'same' ? (output[axis] - 1) * strides + reach - length : 0));
  const each = (value: number) => ({ ints: places.map(() => value) });
  return {
    kernel_shape: each(size),
    strides: each(strides),
    pads: pads(over),
    ...(dilation > 1 && { dilations: each(dilation) }),
  };
}

/** @param over for each axis how far windows reach over the edges, both together; nothing where negative */
function pads(over: number[]): OnnxAttribute {
  const totals = over.map((size) => Math.max(size, 0));
  return { ints: [...totals.map((total) => Math.floor(total / 2)), ...totals.map((total) => Math.ceil(total / 2))] };
}

/** [places, a, b] to [b, a, places] */
function windowLast({ data }: Weight, a: number, b: number): Float32Array {
  const places = data.length / (a * b);
  const turned = new Float32Array(data.length);
  let from = 0;
  for (let place = 0; place < places; place++) {
    for (let i = 0; i < a; i++) {
      for (let j = 0; j < b; j++) turned[(j * a + i) * places + place] = data[from++];
    }
  }
  return turned;
}
