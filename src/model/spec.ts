// What a model is, as plain JSON: a list of hidden layers, some of which hold lists of their own. The output layer
// follows from the task and is not written down. Nothing here builds or runs a model.

export type Activation = 'linear' | 'relu' | 'elu' | 'selu' | 'tanh' | 'sigmoid' | 'softplus' | 'swish' | 'gelu';
export type Padding = 'valid' | 'same';

/** A window that slides over its input, square on images. A field left out is as `LAYER_DEFAULTS` has it. */
interface Window {
  strides?: number;
  padding?: Padding;
}
interface Pool extends Window {
  poolSize: number;
}
interface Kernel extends Window {
  kernelSize: number;
  activation: Activation;
}
interface Dilated extends Kernel {
  /** how far the kernel's cells lie apart; 1 where the window strides */
  dilation?: number;
}

/** The activations that every file format has inside a recurrent layer. */
export type RecurrentActivation = 'tanh' | 'sigmoid' | 'relu' | 'elu' | 'softplus' | 'linear';
interface Recurrent {
  units: number;
  activation?: RecurrentActivation;
  /** what it holds after each step, [length, units], and not only after the last, [units] */
  returnSequences?: boolean;
  /** reads from the last step to the first, and gives what it holds in the order of reading */
  goBackwards?: boolean;
}
interface Gated extends Recurrent {
  /** of the gates */
  recurrentActivation?: RecurrentActivation;
}

/** Each kind of layer with its fields. */
interface LayerFields {
  dense: { units: number; activation: Activation };
  activation: { activation: Activation };
  conv1d: Dilated & { filters: number };
  conv2d: Dilated & { filters: number };
  /** `multiplier` output channels for each input channel */
  depthwiseConv2d: Dilated & { multiplier?: number };
  /** a depthwise convolution, then one of 1 x 1 over all its channels */
  separableConv2d: Dilated & { filters: number; multiplier?: number };
  conv2dTranspose: Kernel & { filters: number };
  maxPool1d: Pool;
  averagePool1d: Pool;
  maxPool2d: Pool;
  averagePool2d: Pool;
  globalMaxPool1d: object;
  globalAveragePool1d: object;
  globalMaxPool2d: object;
  globalAveragePool2d: object;
  batchNorm: { momentum?: number; epsilon?: number };
  /** over the last axis */
  layerNorm: { epsilon?: number };
  dropout: { rate: number };
  flatten: object;
  /** the same numbers under another shape, row by row: [features], [length, channels] or [height, width, channels] */
  reshape: { shape: number[] };
  /** input + layers(input); both have one shape */
  residual: { layers: LayerSpec[] };
  /** the outputs of the branches side by side along the last axis; an empty branch is the input itself */
  concatenate: { branches: LayerSpec[][] };
  /** whole numbers 0 to vocabulary - 1 to vectors, [length] to [length, dimension]; only as the first layer */
  embedding: { vocabulary: number; dimension: number };
  simpleRnn: Recurrent;
  lstm: Gated;
  /** the reset gate before the product, as Cho et al. 2014 have it and as TensorFlow.js does it */
  gru: Gated;
}

export type LayerKind = keyof LayerFields;
export type LayerOf<K extends LayerKind> = { [P in K]: { kind: P } & LayerFields[P] }[K];
export type LayerSpec = LayerOf<LayerKind>;
export type RecurrentKind = 'simpleRnn' | 'lstm' | 'gru';
export type RecurrentLayer = LayerOf<RecurrentKind>;

/**
 * What a layer takes where its spec leaves a field out, as Keras names them; a pool's stride is its size. Batch
 * normalisation moves its averages faster than Keras' 0.99, since small data makes few steps.
 */
export const LAYER_DEFAULTS = {
  strides: 1,
  padding: 'valid',
  dilation: 1,
  multiplier: 1,
  batchNorm: { momentum: 0.9, epsilon: 1e-3 },
  layerNorm: { epsilon: 1e-3 },
  recurrent: { activation: 'tanh', recurrentActivation: 'sigmoid', returnSequences: false, goBackwards: false },
} as const;

/**
 * `linear` has no hidden layer: linear regression, or logistic regression for classes. `mlp` sees no order in what it is
 * given, `cnn` takes images, `sequence` takes a row of a table as something that goes on: it is reshaped or embedded first.
 */
export type ModelKind = 'linear' | 'mlp' | 'cnn' | 'sequence';

export interface ModelSpec {
  kind: ModelKind;
  layers: LayerSpec[];
}

/** What the network ends in: one sigmoid (two classes), a softmax (three and more), or one number. */
export type Head = { kind: 'sigmoid' } | { kind: 'softmax'; units: number } | { kind: 'value' };

/** A model whose every size is known: enough to build it, count it, write it. */
export interface Network {
  /** without the batch: [features], [length, channels] or [height, width, channels] */
  inputShape: number[];
  layers: LayerSpec[];
  head: Head;
}

/** A named weight array in row-major order; its name is that of its layer, `/`, and its role (slots.ts). */
export interface Weight {
  name: string;
  shape: number[];
  data: Float32Array;
}

export function isRecurrent(layer: LayerSpec): layer is RecurrentLayer {
  return layer.kind === 'simpleRnn' || layer.kind === 'lstm' || layer.kind === 'gru';
}

/** Number of output units. */
export function headUnits(head: Head): number {
  return head.kind === 'softmax' ? head.units : 1;
}

/**
 * Carries a value through layers. The name of a layer is its place and kind after those of the layers around it:
 * `0_dense`, `2_residual/0_conv2d`, `3_concatenate/1/0_conv2d` in the second branch.
 * @param within the prefix of every name: '' or `insideOf` the layer around these
 */
export function throughLayers<Value>(
  layers: readonly LayerSpec[],
  value: Value,
  apply: (layer: LayerSpec, name: string, value: Value) => Value,
  within = '',
): Value {
  return layers.reduce((now, layer, index) => apply(layer, `${within}${index}_${layer.kind}`, now), value);
}

/** The prefix of the names of the layers that a layer holds. */
export function insideOf(name: string, branch?: number): string {
  return branch === undefined ? `${name}/` : `${name}/${branch}/`;
}
