// Triton's model configuration (inference.ModelConfig) in protobuf's text format: the names, types and shapes of the ONNX
// file as they are. `max_batch_size: 0` says that the batch is a dimension like any other, which lets a label be `[batch]`.

import type { Port, Ports } from '../ports.ts';

export const LABELS_FILE = 'labels.txt';

/** @param name of the model's folder */
export function writeConfig(name: string, { inputs, outputs }: Ports): string {
  return [
    `name: ${quoted(name)}`,
    'backend: "onnxruntime"',
    'max_batch_size: 0',
    ...inputs.map((port) => `input ${block(port)}`),
    ...outputs.map((port) => `output ${block(port, isProbabilities(port))}`),
    '',
  ].join('\n');
}

function block({ name, type, dims }: Port, hasLabels = false): string {
  return [
    '{',
    `  name: ${quoted(name)}`,
    `  data_type: ${type === 'string' ? 'TYPE_STRING' : 'TYPE_FP32'}`,
    `  dims: [ ${dims.map((size) => (size === 'batch' ? -1 : size)).join(', ')} ]`,
    ...(hasLabels ? [`  label_filename: ${quoted(LABELS_FILE)}`] : []),
    '}',
  ].join('\n');
}

/** Triton names the classes of an output for a request that asks for its highest ones. */
function isProbabilities({ type, dims }: Port): boolean {
  return type === 'float32' && dims[1] > 1;
}

/** A string of the text format: control characters as octal escapes, the rest as UTF-8. */
function quoted(text: string): string {
  const escaped = text
    .replace(/["\\]/g, '\\$&')
    // eslint-disable-next-line no-control-regex -- they are what is escaped
    .replace(/[\u0000-\u001f\u007f]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return `"${escaped}"`;
}
