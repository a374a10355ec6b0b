// A value in the graph with its shape and the way it lies. Lathe keeps channels last, ONNX wants them first: a value
// remembers which way it lies and is turned only where a node needs it.

import type { LayerSpec, Weight } from '../model/spec.ts';
import type { GraphBuilder } from './onnxGraph.ts';

export interface Value {
  name: string;
  /** without the batch, channels last whichever way it lies */
  shape: number[];
  /** one of two and more axes whose channels come before its places */
  channelsFirst: boolean;
}

/** Where a layer stands. */
export interface Place {
  graph: GraphBuilder;
  /** of its output, without the batch */
  shape: number[];
  /** its weight of this role */
  weights: (role: string) => Weight;
  /** Adds the layers that it holds. */
  through: (layers: LayerSpec[], input: Value, branch?: number) => Value;
}

/** A value that lies as Lathe keeps it. */
export function plain(name: string, shape: number[]): Value {
  return { name, shape, channelsFirst: false };
}

/** The name of the value with its channels first. */
export function channelsFirst(graph: GraphBuilder, { name, shape, channelsFirst }: Value): string {
  if (channelsFirst || shape.length === 1) return name;
  return graph.node('Transpose', [name], { perm: { ints: shape.length === 3 ? [0, 3, 1, 2] : [0, 2, 1] } });
}

/** The name of the value with its channels last. */
export function channelsLast(graph: GraphBuilder, { name, shape, channelsFirst }: Value): string {
  if (!channelsFirst) return name;
  return graph.node('Transpose', [name], { perm: { ints: shape.length === 3 ? [0, 2, 3, 1] : [0, 2, 1] } });
}
