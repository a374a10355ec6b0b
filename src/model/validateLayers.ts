// The layers of a recipe, checked field by field, and whether the kind of model takes them. Whether their shapes go
// together is checked where the data is (shapes.ts).

import * as v from 'valibot';
import { UserError } from '../base/errors.ts';
import { above0, below1, flag, oneOf, whole } from './fields.ts';
import { LIMITS } from './shapes.ts';
import type { LayerKind, LayerSpec, ModelKind, ModelSpec } from './spec.ts';

const size = whole(1, LIMITS.kernelSize);
const units = whole(1, LIMITS.units);
const activation = oneOf('linear', 'relu', 'elu', 'selu', 'tanh', 'sigmoid', 'softplus', 'swish', 'gelu');
const window = { strides: v.optional(size), padding: v.optional(oneOf('valid', 'same')) };
const kernel = { ...window, kernelSize: size, activation };
const dilation = v.optional(size);
const multiplier = v.optional(size);
const recurrentActivation = v.optional(oneOf('tanh', 'sigmoid', 'relu', 'elu', 'softplus', 'linear'));
const recurrent = {
  units: whole(1, LIMITS.recurrentUnits),
  activation: recurrentActivation,
  returnSequences: v.optional(flag),
  goBackwards: v.optional(flag),
};
const pool = { ...window, poolSize: size };

const simple = [
  v.strictObject({ kind: v.literal('dense'), units, activation }),
  v.strictObject({ kind: v.literal('activation'), activation }),
  v.strictObject({ kind: v.literal('conv1d'), filters: units, dilation, ...kernel }),
  v.strictObject({ kind: v.literal('conv2d'), filters: units, dilation, ...kernel }),
  v.strictObject({ kind: v.literal('depthwiseConv2d'), multiplier, dilation, ...kernel }),
  v.strictObject({ kind: v.literal('separableConv2d'), filters: units, multiplier, dilation, ...kernel }),
  v.strictObject({ kind: v.literal('conv2dTranspose'), filters: units, ...kernel }),
  v.strictObject({ kind: v.literal('maxPool1d'), ...pool }),
  v.strictObject({ kind: v.literal('averagePool1d'), ...pool }),
  v.strictObject({ kind: v.literal('maxPool2d'), ...pool }),
  v.strictObject({ kind: v.literal('averagePool2d'), ...pool }),
  v.strictObject({ kind: v.literal('globalMaxPool1d') }),
  v.strictObject({ kind: v.literal('globalAveragePool1d') }),
  v.strictObject({ kind: v.literal('globalMaxPool2d') }),
  v.strictObject({ kind: v.literal('globalAveragePool2d') }),
  v.strictObject({
    kind: v.literal('batchNorm'),
    momentum: v.optional(below1('momentum')),
    epsilon: v.optional(above0(1)),
  }),
  v.strictObject({ kind: v.literal('layerNorm'), epsilon: v.optional(above0(1)) }),
  v.strictObject({ kind: v.literal('dropout'), rate: below1('rate') }),
  v.strictObject({ kind: v.literal('flatten') }),
  v.strictObject({
    kind: v.literal('reshape'),
    shape: v.pipe(
      v.array(whole(1, LIMITS.outputs), 'must be a list of sizes'),
      v.minLength(1, 'must have at least one size'),
      v.maxLength(3, 'must have at most three sizes: [height, width, channels]'),
    ),
  }),
  v.strictObject({ kind: v.literal('embedding'), vocabulary: units, dimension: units }),
  v.strictObject({ kind: v.literal('simpleRnn'), ...recurrent }),
  v.strictObject({ kind: v.literal('lstm'), recurrentActivation, ...recurrent }),
  v.strictObject({ kind: v.literal('gru'), recurrentActivation, ...recurrent }),
] as const;

/** @param depth how many layers are around these */
function layersAt(depth: number): v.GenericSchema<LayerSpec[]> {
  if (depth > LIMITS.depth) {
    return v.custom<LayerSpec[]>(() => false, `must not be there: at most ${LIMITS.depth} layers hold one another`);
  }
  const inside = v.lazy(() => layersAt(depth + 1));
  const residual = v.strictObject({
    kind: v.literal('residual'),
    layers: v.pipe(inside, v.minLength(1, 'must hold at least one layer')),
  });
  const concatenate = v.strictObject({
    kind: v.literal('concatenate'),
    branches: v.pipe(
      v.array(inside, 'must be a list of branches, each a list of layers'),
      v.minLength(2, 'must have at least two branches'),
    ),
  });
  return v.array(v.variant('kind', [...simple, residual, concatenate]), 'must be a list of layers');
}

export const model: v.GenericSchema<ModelSpec> = v.strictObject({
  kind: oneOf('linear', 'mlp', 'cnn', 'sequence'),
  layers: layersAt(0),
});

/** The layers that each kind of model takes; null: all. */
const ALLOWED: Record<ModelKind, LayerKind[] | null> = {
  linear: ['flatten'],
  mlp: ['dense', 'activation', 'batchNorm', 'layerNorm', 'dropout', 'flatten', 'residual', 'concatenate', 'embedding'],
  cnn: null,
  sequence: null,
};

/** @throws UserError that names the first layer that a model of this kind does not take */
export function checkLayerKinds({ kind, layers }: ModelSpec): void {
  const allowed = ALLOWED[kind];
  if (!allowed) return;
  const check = (list: LayerSpec[], path: string) =>
    list.forEach((layer, index) => {
      const here = `${path}[${index}]`;
      if (!allowed.includes(layer.kind)) {
        const others = allowed.length > 1 ? `only ${allowed.join(', ')}` : `no layer but ${allowed[0]}`;
        throw new UserError(
          'invalid',
          `recipe.${here}.kind: '${layer.kind}'; a model of kind '${kind}' takes ${others}, choose another kind`,
        );
      }
      if (layer.kind === 'residual') check(layer.layers, `${here}.layers`);
      if (layer.kind === 'concatenate') layer.branches.forEach((branch, i) => check(branch, `${here}.branches[${i}]`));
    });
  check(layers, 'model.layers');
}
