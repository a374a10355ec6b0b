// Recurrent layers as ONNX nodes. ONNX wants the steps before the batch, and the batch-first layout that it also has no
// common runtime reads, so the input is turned and the output turned back.

import { GATES } from '../model/slots.ts';
import {
  LAYER_DEFAULTS,
  type RecurrentActivation,
  type RecurrentKind,
  type RecurrentLayer,
  type Weight,
} from '../model/spec.ts';
import type { OnnxAttribute } from './onnxProto.ts';
import { channelsLast, plain, type Place, type Value } from './onnxValue.ts';

/** The operator, and where each of its gates stands in Keras' order: lstm input, output, forget, cell. */
const OPERATORS: Record<RecurrentKind, { type: string; gates: number[] }> = {
  simpleRnn: { type: 'RNN', gates: [0] },
  lstm: { type: 'LSTM', gates: [0, 3, 1, 2] },
  gru: { type: 'GRU', gates: [0, 1, 2] },
};

const ACTIVATIONS: Record<RecurrentActivation, string> = {
  tanh: 'Tanh',
  sigmoid: 'Sigmoid',
  relu: 'Relu',
  elu: 'Elu',
  softplus: 'Softplus',
  linear: 'Affine',
};

export function addRecurrent(layer: RecurrentLayer, input: Value, { graph, shape, weights }: Place): Value {
  const { kind, units } = layer;
  const { type, gates } = OPERATORS[kind];
  const outputs = GATES[kind] * units;
  const turned = (role: string): string => {
    const weight = weights(role); // [in, gates * units]
    return graph.floats(gatesFirst(weight, gates), [1, outputs, weight.shape[0]]);
  };
  const bias = new Float32Array(2 * outputs); // of the step; then of the state, which has none here
  bias.set(gatesFirst({ ...weights('bias'), shape: [1, outputs] }, gates));

  let steps = graph.node('Transpose', [channelsLast(graph, input)], { perm: { ints: [1, 0, 2] } });
  if (layer.goBackwards) {
    // ONNX' own direction gives the sequence in the order of the steps, and Keras in that of reading
    const [start, end, axis] = [[-1], [-(2 ** 31)], [0]].map((value) => graph.int64s(value));
    steps = graph.node('Slice', [steps, start, end, axis, graph.int64s([-1])]);
  }
  const inputs = [steps, turned('kernel'), turned('recurrentKernel'), graph.floats(bias, [1, 2 * outputs])];
  const attributes: Record<string, OnnxAttribute> = {
    hidden_size: { int: units },
    ...activationsOf(layer),
    ...(kind === 'gru' && { linear_before_reset: { int: 0 } }),
  };
  if (layer.returnSequences) {
    const all = graph.node(type, inputs, attributes); // [length, 1, batch, units]
    const flat = graph.node('Squeeze', [all, graph.int64s([1])]);
    return plain(graph.node('Transpose', [flat], { perm: { ints: [1, 0, 2] } }), shape);
  }
  const last = graph.node(type, inputs, attributes, { place: 1 }); // [1, batch, units]
  return plain(graph.node('Squeeze', [last, graph.int64s([0])]), shape);
}

/** Of the gates first, then of the state: an lstm's twice, for its cell and for what it gives. */
function activationsOf(layer: RecurrentLayer): Record<string, OnnxAttribute> {
  const defaults = LAYER_DEFAULTS.recurrent;
  const activation = layer.activation ?? defaults.activation;
  const used =
    layer.kind === 'simpleRnn'
      ? [activation]
      : [
          layer.recurrentActivation ?? defaults.recurrentActivation,
          activation,
          ...(layer.kind === 'lstm' ? [activation] : []),
        ];
  // listed for those alone that have them: Elu alpha, Affine alpha and beta
  const alpha = used.filter((each) => each === 'elu' || each === 'linear').map(() => 1);
  const beta = used.filter((each) => each === 'linear').map(() => 0);
  return {
    activations: { strings: used.map((each) => ACTIVATIONS[each]) },
    ...(alpha.length > 0 && { activation_alpha: { floats: alpha } }),
    ...(beta.length > 0 && { activation_beta: { floats: beta } }),
  };
}

/** [in, gates * units] to [gates * units, in], the gates in the order in which `order` names them. */
function gatesFirst({ shape: [inputs, outputs], data }: Weight, order: number[]): Float32Array {
  const units = outputs / order.length;
  const turned = new Float32Array(data.length);
  order.forEach((gate, place) => {
    for (let unit = 0; unit < units; unit++) {
      for (let i = 0; i < inputs; i++) {
        turned[(place * units + unit) * inputs + i] = data[i * outputs + gate * units + unit];
      }
    }
  });
  return turned;
}
