// The activations as ONNX nodes.

import type { Activation } from '../model/spec.ts';
import type { GraphBuilder } from './onnxGraph.ts';

/** Takes and gives the name of a value. */
type AddActivation = (graph: GraphBuilder, input: string) => string;

export const ACTIVATIONS: Record<Activation, AddActivation> = {
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
