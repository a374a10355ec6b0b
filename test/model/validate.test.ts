import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { parseRecipe } from '../../src/model/validate.ts';
import { recipe } from './samples.ts';

/** A recipe with one field set, by its path; `undefined` takes the field out. */
function changed(path: string, value: unknown): unknown {
  const copy = structuredClone(recipe()) as never;
  const keys = path.split('.');
  const last = keys.pop()!;
  const holder = keys.reduce<Record<string, never>>((at, key) => at[key], copy);
  if (value === undefined) delete holder[last];
  else holder[last] = value as never;
  return copy;
}

/** A layer in a layer in a layer, so many deep. */
function nestedResiduals(depth: number): unknown[] {
  let layers: unknown[] = [{ kind: 'flatten' }];
  for (let i = 0; i < depth; i++) layers = [{ kind: 'residual', layers }];
  return layers;
}

const lstm = (changes: object = {}) => ({ kind: 'lstm', units: 8, ...changes });

describe('a recipe', () => {
  it('is taken as it is, and a copy is given', () => {
    const given = recipe();
    const parsed = parseRecipe(given);
    expect(parsed).toEqual(given);
    expect(parsed).not.toBe(given);
    expect(parsed.training).not.toBe(given.training);
  });

  it('survives JSON', () => {
    expect(parseRecipe(JSON.parse(JSON.stringify(recipe())))).toEqual(recipe());
  });

  it.each([
    ['seed', -1, /^invalid recipe\.seed: -1; it must be a whole number from 0 to 4294967295/],
    ['seed', undefined, /^missing field recipe\.seed/],
    ['backend', 'cuda', /^invalid recipe\.backend: "cuda"; it must be one of 'auto', 'webgpu', 'webgl', 'cpu'/],
    ['split.segments', [], /^invalid recipe\.split\.segments: \[\]; name the length/],
    ['split.segments', [10, 0], /^invalid recipe\.split\.segments\[1\]: 0; it must be a whole number from 1/],
    ['split.replay', 0.5, /^invalid recipe\.split\.replay: 0\.5; it is of earlier segments/],
    ['colour', 'red', /^unknown field recipe\.colour/],
    ['training.epochs', 0, /^invalid recipe\.training\.epochs: 0; it must be a whole number from 1/],
    ['training.epoch', 3, /^unknown field recipe\.training\.epoch/],
    ['training.optimizer.learningRate', 0, /^invalid recipe\.training\.optimizer\.learningRate: 0; .* above 0/],
    ['training.optimizer.learningRate', NaN, /^invalid recipe\.training\.optimizer\.learningRate/],
    ['training.optimizer.kind', 'lbfgs', /^invalid recipe\.training\.optimizer\.kind: "lbfgs"; it must be .*"adamw"/],
    ['training.optimizer.momentum', 0.9, /^unknown field recipe\.training\.optimizer\.momentum/],
    ['training.classWeights', 'even', /^invalid recipe\.training\.classWeights: "even"; it must be 'none', 'balanced'/],
    ['training.classWeights', { a: -1 }, /^invalid recipe\.training\.classWeights/],
    ['training.loss', { kind: 'hinge' }, /^invalid recipe\.training\.loss\.kind: "hinge"; it must be .*"huber"/],
    [
      'training.loss',
      { kind: 'crossEntropy', labelSmoothing: 1 },
      /^invalid recipe\.training\.loss\.labelSmoothing: 1/,
    ],
    [
      'training.loss',
      { kind: 'huber', delta: 1 },
      /^invalid recipe\.training\.loss\.kind: 'huber'; classes take 'crossEntropy'/,
    ],
    ['training.loss', { kind: 'huber' }, /^missing field recipe\.training\.loss\.delta/],
    ['training.clipNorm', 0, /^invalid recipe\.training\.clipNorm: 0; it must be a number above 0/],
    ['training.earlyStopping.patience', 1.5, /^invalid recipe\.training\.earlyStopping\.patience: 1\.5/],
    ['model.layers.0.units', 1e9, /^invalid recipe\.model\.layers\[0\]\.units: 1000000000; .* 65536/],
    ['model.layers.0.activation', 'relu6', /^invalid recipe\.model\.layers\[0\]\.activation: "relu6"/],
    ['model.layers.0.kind', 'lambda', /^invalid recipe\.model\.layers\[0\]\.kind: "lambda"/],
    [
      'model.layers.0',
      { kind: 'conv2d', filters: 1, kernelSize: 1, activation: 'relu' },
      /'conv2d'; a model of kind 'mlp'/,
    ],
    [
      'model.layers',
      [{ kind: 'residual', layers: [{ kind: 'concatenate', branches: [[], [{ kind: 'dropout', rate: 2 }]] }] }],
      /^invalid recipe\.model\.layers\[0\]\.layers\[0\]\.branches\[1\]\[0\]\.rate: 2; it must be a number from 0/,
    ],
    [
      'model.layers',
      [{ kind: 'residual', layers: [{ kind: 'conv2d', filters: 4, kernelSize: 3, activation: 'relu' }] }],
      /^invalid recipe\.model\.layers\[0\]\.layers\[0\]\.kind: 'conv2d'; a model of kind 'mlp' takes only dense/,
    ],
    [
      'model.layers',
      [{ kind: 'residual', layers: [] }],
      /^invalid recipe\.model\.layers\[0\]\.layers: .*at least one layer/,
    ],
    ['model.layers', [{ kind: 'concatenate', branches: [[]] }], /layers\[0\]\.branches: .*at least two branches/],
    ['model.layers', [{ kind: 'reshape', shape: [0] }], /layers\[0\]\.shape\[0\]: 0; it must be a whole number from 1/],
    ['model.layers', [{ kind: 'reshape', shape: [1, 1, 1, 1] }], /layers\[0\]\.shape: .*at most three sizes/],
    [
      'model.layers',
      [lstm(), lstm(), lstm({ units: 0 })],
      /^invalid recipe\.model\.layers\[2\]\.units: 0; .* 1 to 1024/,
    ],
    ['model.layers', [lstm({ activation: 'gelu' })], /layers\[0\]\.activation: "gelu"; it must be one of 'tanh'/],
    ['model.layers', [lstm({ returnSequences: 1 })], /layers\[0\]\.returnSequences: 1; it must be true or false/],
    [
      'model.layers',
      [lstm({ kind: 'simpleRnn', recurrentActivation: 'sigmoid' })],
      /^unknown field recipe\.model\.layers\[0\]\.recurrentActivation/,
    ],
    ['model.layers', [lstm()], /^invalid recipe\.model\.layers\[0\]\.kind: 'lstm'; a model of kind 'mlp'/],
    ['model.kind', 'cnn', /^invalid recipe\.model\.kind: 'cnn'; a convolutional network takes images/],
    ['model.kind', 'linear', /^invalid recipe\.model\.layers\[0\]\.kind: 'dense'; a model of kind 'linear'/],
    ['columns.0.type', 'float', /^invalid recipe\.columns\[0\]\.type: "float"/],
    ['columns.0.role', 'ignore', /^missing recipe\.columns: no column has the role feature/],
    ['columns.1.role', 'feature', /^invalid recipe\.target: 'y'; exactly this column .* none has/],
    ['columns.0.name', 'y', /^invalid recipe\.columns: 'y' is there twice/],
    ['target', 'z', /^invalid recipe\.target: 'z'/],
    ['positive', 1, /^invalid recipe\.positive: 1; it must be text/],
    ['split.test', 0.3, /^invalid recipe\.split: train 0\.7 \+ validation 0\.1 \+ test 0\.3 is 1\.1; .*add up to 1/],
    ['split', { train: 0.8, validation: 0, test: 0.2, stratify: true }, /^invalid recipe\.split\.validation: 0; early/],
    ['split', { train: 0, validation: 0.5, test: 0.5, stratify: true }, /^invalid recipe\.split\.train: 0/],
    ['task', 'imageClassification', /^missing field recipe\.preparation\.image/],
    ['preparation.image', { height: 8, width: 8, channels: 2 }, /^invalid recipe\.preparation\.image\.channels: 2/],
    ['format', 2, /^invalid recipe\.format: 2; it must be 1/],
  ])('with %s = %j is refused by name', (path, value, message) => {
    expect(() => parseRecipe(changed(path, value))).toThrow(UserError);
    expect(() => parseRecipe(changed(path, value))).toThrow(message);
  });

  it('takes a loss that goes with its task, and needs none', () => {
    const huber = { kind: 'huber', delta: 1.5 };
    const regression = { ...(changed('training.loss', huber) as object), task: 'regression' };
    expect(parseRecipe(regression).training.loss).toEqual(huber);
    const smoothed = { kind: 'crossEntropy', labelSmoothing: 0.1 };
    expect(parseRecipe(changed('training.loss', smoothed)).training.loss).toEqual(smoothed);
    expect(parseRecipe(changed('training.clipNorm', 1)).training.clipNorm).toBe(1);
    expect(parseRecipe(changed('training.clipNorm', null)).training.clipNorm).toBeNull();
    expect(() => parseRecipe({ ...regression, training: { ...recipe().training, loss: smoothed } })).toThrow(
      /loss\.kind: 'crossEntropy'; a regression takes 'meanSquaredError'/,
    );
  });

  it('takes layers in layers, and not without end', () => {
    const layers = nestedResiduals(8);
    expect(parseRecipe(changed('model.layers', layers)).model.layers).toEqual(layers);
    const deep = nestedResiduals(1000);
    expect(() => parseRecipe(changed('model.layers', deep))).toThrow(
      /(\[0\]\.layers){9}: .*at most 8 layers hold one another/,
    );
  });

  it.each([null, 3, 'recipe', []])('that is %j is refused', (value) => {
    expect(() => parseRecipe(value)).toThrow(/^(invalid|missing) /);
  });

  it('takes fractions that add up to 1 but for rounding', () => {
    expect(() =>
      parseRecipe(changed('split', { train: 0.1, validation: 0.2, test: 0.7, stratify: false })),
    ).not.toThrow();
  });

  it('takes class weights by label', () => {
    const named = JSON.parse('{"__proto__":2,"constructor":0.5,"prototype":3}');
    expect(Object.entries(parseRecipe(changed('training.classWeights', named)).training.classWeights)).toEqual(
      Object.entries(named),
    );
    expect(parseRecipe(changed('training.classWeights', { a: 2, b: 0.5 })).training.classWeights).toEqual({
      a: 2,
      b: 0.5,
    });
  });
});
