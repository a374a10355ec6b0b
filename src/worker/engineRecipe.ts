// Recipes before they are carried out: what the page proposes, and what an edited one comes to.

import { UserError } from '../base/errors.ts';
import type { ColumnProfile } from '../data/profile.ts';
import type { ColumnSpec, ColumnType } from '../data/table.ts';
import { suggestModel, suggestTraining, type ModelFacts } from '../model/presets.ts';
import type { ModelKind } from '../model/spec.ts';
import type { Recipe, Task } from '../model/recipe.ts';
import { parseRecipe } from '../model/validate.ts';
import { compilerGap } from '../train/compiled.ts';
import { readDataset, type DatasetDetail } from '../store/datasets.ts';
import type { Lathe } from './api.ts';
import type { Context } from './context.ts';
import { openLearningData } from './learningData.ts';
import { prepareRecipe, rowWeights } from './preparedRecipe.ts';

/** Types that a network can learn from; the others are shown and not learned from. */
const LEARNABLE: readonly ColumnType[] = ['number', 'integer', 'boolean', 'category', 'date'];
/** Types that are one number each after the preparation. */
const ORDERED: readonly ColumnType[] = ['number', 'integer', 'date'];
/** Fewer columns than this have no order worth reading. */
const FEWEST_STEPS = 4;
/** An integer target of at most so many distinct values counts as classes. */
const MOST_INTEGER_CLASSES = 10;
/** Pixels a side that images are brought to where they are larger or of several sizes. */
const IMAGE_SIDE = 64;

export async function suggestRecipe(
  context: Context,
  datasetId: string,
  options: Parameters<Lathe['suggestRecipe']>[1] = {},
): Promise<Recipe> {
  const dataset = await readDataset(context.workspace, datasetId);
  const { target, model, seed = 42 } = options;
  return dataset.kind === 'table'
    ? suggestForTable(dataset, target, model ?? 'mlp', seed)
    : suggestForImages(dataset, model ?? 'cnn', seed);
}

export async function checkRecipe(context: Context, given: Recipe): ReturnType<Lathe['checkRecipe']> {
  const recipe = parseRecipe(given);
  const data = await openLearningData(context, recipe);
  const { layers, labels, split, network } = prepareRecipe(recipe, data);
  rowWeights(recipe, data, split.train);
  const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0);
  return {
    parameters,
    outputs: labels.length > 0 ? labels : [recipe.target],
    layers,
    compilerGap: compilerGap(network),
  };
}

function suggestForTable(dataset: DatasetDetail, wanted: string | undefined, kind: ModelKind, seed: number): Recipe {
  const target = wanted ?? suggestTarget(dataset);
  const profile = dataset.profile.find(({ name }) => name === target);
  if (!profile) {
    throw new UserError('unknown', `target '${target}': data set '${dataset.name}' has no column of this name.`);
  }
  const task = inferTask(profile);
  const columns = dataset.columns.map((column) => assignRole(column, target));
  const features = columns.filter(({ role }) => role === 'feature');
  const isSequence = features.length >= FEWEST_STEPS && features.every(({ type }) => ORDERED.includes(type));
  return {
    ...common(dataset, target, task, seed),
    columns,
    ...suggestLearning(kind, { task, rows: dataset.rows, features: features.length, isSequence }),
  };
}

function suggestForImages(dataset: DatasetDetail, kind: ModelKind, seed: number): Recipe {
  const task = 'imageClassification';
  const { minHeight, maxHeight, minWidth, maxWidth, color } = dataset.images!;
  const keep = minHeight === maxHeight && minWidth === maxWidth && Math.max(maxHeight, maxWidth) <= IMAGE_SIDE;
  const [height, width] = keep ? [maxHeight, maxWidth] : [IMAGE_SIDE, IMAGE_SIDE];
  const image = { height, width, channels: color ? (3 as const) : (1 as const) };
  const proposal = common(dataset, 'label', task, seed);
  return {
    ...proposal,
    preparation: { ...proposal.preparation, image },
    ...suggestLearning(kind, { task, rows: dataset.rows, features: height * width * image.channels, image }),
  };
}

function suggestLearning(kind: ModelKind, facts: ModelFacts): Pick<Recipe, 'model' | 'training'> {
  const kinds: ModelKind[] = facts.image ? ['linear', 'mlp', 'cnn'] : ['linear', 'mlp', 'sequence'];
  if (!kinds.includes(kind)) {
    throw new UserError(
      'unknown',
      `model '${kind}': for ${facts.image ? 'images' : 'a table'} there are ${kinds.map((each) => `'${each}'`).join(', ')}.`,
    );
  }
  if (kind === 'sequence' && !facts.isSequence) {
    throw new UserError(
      'unsupported',
      `model 'sequence': it reads the columns as steps, and needs ${FEWEST_STEPS} or more features that are all numbers. Choose 'mlp', or give other columns the role meta.`,
    );
  }
  return { model: suggestModel(kind, facts), training: suggestTraining(kind, facts) };
}

function common(dataset: DatasetDetail, target: string, task: Task, seed: number): Omit<Recipe, 'model' | 'training'> {
  return {
    format: 1,
    dataset: dataset.id,
    task,
    target,
    columns: [],
    preparation: {
      numbers: { impute: 'mean', scale: 'standard' },
      categories: { impute: 'category', maxCategories: 50 },
    },
    split: { train: 0.6, validation: 0.2, test: 0.2, stratify: task !== 'regression' },
    seed,
    backend: 'auto',
  };
}

/** The column with that role; else the last one that has few classes, else the last number. */
function suggestTarget({ name, columns, profile }: DatasetDetail): string {
  const chosen = columns.find(({ role }) => role === 'target');
  if (chosen) return chosen.name;
  const candidates = profile.filter(
    ({ name, type, distinct }) =>
      distinct >= 2 && LEARNABLE.includes(type) && columns.find((column) => column.name === name)?.role !== 'ignore',
  );
  const classes = candidates.filter(({ type }) => type === 'category' || type === 'boolean');
  const target = classes.at(-1) ?? candidates.at(-1);
  if (!target)
    throw new UserError(
      'missing',
      `target: data set '${name}' has no column that could be predicted. Choose one or correct its type.`,
    );
  return target.name;
}

function inferTask({ name, type, distinct }: ColumnProfile): Task {
  switch (type) {
    case 'number':
    case 'date':
      return 'regression';
    case 'integer':
      if (distinct > MOST_INTEGER_CLASSES) return 'regression';
      return distinct === 2 ? 'binary' : 'multiclass';
    case 'boolean':
    case 'category':
      return distinct === 2 ? 'binary' : 'multiclass';
    default:
      throw new UserError(
        'unsupported',
        `target '${name}': it is of type ${type}, which cannot be predicted. Choose another column, or call it a category.`,
      );
  }
}

/** One target, the old one a feature again; what cannot be learned from is only shown. */
function assignRole(column: ColumnSpec, target: string): ColumnSpec {
  if (column.name === target) return { ...column, role: 'target' };
  const role = column.role === 'target' ? 'feature' : column.role;
  return { ...column, role: role === 'feature' && !LEARNABLE.includes(column.type) ? 'meta' : role };
}
