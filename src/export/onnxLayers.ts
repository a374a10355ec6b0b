// The network as ONNX nodes: one entry for each kind of layer. Dropout leaves nothing.

import { inferShapes } from '../model/shapes.ts';
import {
  insideOf,
  LAYER_DEFAULTS,
  throughLayers,
  type LayerOf,
  type LayerSpec,
  type Network,
  type Weight,
} from '../model/spec.ts';
import { ACTIVATIONS } from './onnxActivations.ts';
import type { GraphBuilder } from './onnxGraph.ts';
import { ELEMENT } from './onnxProto.ts';
import { addRecurrent } from './onnxRecurrent.ts';
import { channelsFirst, channelsLast, plain, type Place, type Value } from './onnxValue.ts';
import { addConvolution, addDepthwise, addGlobalPool, addPool, addSeparable, addTransposed } from './onnxWindows.ts';

/**
 * Adds the network's layers and its head without the head's activation.
 * @param input the name of the network's input, float32 [batch, ...inputShape]
 * @returns the name of the head's raw output, float32 [batch, units]
 */
export function addNetwork(graph: GraphBuilder, network: Network, weights: Weight[], input: string): string {
  const byName = new Map(weights.map((weight) => [weight.name, weight]));
  const weightsOf = (layer: string) => (role: string) => {
    const weight = byName.get(`${layer}/${role}`);
    if (!weight) throw new Error(`no weight ${layer}/${role} among ${[...byName.keys()].join(', ')}`);
    return weight;
  };
  const shapes = new Map(inferShapes(network).map(({ name, shape }) => [name, shape]));
  const apply = (layer: LayerSpec, name: string, value: Value): Value => {
    const build = LAYERS[layer.kind] as (layer: LayerSpec, input: Value, place: Place) => Value;
    return build(layer, value, {
      graph,
      shape: shapes.get(name)!,
      weights: weightsOf(name),
      through: (layers, from, branch) => throughLayers(layers, from, apply, insideOf(name, branch)),
    });
  };
  const last = throughLayers(network.layers, plain(input, network.inputShape), apply);
  return addDense(graph, last, weightsOf('head'));
}

/** How each kind of layer becomes nodes. */
const LAYERS: { [K in LayerSpec['kind']]: (layer: LayerOf<K>, input: Value, place: Place) => Value } = {
  dense({ activation }, input, { graph, shape, weights }) {
    return plain(ACTIVATIONS[activation](graph, addDense(graph, input, weights)), shape);
  },
  activation: ({ activation }, input, { graph }) => ({ ...input, name: ACTIVATIONS[activation](graph, input.name) }),

  conv1d: addConvolution,
  conv2d: addConvolution,
  depthwiseConv2d: addDepthwise,
  separableConv2d: addSeparable,
  conv2dTranspose: addTransposed,

  maxPool1d: addPool,
  averagePool1d: addPool,
  maxPool2d: addPool,
  averagePool2d: addPool,
  globalMaxPool1d: addGlobalPool,
  globalAveragePool1d: addGlobalPool,
  globalMaxPool2d: addGlobalPool,
  globalAveragePool2d: addGlobalPool,

  batchNorm({ epsilon = LAYER_DEFAULTS.batchNorm.epsilon }, input, { graph, shape, weights }) {
    const parameters = ['gamma', 'beta', 'movingMean', 'movingVariance'].map((role) =>
      graph.floats(weights(role).data),
    );
    const name = graph.node('BatchNormalization', [channelsFirst(graph, input), ...parameters], {
      epsilon: { float: epsilon },
    });
    return { name, shape, channelsFirst: shape.length > 1 };
  },
  layerNorm({ epsilon = LAYER_DEFAULTS.layerNorm.epsilon }, input, { graph, shape, weights }) {
    const parameters = ['gamma', 'beta'].map((role) => graph.floats(weights(role).data));
    const name = graph.node('LayerNormalization', [channelsLast(graph, input), ...parameters], {
      axis: { int: -1 },
      epsilon: { float: epsilon },
    });
    return plain(name, shape);
  },

  dropout: (_layer, input) => input,
  flatten(_layer, input, { graph, shape }) {
    return plain(graph.node('Flatten', [channelsLast(graph, input)], { axis: { int: 1 } }), shape);
  },
  reshape(_layer, input, { graph, shape }) {
    const sizes = graph.int64s([0, ...shape]); // 0: as many as there are
    return plain(graph.node('Reshape', [channelsLast(graph, input), sizes]), shape);
  },

  residual({ layers }, input, { graph, shape, through }) {
    const inner = through(layers, input);
    const turn = inner.channelsFirst ? channelsFirst : channelsLast;
    const name = graph.node('Add', [turn(graph, input), inner.name]);
    return { name, shape, channelsFirst: inner.channelsFirst };
  },
  concatenate({ branches }, input, { graph, shape, through }) {
    const values = branches.map((branch, index) => through(branch, input, index));
    const first = values.some((value) => value.channelsFirst);
    const names = values.map((value) => (first ? channelsFirst : channelsLast)(graph, value));
    return { name: graph.node('Concat', names, { axis: { int: first ? 1 : -1 } }), shape, channelsFirst: first };
  },

  /** A number that is none of the vocabulary counts as the nearest that is. */
  embedding({ vocabulary }, input, { graph, shape, weights }) {
    const bounds = [0, vocabulary - 1].map((bound) => graph.floats([bound], []));
    const places = graph.node('Cast', [graph.node('Clip', [input.name, ...bounds])], { to: { int: ELEMENT.int64 } });
    const table = weights('embeddings');
    const name = graph.node('Gather', [graph.floats(table.data, table.shape), places], { axis: { int: 0 } });
    return plain(name, shape);
  },

  simpleRnn: addRecurrent,
  lstm: addRecurrent,
  gru: addRecurrent,
};

function addDense(graph: GraphBuilder, input: Value, weights: Place['weights']): string {
  const kernel = weights('kernel'); // [in, out]
  return graph.node('Gemm', [
    channelsLast(graph, input),
    graph.floats(kernel.data, kernel.shape),
    graph.floats(weights('bias').data),
  ]);
}
