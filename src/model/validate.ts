// A recipe that came from a person or a file, checked before anything runs: every field there, known, of its type and
// in its range, and the fields that belong together agreeing. What depends on the data is checked where the data is.

import * as v from 'valibot';
import { UserError } from '../base/errors.ts';
import { above0, below1, flag, number, oneOf, text, whole } from './fields.ts';
import type { Recipe } from './recipe.ts';
import { checkLayerKinds, model } from './validateLayers.ts';

const learningRate = above0(1000);
const epsilon = above0(1);
const beta1 = below1('beta1');
const beta2 = below1('beta2');
const optimizer = v.variant('kind', [
  v.strictObject({ kind: v.literal('sgd'), learningRate }),
  v.strictObject({ kind: v.literal('momentum'), learningRate, momentum: below1('momentum'), nesterov: flag }),
  v.strictObject({ kind: v.literal('rmsprop'), learningRate, decay: below1('decay'), epsilon }),
  v.strictObject({ kind: v.literal('adam'), learningRate, beta1, beta2, epsilon }),
  v.strictObject({ kind: v.literal('adamw'), learningRate, beta1, beta2, epsilon, weightDecay: number(0, 1000) }),
]);

const loss = v.variant('kind', [
  v.strictObject({ kind: v.literal('crossEntropy'), labelSmoothing: v.optional(below1('labelSmoothing')) }),
  v.strictObject({ kind: v.literal('meanSquaredError') }),
  v.strictObject({ kind: v.literal('meanAbsoluteError') }),
  v.strictObject({ kind: v.literal('huber'), delta: above0(1e6) }),
]);

const warmupEpochs = whole(0, 100_000);
const factor = above0(1);
const schedule = v.variant('kind', [
  v.strictObject({ kind: v.literal('constant'), warmupEpochs }),
  v.strictObject({ kind: v.literal('step'), everyEpochs: whole(1, 100_000), factor, warmupEpochs }),
  v.strictObject({ kind: v.literal('exponential'), factor, warmupEpochs }),
  v.strictObject({ kind: v.literal('cosine'), minFactor: number(0, 1), warmupEpochs }),
]);

/** Not `v.record`, which drops a field called `__proto__`, `prototype` or `constructor`; a class may be called so. */
const weightOfClass = v.custom<Record<string, number>>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((weight) => v.is(number(0, 1e6), weight)),
);

const training = v.strictObject({
  epochs: whole(1, 100_000),
  batchSize: whole(1, 65_536),
  loss: v.optional(loss),
  optimizer,
  schedule,
  clipNorm: v.optional(v.nullable(above0(1e6))),
  l1: number(0, 1000),
  l2: number(0, 1000),
  classWeights: v.union(
    [oneOf('none', 'balanced'), weightOfClass],
    "must be 'none', 'balanced', or an object from class label to a number from 0 to 1000000",
  ),
  earlyStopping: v.nullable(v.strictObject({ patience: whole(1, 100_000), minDelta: number(0, 1e6) })),
});

const size = whole(1, 1024);
const recipe = v.strictObject({
  format: v.literal(1, 'must be 1, the only format there is'),
  dataset: text,
  task: oneOf('binary', 'multiclass', 'regression', 'imageClassification'),
  target: v.string('must be text'),
  positive: v.optional(v.string('must be text')),
  columns: v.array(
    v.strictObject({
      name: v.string('must be text'),
      type: oneOf('number', 'integer', 'boolean', 'category', 'date', 'text', 'identifier'),
      role: oneOf('feature', 'target', 'weight', 'meta', 'ignore'),
    }),
    'must be a list',
  ),
  preparation: v.strictObject({
    numbers: v.strictObject({
      impute: oneOf('mean', 'median', 'zero'),
      scale: oneOf('standard', 'minmax', 'none'),
    }),
    categories: v.strictObject({
      impute: oneOf('mostFrequent', 'category'),
      maxCategories: whole(1, 10_000),
    }),
    image: v.optional(
      v.strictObject({
        height: size,
        width: size,
        channels: v.picklist([1, 3] as const, 'must be 1 (grey) or 3 (colour)'),
      }),
    ),
  }),
  split: v.strictObject({
    train: number(0, 1),
    validation: number(0, 1),
    test: number(0, 1),
    stratify: flag,
    segments: v.optional(v.array(whole(1, 2 ** 31), 'must be a list of lengths in rows')),
    replay: v.optional(number(0, 1)),
  }),
  model,
  start: v.optional(
    v.strictObject({
      trained: v.pipe(v.string('must be text'), v.regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hex')),
      frozen: v.array(text, 'must be a list of names of layers'),
    }),
  ),
  training,
  seed: whole(0, 4_294_967_295),
  backend: oneOf('auto', 'webgpu', 'webgl', 'cpu'),
});

/**
 * A recipe from anything. The result shares nothing with `value`.
 * @throws UserError that names the path, the value and what it must be
 */
export function parseRecipe(value: unknown): Recipe {
  const result = v.safeParse(recipe, value, { abortPipeEarly: true });
  if (!result.success) throw explain(result.issues[0]);
  const parsed: Recipe = result.output;
  checkSplit(parsed);
  checkTarget(parsed);
  checkLoss(parsed);
  checkLayerKinds(parsed.model);
  return parsed;
}

function explain(issue: v.BaseIssue<unknown>): UserError {
  const where = `recipe${(issue.path ?? []).map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('')}`;
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    return new UserError('unknown', `field ${where}: a recipe has no such field; take it out, or correct its name`);
  }
  if (issue.type === 'strict_object' && issue.received === 'undefined') {
    return new UserError('missing', `field ${where}: give it a value`);
  }
  const value = JSON.stringify(issue.input) ?? String(issue.input);
  const shown = value.length > 80 ? `${value.slice(0, 80)}…` : value;
  const ask =
    issue.type === 'variant' || issue.type === 'strict_object' || issue.type === 'array'
      ? `must be ${issue.expected?.replace(/^\((.*)\)$/, 'one of $1').replaceAll(' | ', ', ')}`
      : issue.message;
  return new UserError('invalid', `${where}: ${shown}; it ${ask}`);
}

function checkSplit({ split, training: { earlyStopping } }: Recipe): void {
  const { train, validation, test, segments, replay } = split;
  const sum = train + validation + test;
  if (Math.abs(sum - 1) > 1e-9) {
    throw new UserError(
      'invalid',
      `recipe.split: train ${train} + validation ${validation} + test ${test} is ${Number(sum.toFixed(9))}; the fractions must add up to 1`,
    );
  }
  if (train === 0)
    throw new UserError('invalid', 'recipe.split.train: 0; something must be learned from, give it a fraction');
  if (segments?.length === 0) {
    throw new UserError('invalid', 'recipe.split.segments: []; name the length of each in rows, or leave it out');
  }
  if (replay !== undefined && !segments) {
    throw new UserError(
      'invalid',
      `recipe.split.replay: ${replay}; it is of earlier segments, give split.segments too`,
    );
  }
  if (earlyStopping && validation === 0) {
    throw new UserError(
      'invalid',
      'recipe.split.validation: 0; early stopping goes by it, so give it a fraction, or set training.earlyStopping to null',
    );
  }
}

function checkLoss({ task, training: { loss } }: Recipe): void {
  if (!loss || (loss.kind === 'crossEntropy') === (task !== 'regression')) return;
  const ask =
    task === 'regression'
      ? "a regression takes 'meanSquaredError', 'meanAbsoluteError' or 'huber'"
      : "classes take 'crossEntropy'";
  throw new UserError('invalid', `recipe.training.loss.kind: '${loss.kind}'; ${ask}`);
}

function checkTarget({ task, target, positive, columns, preparation, model }: Recipe): void {
  if (task === 'regression' && positive !== undefined) {
    throw new UserError('invalid', `recipe.positive: '${positive}'; a regression has no classes, leave it out`);
  }
  if (task === 'imageClassification') {
    if (!preparation.image) {
      throw new UserError(
        'missing',
        'field recipe.preparation.image: give the height, width and channels that the network takes',
      );
    }
    if (model.kind === 'sequence') {
      throw new UserError('invalid', `recipe.model.kind: 'sequence'; it takes the rows of a table, choose 'cnn'`);
    }
    return;
  }
  if (model.kind === 'cnn') {
    throw new UserError(
      'invalid',
      `recipe.model.kind: 'cnn'; a convolutional network takes images, choose 'mlp', 'sequence' or 'linear'`,
    );
  }
  const names = new Set<string>();
  for (const { name } of columns) {
    if (names.has(name))
      throw new UserError('invalid', `recipe.columns: '${name}' is there twice; name each column once`);
    names.add(name);
  }
  const targets = columns.filter(({ role }) => role === 'target');
  if (targets.length !== 1 || targets[0].name !== target) {
    const found = targets.map(({ name }) => `'${name}'`).join(', ') || 'none';
    throw new UserError(
      'invalid',
      `recipe.target: '${target}'; exactly this column must have the role target, and ${found} has`,
    );
  }
  if (!columns.some(({ role }) => role === 'feature')) {
    throw new UserError('missing', 'recipe.columns: no column has the role feature; give it to those to learn from');
  }
}
