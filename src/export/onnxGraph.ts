// A graph as it grows: nodes and constants are added, names are made. Internal names share a prefix that no column's
// name begins with, so that a column may be called anything. Knows nothing of layers or columns.

import type { OnnxAttribute, OnnxGraph, OnnxValueInfo } from './onnxProto.ts';

export interface GraphBuilder {
  /**
   * Adds a node and gives the name of the one output that is used: a new one, or `output`.
   * @param options.place of that output among the node's, 0 where left out
   */
  node(
    opType: string,
    inputs: string[],
    attributes?: Record<string, OnnxAttribute>,
    options?: { output?: string; domain?: string; place?: number },
  ): string;
  /** Adds a constant and gives its name. `dims` defaults to a vector, `[]` is a scalar. */
  floats(data: ArrayLike<number>, dims?: number[]): string;
  int64s(data: number[], dims?: number[]): string;
  strings(data: string[]): string;
  input(info: OnnxValueInfo): string;
  output(info: OnnxValueInfo): void;
  graph: OnnxGraph;
}

/** @param taken names that the graph's inputs and outputs will have */
export function createGraph(name: string, taken: string[]): GraphBuilder {
  let prefix = 'lathe';
  while (taken.some((other) => other.startsWith(prefix))) prefix += '_';
  const graph: OnnxGraph = { name, nodes: [], initializers: [], inputs: [], outputs: [] };
  const newName = (kind: string) => `${prefix}/${graph.nodes.length + graph.initializers.length}_${kind}`;

  return {
    graph,
    node(opType, inputs, attributes = {}, { output = newName(opType), domain = '', place = 0 } = {}) {
      const outputs = [...Array<string>(place).fill(''), output];
      graph.nodes.push({ name: newName(opType), opType, domain, inputs, outputs, attributes });
      return output;
    },
    floats(data, dims = [data.length]) {
      const constant = newName('floats');
      const values = data instanceof Float32Array ? data : Float32Array.from(data);
      graph.initializers.push({ name: constant, dims, type: 'float32', data: values });
      return constant;
    },
    int64s(data, dims = [data.length]) {
      const constant = newName('int64s');
      graph.initializers.push({ name: constant, dims, type: 'int64', data: BigInt64Array.from(data, BigInt) });
      return constant;
    },
    strings(data) {
      const constant = newName('strings');
      graph.initializers.push({ name: constant, dims: [data.length], type: 'string', data });
      return constant;
    },
    input(info) {
      graph.inputs.push(info);
      return info.name;
    },
    output(info) {
      graph.outputs.push(info);
    },
  };
}
