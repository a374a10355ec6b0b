// What a model is, as plain JSON: a list of hidden layers. The output layer follows from the task and is not written
// down. Nothing here builds or runs a model.

export type Activation = 'linear' | 'relu' | 'elu' | 'selu' | 'tanh' | 'sigmoid' | 'softplus' | 'swish' | 'gelu';
export type Padding = 'valid' | 'same';

export type LayerSpec =
  | { kind: 'dense'; units: number; activation: Activation }
  | { kind: 'conv2d'; filters: number; kernelSize: number; strides?: number; padding?: Padding; activation: Activation }
  | { kind: 'maxPool2d'; poolSize: number; strides?: number; padding?: Padding }
  | { kind: 'averagePool2d'; poolSize: number; strides?: number; padding?: Padding }
  | { kind: 'globalAveragePool2d' }
  | { kind: 'batchNorm'; momentum?: number; epsilon?: number }
  | { kind: 'dropout'; rate: number }
  | { kind: 'flatten' };

/**
 * What a layer takes where its spec leaves a field out, as Keras names them; a pool's stride is its size. Batch
 * normalisation moves its averages faster than Keras' 0.99, since small data makes few steps.
 */
export const LAYER_DEFAULTS = { strides: 1, padding: 'valid', batchNorm: { momentum: 0.9, epsilon: 1e-3 } } as const;

/** `linear` has no hidden layer: linear regression, or logistic regression for classes. */
export type ModelKind = 'linear' | 'mlp' | 'cnn';

export interface ModelSpec {
  kind: ModelKind;
  layers: LayerSpec[];
}

/** What the network ends in: one sigmoid (two classes), a softmax (three and more), or one number. */
export type Head = { kind: 'sigmoid' } | { kind: 'softmax'; units: number } | { kind: 'value' };

/** A model whose every size is known: enough to build it, count it, write it. */
export interface Network {
  /** without the batch: [features] or [height, width, channels] */
  inputShape: number[];
  layers: LayerSpec[];
  head: Head;
}

/** A named weight array in row-major order; names are `<layer index>_<kind>/<kernel|bias|gamma|beta|movingMean|movingVariance>`, the head's `head/…`. */
export interface Weight {
  name: string;
  shape: number[];
  data: Float32Array;
}

/** Number of output units. */
export function headUnits(head: Head): number {
  return head.kind === 'softmax' ? head.units : 1;
}
