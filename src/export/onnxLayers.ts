// The network as ONNX nodes: one entry for each kind of layer, one for each activation. Lathe keeps channels last, ONNX
// wants them first: a value remembers which way it lies and is turned only where a node needs it. Dropout leaves nothing.

import { inferShapes, layerName } from '../model/shapes.ts';
import {
  LAYER_DEFAULTS,
  type Activation,
  type LayerSpec,
  type Network,
  type Padding,
  type Weight,
} from '../model/spec.ts';
import type { GraphBuilder } from './onnxGraph.ts';
import type { OnnxAttribute } from './onnxProto.ts';

/** A value in the graph. `shape` is without the batch and always has channels last. */
interface Value {
  name: string;
  shape: number[];
  channelsFirst: boolean;
}

/** The weights of one layer, by their last name. */
type LayerWeights = (name: string) => Weight;
type Build<K extends LayerSpec['kind']> = (
  graph: GraphBuilder,
  input: Value,
  layer: Extract<LayerSpec, { kind: K }>,
  shape: number[],
  weights: LayerWeights,
) => Value;

/**
 * Adds the network's layers and its head without the head's activation.
 * @param input the name of the network's input, float32 [batch, ...inputShape]
 * @returns the name of the head's raw output, float32 [batch, units]
 */
export function addNetwork(graph: GraphBuilder, network: Network, weights: Weight[], input: string): string {
  const byName = new Map(weights.map((weight) => [weight.name, weight]));
  const weightsOf = (layer: string): LayerWeights => {
    return (name) => {
      const weight = byName.get(`${layer}/${name}`);
      if (!weight) throw new Error(`no weight ${layer}/${name} among ${[...byName.keys()].join(', ')}`);
      return weight;
    };
  };
  const shapes = inferShapes(network);
  let value: Value = { name: input, shape: network.inputShape, channelsFirst: false };
  network.layers.forEach((layer, index) => {
    const build = LAYERS[layer.kind] as Build<LayerSpec['kind']>;
    value = build(graph, value, layer, shapes[index].shape, weightsOf(layerName(index, layer)));
  });
  return addDense(graph, value, weightsOf('head'));
}

/** How each kind of layer becomes nodes; `shape` is that of its output, without the batch. */
const LAYERS: { [K in LayerSpec['kind']]: Build<K> } = {
  dense(graph, input, layer, shape, weights) {
    const name = ACTIVATIONS[layer.activation](graph, addDense(graph, input, weights));
    return { name, shape, channelsFirst: false };
  },

  conv2d(graph, input, layer, shape, weights) {
    const { kernelSize, strides = LAYER_DEFAULTS.strides, padding = LAYER_DEFAULTS.padding } = layer;
    const kernel = weights('kernel'); // [height, width, in, out]
    const [height, width, depth, filters] = kernel.shape;
    const output = graph.node(
      'Conv',
      [
        channelsFirst(graph, input),
        graph.floats(toOihw(kernel), [filters, depth, height, width]),
        graph.floats(weights('bias').data),
      ],
      slide(input.shape, shape, kernelSize, strides, padding),
    );
    return { name: ACTIVATIONS[layer.activation](graph, output), shape, channelsFirst: true };
  },

  maxPool2d(graph, input, { poolSize, strides = poolSize, padding = LAYER_DEFAULTS.padding }, shape) {
    const attributes = slide(input.shape, shape, poolSize, strides, padding);
    return { name: graph.node('MaxPool', [channelsFirst(graph, input)], attributes), shape, channelsFirst: true };
  },

  averagePool2d(graph, input, { poolSize, strides = poolSize, padding = LAYER_DEFAULTS.padding }, shape) {
    const attributes = slide(input.shape, shape, poolSize, strides, padding);
    const name = graph.node('AveragePool', [channelsFirst(graph, input)], {
      ...attributes,
      count_include_pad: { int: 0 }, // the mean is over the pixels that are there
    });
    return { name, shape, channelsFirst: true };
  },

  globalAveragePool2d(graph, input, _layer, shape) {
    const pooled = graph.node('GlobalAveragePool', [channelsFirst(graph, input)]); // [batch, channels, 1, 1]
    return { name: graph.node('Flatten', [pooled], { axis: { int: 1 } }), shape, channelsFirst: false };
  },

  batchNorm(graph, input, layer, shape, weights) {
    const parameters = ['gamma', 'beta', 'movingMean', 'movingVariance'].map((name) =>
      graph.floats(weights(name).data),
    );
    const { epsilon = LAYER_DEFAULTS.batchNorm.epsilon } = layer;
    const name = graph.node('BatchNormalization', [channelsFirst(graph, input), ...parameters], {
      epsilon: { float: epsilon },
    });
    return { name, shape, channelsFirst: shape.length === 3 };
  },

  dropout: (_graph, input) => input,

  flatten(graph, input, _layer, shape) {
    const name = graph.node('Flatten', [channelsLast(graph, input)], { axis: { int: 1 } });
    return { name, shape, channelsFirst: false };
  },
};

type AddActivation = (graph: GraphBuilder, input: string) => string;

const ACTIVATIONS: Record<Activation, AddActivation> = {
  linear: (_graph, input) => input,
  relu: (graph, input) => graph.node('Relu', [input]),
  elu: (graph, input) => graph.node('Elu', [input]),
  selu: (graph, input) => graph.node('Selu', [input]),
  tanh: (graph, input) => graph.node('Tanh', [input]),
  sigmoid: (graph, input) => graph.node('Sigmoid', [input]),
  softplus: (graph, input) => graph.node('Softplus', [input]),
  swish: (graph, input) => graph.node('Mul', [input, graph.node('Sigmoid', [input])]),
  /** x / 2 * (1 + erf(x / sqrt 2)), the exact form (Hendrycks and Gimpel, 2016); ONNX has a node of its own from opset 20 */
  gelu(graph, input) {
    const erf = graph.node('Erf', [graph.node('Mul', [input, graph.floats([Math.SQRT1_2], [])])]);
    const gate = graph.node('Add', [erf, graph.floats([1], [])]);
    return graph.node('Mul', [graph.node('Mul', [input, graph.floats([0.5], [])]), gate]);
  },
};

function addDense(graph: GraphBuilder, input: Value, weights: LayerWeights): string {
  const kernel = weights('kernel'); // [in, out]
  return graph.node('Gemm', [
    channelsLast(graph, input),
    graph.floats(kernel.data, kernel.shape),
    graph.floats(weights('bias').data),
  ]);
}

/**
 * The attributes of a window that slides over height and width. Where the padding of `same` is uneven, the odd pixel
 * goes to the bottom and to the right, as in TensorFlow; it is written out because ONNX deprecates its `SAME_UPPER`.
 */
function slide(
  input: number[],
  output: number[],
  window: number,
  stride: number,
  padding: Padding,
): Record<string, OnnxAttribute> {
  const totals = [0, 1].map((axis) =>
    padding === 'same' ? Math.max((output[axis] - 1) * stride + window - input[axis], 0) : 0,
  );
  return {
    kernel_shape: { ints: [window, window] },
    strides: { ints: [stride, stride] },
    pads: { ints: [...totals.map((total) => Math.floor(total / 2)), ...totals.map((total) => Math.ceil(total / 2))] },
  };
}

function channelsFirst(graph: GraphBuilder, value: Value): string {
  if (value.channelsFirst || value.shape.length === 1) return value.name;
  return graph.node('Transpose', [value.name], { perm: { ints: [0, 3, 1, 2] } });
}

function channelsLast(graph: GraphBuilder, value: Value): string {
  if (!value.channelsFirst) return value.name;
  return graph.node('Transpose', [value.name], { perm: { ints: [0, 2, 3, 1] } });
}

/** [height, width, in, out] to [out, in, height, width] */
function toOihw({ data, shape: [height, width, depth, filters] }: Weight): Float32Array {
  const turned = new Float32Array(data.length);
  let from = 0;
  for (let place = 0; place < height * width; place++) {
    for (let channel = 0; channel < depth; channel++) {
      for (let filter = 0; filter < filters; filter++) {
        turned[(filter * depth + channel) * height * width + place] = data[from++];
      }
    }
  }
  return turned;
}
