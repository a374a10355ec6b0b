// The models that Lathe knows by name, each a list of layers sized by the data: the image's side, the columns, the rows,
// the classes. Plain values to edit; nothing here is enforced. All windows are padded and all means are global where an
// image could be too small for them, so that one of a single pixel is built as well.

import type { LayerSpec, ModelKind } from './spec.ts';
import type { ModelFacts } from './presets.ts';

export type Architecture =
  'linear' | 'perceptron' | 'convolutions' | 'residual' | 'depthwise' | 'convolutions1d' | 'lstm';

/** In the order in which they are offered; the first of a kind is what is proposed of it. */
export const ARCHITECTURES: Record<Architecture, { kind: ModelKind; layers: (facts: ModelFacts) => LayerSpec[] }> = {
  convolutions: { kind: 'cnn', layers: convolutions },
  residual: { kind: 'cnn', layers: residual },
  depthwise: { kind: 'cnn', layers: depthwise },
  perceptron: { kind: 'mlp', layers: perceptron },
  convolutions1d: { kind: 'sequence', layers: convolutions1d },
  lstm: { kind: 'sequence', layers: lstm },
  linear: { kind: 'linear', layers: ({ image }) => (image ? [{ kind: 'flatten' }] : []) },
};

const relu: LayerSpec = { kind: 'activation', activation: 'relu' };
const batchNorm: LayerSpec = { kind: 'batchNorm' };

/** Two hidden layers whose width grows with the data; dropout where there are too few rows for that many weights. */
function perceptron({ rows, features, image }: ModelFacts): LayerSpec[] {
  const width = rows < 300 ? 16 : rows < 3_000 ? 32 : rows < 30_000 ? 64 : 128;
  let units = Math.max(width, Math.min(256, 2 ** Math.round(Math.log2(Math.sqrt(features * width)))));
  while (units > 8 && units * features > 2_000_000) units /= 2; // large images, thousands of columns
  const layers: LayerSpec[] = image ? [{ kind: 'flatten' }] : [];
  layers.push({ kind: 'dense', units, activation: 'relu' });
  if (rows > 300) layers.push({ kind: 'dropout', rate: 0.1 });
  layers.push({ kind: 'dense', units: Math.max(16, units / 2), activation: 'relu' });
  return layers;
}

/** The shorter side of the images. */
const sideOf = ({ image }: ModelFacts): number => (image ? Math.min(image.height, image.width) : 1);

/** The most channels that are worth it: more for many rows, and for more classes than the usual most tell apart. */
const widestOf = ({ rows, classes = 0 }: ModelFacts): number => (rows > 20_000 || classes > 64 ? 128 : 64);

/** Convolutions in pairs, a pool after each, until some 4 to 8 pixels a side are left; then one hidden layer. */
function convolutions(facts: ModelFacts): LayerSpec[] {
  const side = sideOf(facts);
  const conv = (filters: number): LayerSpec => ({
    kind: 'conv2d',
    filters,
    kernelSize: 3,
    padding: 'same',
    activation: 'relu',
  });
  const pool: LayerSpec = { kind: 'maxPool2d', poolSize: 2, padding: 'same' };
  const layers: LayerSpec[] = [];
  if (side < 16) {
    layers.push(conv(16), conv(32), pool);
  } else {
    // large images are halved before the first pair, where most of the arithmetic would be
    let left = side;
    let filters = 8;
    while (left > 8 && filters <= 64) {
      layers.push(conv(filters), pool);
      left = Math.ceil(left / 2);
      filters *= 2;
    }
  }
  layers.push({ kind: 'flatten' }, { kind: 'dropout', rate: 0.25 });
  layers.push({ kind: 'dense', units: 64, activation: 'relu' });
  return layers;
}

/** A convolution whose batch normalisation follows; large images are halved by the first one. */
function normalised(filters: number, { kernelSize = 3, strides = 1 } = {}): LayerSpec[] {
  return [{ kind: 'conv2d', filters, kernelSize, strides, padding: 'same', activation: 'linear' }, batchNorm];
}

/** He et al. 2015: blocks of two convolutions that are added to their input, halved and widened between them. */
function residual(facts: ModelFacts): LayerSpec[] {
  const side = sideOf(facts);
  const block = (filters: number): LayerSpec[] => [
    { kind: 'residual', layers: [...normalised(filters), relu, ...normalised(filters)] },
    relu,
  ];
  const strides = side > 32 ? 2 : 1;
  let filters = 16;
  const layers = [...normalised(filters, { strides }), relu, ...block(filters)];
  for (let left = Math.ceil(side / strides); left > 4 && filters < widestOf(facts); left = Math.ceil(left / 2)) {
    filters *= 2;
    layers.push(...normalised(filters, { strides: 2 }), relu, ...block(filters));
  }
  return [...layers, { kind: 'globalAveragePool2d' }, { kind: 'dropout', rate: 0.2 }];
}

/** Howard et al. 2017 (MobileNet): a convolution in each channel, then one of a single pixel that mixes the channels. */
function depthwise(facts: ModelFacts): LayerSpec[] {
  const side = sideOf(facts);
  const block = (filters: number, strides: number): LayerSpec[] => [
    { kind: 'depthwiseConv2d', kernelSize: 3, strides, padding: 'same', activation: 'linear' },
    batchNorm,
    relu,
    ...normalised(filters, { kernelSize: 1 }),
    relu,
  ];
  const strides = side > 32 ? 2 : 1;
  const layers = [...normalised(16, { strides }), relu, ...block(32, 1)];
  let filters = 32;
  for (let left = Math.ceil(side / strides); left > 4 && filters < 2 * widestOf(facts); left = Math.ceil(left / 2)) {
    filters *= 2;
    layers.push(...block(filters, 2), ...block(filters, 1));
  }
  return [...layers, { kind: 'globalAveragePool2d' }, { kind: 'dropout', rate: 0.2 }];
}

/** The columns one after the other, one channel each; convolutions along them, halved until few are left. */
function convolutions1d({ features }: ModelFacts): LayerSpec[] {
  const layers: LayerSpec[] = [{ kind: 'reshape', shape: [features, 1] }];
  let filters = 16;
  for (let left = features; left > 4 && filters <= 64; left = Math.ceil(left / 2), filters *= 2) {
    layers.push(
      { kind: 'conv1d', filters, kernelSize: 3, padding: 'same', activation: 'relu' },
      { kind: 'maxPool1d', poolSize: 2, padding: 'same' },
    );
  }
  layers.push({ kind: 'flatten' }, { kind: 'dense', units: 32, activation: 'relu' });
  return layers;
}

/** More steps than this are first made fewer: each waits for the one before. */
const MOST_STEPS = 64;

/** The columns one after the other; what the last state holds decides. Long sequences are shortened by convolutions. */
function lstm({ features, rows }: ModelFacts): LayerSpec[] {
  const units = rows < 300 ? 16 : rows < 3_000 ? 32 : 64;
  const layers: LayerSpec[] = [{ kind: 'reshape', shape: [features, 1] }];
  for (let left = features; left > MOST_STEPS; left = Math.ceil(left / 2)) {
    layers.push({ kind: 'conv1d', filters: 16, kernelSize: 5, strides: 2, padding: 'same', activation: 'relu' });
  }
  layers.push({ kind: 'lstm', units });
  if (rows > 300) layers.push({ kind: 'dropout', rate: 0.1 });
  return layers;
}
