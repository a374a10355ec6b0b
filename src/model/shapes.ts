// What goes through a network, layer by layer: the shape of each output and the number of weights. Every size is
// bounded here, so that nothing is built that no machine could hold. It builds nothing.

import { UserError } from '../base/errors.ts';
import { headUnits, LAYER_DEFAULTS, type LayerSpec, type Network, type Padding } from './spec.ts';

export interface LayerShape {
  /** `<index>_<kind>`, the last one `head` */
  name: string;
  /** of the output, without the batch: [units] or [height, width, channels] */
  shape: number[];
  /** trainable and moving weights */
  parameters: number;
}

export const LIMITS = {
  layers: 100,
  units: 65_536,
  kernelSize: 64,
  /** weights of the whole network: 200 MB of float32 */
  parameters: 50_000_000,
  /** numbers that one layer gives for one example */
  outputs: 16_777_216,
} as const;

/** The name of a layer in weight names and messages. */
export function layerName(index: number, layer: LayerSpec): string {
  return `${index}_${layer.kind}`;
}

/**
 * The shape and the number of weights of each layer and of the head.
 * @throws UserError naming the layer whose sizes are out of range or do not fit its input
 */
export function inferShapes(network: Network): LayerShape[] {
  const { inputShape, layers, head } = network;
  for (const size of inputShape) checkSize('input', 'size', size, LIMITS.outputs);
  if (inputShape.length !== 1 && inputShape.length !== 3) {
    throw new UserError('invalid', `input shape [${inputShape}]: give [features] or [height, width, channels]`);
  }
  checkOutputs('input', inputShape);
  if (layers.length > LIMITS.layers) {
    throw new UserError('invalid', `model.layers: ${layers.length} layers, at most ${LIMITS.layers} are taken`);
  }

  const shapes: LayerShape[] = [];
  let shape = inputShape;
  let total = 0;
  const push = (name: string, next: number[], parameters: number) => {
    checkOutputs(name, next);
    total += parameters;
    if (!(total <= LIMITS.parameters)) {
      throw new UserError(
        'invalid',
        `layer ${name}: the model comes to ${total} weights here, at most ${LIMITS.parameters} are taken; make layers smaller or put a pool before this one`,
      );
    }
    shapes.push({ name, shape: next, parameters });
    shape = next;
  };
  for (const [index, layer] of layers.entries()) {
    const name = layerName(index, layer);
    const { output, parameters } = layerOutput(name, layer, shape);
    push(name, output, parameters);
  }
  checkFlat('head', shape);
  const units = headUnits(head);
  checkSize('head', 'units', units, LIMITS.units);
  push('head', [units], (shape[0] + 1) * units);
  return shapes;
}

function layerOutput(name: string, layer: LayerSpec, input: number[]): { output: number[]; parameters: number } {
  switch (layer.kind) {
    case 'dense': {
      checkFlat(name, input);
      checkSize(name, 'units', layer.units, LIMITS.units);
      return { output: [layer.units], parameters: (input[0] + 1) * layer.units };
    }
    case 'conv2d': {
      const [height, width, channels] = checkImage(name, input);
      checkSize(name, 'filters', layer.filters, LIMITS.units);
      checkSize(name, 'kernelSize', layer.kernelSize, LIMITS.kernelSize);
      const stride = layer.strides ?? LAYER_DEFAULTS.strides;
      const padding = layer.padding ?? LAYER_DEFAULTS.padding;
      checkSize(name, 'strides', stride, LIMITS.kernelSize);
      const slide = (size: number) => windows(name, size, layer.kernelSize, stride, padding);
      return {
        output: [slide(height), slide(width), layer.filters],
        parameters: (layer.kernelSize ** 2 * channels + 1) * layer.filters,
      };
    }
    case 'maxPool2d':
    case 'averagePool2d': {
      const [height, width, channels] = checkImage(name, input);
      checkSize(name, 'poolSize', layer.poolSize, LIMITS.kernelSize);
      const stride = layer.strides ?? layer.poolSize;
      const padding = layer.padding ?? LAYER_DEFAULTS.padding;
      checkSize(name, 'strides', stride, LIMITS.kernelSize);
      const slide = (size: number) => windows(name, size, layer.poolSize, stride, padding);
      return { output: [slide(height), slide(width), channels], parameters: 0 };
    }
    case 'globalAveragePool2d':
      return { output: [checkImage(name, input)[2]], parameters: 0 };
    case 'batchNorm':
      return { output: input, parameters: 4 * input[input.length - 1] };
    case 'dropout':
      if (!(layer.rate >= 0 && layer.rate < 1)) {
        throw new UserError('invalid', `layer ${name}: rate is ${layer.rate}, it must be at least 0 and below 1`);
      }
      return { output: input, parameters: 0 };
    case 'flatten':
      return { output: [input.reduce((product, size) => product * size, 1)], parameters: 0 };
    default:
      layer satisfies never;
      throw new UserError('unknown', `layer kind '${(layer as { kind: string }).kind}' of layer ${name}`);
  }
}

/** How many places a window of `size` takes along an axis. */
function windows(name: string, length: number, size: number, stride: number, padding: Padding): number {
  if (padding === 'same') return Math.ceil(length / stride);
  if (size > length) {
    throw new UserError(
      'invalid',
      `layer ${name}: a window of ${size} is larger than its input of ${length}; use padding 'same', a smaller window, or fewer pools before it`,
    );
  }
  return Math.floor((length - size) / stride) + 1;
}

function checkSize(name: string, field: string, value: number, limit: number): void {
  if (!Number.isInteger(value) || value < 1 || value > limit) {
    const where = name === 'input' ? 'input' : `layer ${name}`;
    throw new UserError('invalid', `${where}: ${field} is ${value}, it must be a whole number from 1 to ${limit}`);
  }
}

function checkFlat(name: string, shape: number[]): void {
  if (shape.length !== 1) {
    throw new UserError(
      'invalid',
      `layer ${name}: it takes a flat input and is given [${shape.join(', ')}]; put a flatten or a globalAveragePool2d before it`,
    );
  }
}

function checkImage(name: string, shape: number[]): [number, number, number] {
  if (shape.length !== 3) {
    throw new UserError(
      'invalid',
      `layer ${name}: it takes [height, width, channels] and is given [${shape.join(', ')}]; it must come before a flatten, on images`,
    );
  }
  return shape as [number, number, number];
}

function checkOutputs(name: string, shape: number[]): void {
  const outputs = shape.reduce((product, size) => product * size, 1);
  if (!(outputs <= LIMITS.outputs)) {
    throw new UserError(
      'invalid',
      `${name === 'input' ? 'input' : `layer ${name}`}: it gives ${outputs} numbers for one example, at most ${LIMITS.outputs} are taken; make it smaller`,
    );
  }
}
