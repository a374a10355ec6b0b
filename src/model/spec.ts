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

/**
 * Layers beyond `LayerSpec`: compiled WebGPU training knows them, the tfjs trainer and the exporters do not yet. Windows
 * are square. A field left out takes its value from `LAYER_DEFAULTS` or `EXTENDED_DEFAULTS`.
 */
export type ExtendedLayerSpec =
  | LayerSpec
  | { kind: 'activation'; activation: Activation }
  | {
      kind: 'conv1d' | 'conv2d';
      filters: number;
      kernelSize: number;
      strides?: number;
      padding?: Padding;
      dilation?: number;
      activation: Activation;
    }
  | {
      kind: 'depthwiseConv2d';
      kernelSize: number;
      /** output channels for each input channel */
      multiplier?: number;
      strides?: number;
      padding?: Padding;
      dilation?: number;
      activation: Activation;
    }
  | {
      kind: 'separableConv2d';
      filters: number;
      kernelSize: number;
      multiplier?: number;
      strides?: number;
      padding?: Padding;
      dilation?: number;
      activation: Activation;
    }
  | {
      kind: 'conv2dTranspose';
      filters: number;
      kernelSize: number;
      strides?: number;
      padding?: Padding;
      activation: Activation;
    }
  | { kind: 'maxPool1d' | 'averagePool1d'; poolSize: number; strides?: number; padding?: Padding }
  | { kind: 'globalAveragePool1d' | 'globalMaxPool1d' | 'globalMaxPool2d' }
  /** over the last axis */
  | { kind: 'layerNorm'; epsilon?: number }
  | { kind: 'reshape'; shape: number[] }
  /** input + layers(input); both have one shape */
  | { kind: 'residual'; layers: ExtendedLayerSpec[] }
  /** the outputs of the branches side by side along the last axis; an empty branch is the input itself */
  | { kind: 'concatenate'; branches: ExtendedLayerSpec[][] }
  /** whole numbers 0 to vocabulary - 1 to vectors: [length] to [length, dimension]; only as the first layer */
  | { kind: 'embedding'; vocabulary: number; dimension: number };

export const EXTENDED_DEFAULTS = { dilation: 1, multiplier: 1, layerNorm: { epsilon: 1e-3 } } as const;

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

/** A network whose layers may go beyond what the rest of the app knows. Its input may also be [length, channels]. */
export interface ExtendedNetwork extends Omit<Network, 'layers'> {
  layers: ExtendedLayerSpec[];
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
