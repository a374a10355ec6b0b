// The part of onnx.proto that Lathe writes, as types, and its protobuf encoding (field numbers of ONNX 1.12, IR version 8).
// Writing only: nothing is read back, and no meaning is checked. Numbers are little-endian, as on every browser's machine.

import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** What Lathe writes: old enough that runtimes of 2022 open it. */
export const ONNX = {
  irVersion: 8,
  opsets: [
    { domain: '', version: 17 },
    { domain: 'ai.onnx.ml', version: 2 },
  ],
};

/** TensorProto.DataType, those that are used. */
export const ELEMENT = { float32: 1, int64: 7, string: 8 } as const;
export type ElementType = keyof typeof ELEMENT;

export type OnnxTensor = { name: string; dims: number[] } & (
  { type: 'float32'; data: Float32Array } | { type: 'int64'; data: BigInt64Array } | { type: 'string'; data: string[] }
);

/** ONNX tells whole numbers from real ones, JavaScript does not: so each attribute says which it is. */
export type OnnxAttribute =
  | { int: number }
  | { float: number }
  | { string: string }
  | { floats: number[] }
  | { ints: number[] }
  | { strings: string[] };

export interface OnnxNode {
  name: string;
  opType: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  attributes: Record<string, OnnxAttribute>;
}

/** A dimension is a size, or the name of one that is known only at run time. */
export interface OnnxValueInfo {
  name: string;
  type: ElementType;
  dims: (number | string)[];
  doc?: string;
}

export interface OnnxGraph {
  name: string;
  nodes: OnnxNode[];
  initializers: OnnxTensor[];
  inputs: OnnxValueInfo[];
  outputs: OnnxValueInfo[];
}

export interface OnnxModel {
  producer: string;
  doc: string;
  graph: OnnxGraph;
  metadata: [key: string, value: string][];
}

/** The bytes of a ModelProto. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const writer = new BinaryWriter();
  int64(writer, 1, ONNX.irVersion);
  text(writer, 2, model.producer);
  text(writer, 6, model.doc);
  message(writer, 7, () => writeGraph(writer, model.graph));
  for (const { domain, version } of ONNX.opsets) {
    message(writer, 8, () => {
      text(writer, 1, domain);
      int64(writer, 2, version);
    });
  }
  for (const [key, value] of model.metadata) {
    message(writer, 14, () => {
      text(writer, 1, key);
      text(writer, 2, value);
    });
  }
  return writer.finish();
}

function writeGraph(writer: BinaryWriter, graph: OnnxGraph): void {
  for (const node of graph.nodes) message(writer, 1, () => writeNode(writer, node));
  text(writer, 2, graph.name);
  for (const tensor of graph.initializers) message(writer, 5, () => writeTensor(writer, tensor));
  for (const info of graph.inputs) message(writer, 11, () => writeValueInfo(writer, info));
  for (const info of graph.outputs) message(writer, 12, () => writeValueInfo(writer, info));
}

function writeNode(writer: BinaryWriter, node: OnnxNode): void {
  for (const input of node.inputs) text(writer, 1, input);
  for (const output of node.outputs) text(writer, 2, output);
  text(writer, 3, node.name);
  text(writer, 4, node.opType);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    message(writer, 5, () => writeAttribute(writer, name, attribute));
  }
  if (node.domain !== '') text(writer, 7, node.domain);
}

function writeAttribute(writer: BinaryWriter, name: string, attribute: OnnxAttribute): void {
  text(writer, 1, name);
  let type: number;
  if ('float' in attribute) {
    writer.tag(2, WireType.Bit32).float(attribute.float);
    type = 1;
  } else if ('int' in attribute) {
    int64(writer, 3, attribute.int);
    type = 2;
  } else if ('string' in attribute) {
    text(writer, 4, attribute.string);
    type = 3;
  } else if ('floats' in attribute) {
    for (const value of attribute.floats) writer.tag(7, WireType.Bit32).float(value);
    type = 6;
  } else if ('ints' in attribute) {
    for (const value of attribute.ints) int64(writer, 8, value);
    type = 7;
  } else {
    for (const value of attribute.strings) text(writer, 9, value);
    type = 8;
  }
  int64(writer, 20, type);
}

function writeTensor(writer: BinaryWriter, tensor: OnnxTensor): void {
  for (const size of tensor.dims) int64(writer, 1, size);
  int64(writer, 2, ELEMENT[tensor.type]);
  if (tensor.type === 'string') {
    for (const value of tensor.data) text(writer, 6, value);
  }
  text(writer, 8, tensor.name);
  if (tensor.type !== 'string') {
    const { buffer, byteOffset, byteLength } = tensor.data;
    writer.tag(9, WireType.LengthDelimited).bytes(new Uint8Array(buffer, byteOffset, byteLength));
  }
}

function writeValueInfo(writer: BinaryWriter, info: OnnxValueInfo): void {
  text(writer, 1, info.name);
  message(writer, 2, () =>
    message(writer, 1, () => {
      int64(writer, 1, ELEMENT[info.type]);
      message(writer, 2, () => {
        for (const size of info.dims) {
          message(writer, 1, () => (typeof size === 'string' ? text(writer, 2, size) : int64(writer, 1, size)));
        }
      });
    }),
  );
  if (info.doc !== undefined) text(writer, 3, info.doc);
}

function message(writer: BinaryWriter, field: number, write: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

function int64(writer: BinaryWriter, field: number, value: number): void {
  writer.tag(field, WireType.Varint).int64(value);
}
