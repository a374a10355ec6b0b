// Recipes before they are carried out: what the page proposes, and what an edited one comes to.

import { UserError } from '../base/errors.ts';
import { proposePositive } from '../data/positive.ts';
import type { ColumnProfile } from '../data/profile.ts';
import type { ColumnSpec, ColumnType } from '../data/table.ts';
import { dateTarget } from '../data/target.ts';
import { ARCHITECTURES, type Architecture } from '../model/architectures.ts';
import { architecturesOf, sequenceGap, suggestModel, suggestTraining, type ModelFacts } from '../model/presets.ts';
import { countParameters } from '../model/shapes.ts';
import type { ModelKind, ModelSpec } from '../model/spec.ts';
import type { Recipe, Task } from '../model/recipe.ts';
import { parseRecipe } from '../model/validate.ts';
import { compilerGap } from '../train/compiled.ts';
import { readDataset, type DatasetDetail } from '../store/datasets.ts';
import { readStart } from '../store/starts.ts';
import type { Lathe } from './api.ts';
import type { Context } from './context.ts';
import { openLearningData } from './learningData.ts';
import { notesOn } from './recipeNotes.ts';
import { prepareRecipe, rowWeights } from './preparedRecipe.ts';

/** Types that a network can learn from; the others are shown and not learned from. */
const LEARNABLE: readonly ColumnType[] = ['number', 'integer', 'boolean', 'category', 'date'];
/** Types that can be predicted. */
const PREDICTABLE: readonly ColumnType[] = LEARNABLE.filter((type) => type !== 'date');
/** An integer target of at most so many distinct values counts as classes. */
const MOST_INTEGER_CLASSES = 10;
/** Pixels a side that images are brought to where they are larger or of several sizes. */
const IMAGE_SIDE = 64;

type Asked = Pick<NonNullable<Parameters<Lathe['suggestRecipe']>[1]>, 'model' | 'architecture'>;

export async function suggestRecipe(
  context: Context,
  datasetId: string,
  options: Parameters<Lathe['suggestRecipe']>[1] = {},
): Promise<Recipe> {
  const dataset = await readDataset(context.workspace, datasetId);
  const { target, model, architecture, seed = 42 } = options;
  const asked = { model, architecture };
  return dataset.kind === 'table'
    ? suggestForTable(dataset, target, asked, seed)
    : suggestForImages(dataset, asked, seed);
}

export async function suggestModels(context: Context, given: Recipe): ReturnType<Lathe['suggestModels']> {
  const bare: ModelSpec = { kind: 'linear', layers: given.preparation?.image ? [{ kind: 'flatten' }] : [] };
  const { start: _start, ...rest } = given;
  const recipe = parseRecipe({ ...rest, model: bare }); // whatever its layers are now
  const data = await openLearningData(context, recipe);
  const { network } = prepareRecipe(recipe, data, null);
  const facts = factsOf(recipe, data.dataset);
  return architecturesOf(facts).map((architecture) => {
    const model = suggestModel(architecture, facts);
    return { architecture, model, parameters: countParameters({ ...network, layers: model.layers }) };
  });
}

export async function checkRecipe(context: Context, given: Recipe): ReturnType<Lathe['checkRecipe']> {
  const recipe = parseRecipe(given);
  const data = await openLearningData(context, recipe);
  const { layers, labels, split, network } = prepareRecipe(recipe, data, await readStart(context.workspace, recipe));
  rowWeights(recipe, data, split.train);
  return {
    parameters: countParameters(network),
    outputs: labels.length > 0 ? labels : [recipe.target],
    layers,
    compilerGap: compilerGap(network),
    notes: notesOn(recipe, data.dataset.profile, data.dataset.rows),
  };
}

function suggestForTable(dataset: DatasetDetail, wanted: string | undefined, asked: Asked, seed: number): Recipe {
  const target = wanted ?? suggestTarget(dataset);
  const profile = dataset.profile.find(({ name }) => name === target);
  if (!profile) {
    throw new UserError('unknown', `target '${target}': data set '${dataset.name}' has no column of this name.`);
  }
  const proposal = common(dataset, profile, inferTask(profile), seed);
  const columns = dataset.columns.map((column) => assignRole(column, target));
  return { ...proposal, columns, ...suggestLearning({ ...proposal, columns }, dataset, asked) };
}

function suggestForImages(dataset: DatasetDetail, asked: Asked, seed: number): Recipe {
  const { minHeight, maxHeight, minWidth, maxWidth, color } = dataset.images!;
  const keep = minHeight === maxHeight && minWidth === maxWidth && Math.max(maxHeight, maxWidth) <= IMAGE_SIDE;
  const [height, width] = keep ? [maxHeight, maxWidth] : [IMAGE_SIDE, IMAGE_SIDE];
  const image = { height, width, channels: color ? (3 as const) : (1 as const) };
  const proposal = common(dataset, dataset.profile[0], 'imageClassification', seed);
  const preparation = { ...proposal.preparation, image };
  return { ...proposal, preparation, ...suggestLearning({ ...proposal, preparation }, dataset, asked) };
}

/** What the size of a model goes by. */
function factsOf(
  { task, columns, preparation }: Omit<Recipe, 'model' | 'training'>,
  dataset: DatasetDetail,
): ModelFacts {
  const { rows } = dataset;
  const { image } = preparation;
  if (image) {
    const features = image.height * image.width * image.channels;
    return { task, rows, features, classes: dataset.classes.length, image };
  }
  const features = columns.filter(({ role }) => role === 'feature').length;
  return { task, rows, features, isSequence: sequenceGap(columns) === null };
}

function suggestLearning(
  recipe: Omit<Recipe, 'model' | 'training'>,
  dataset: DatasetDetail,
  { model, architecture }: Asked,
): Pick<Recipe, 'model' | 'training'> {
  const facts = factsOf(recipe, dataset);
  const offered = architecturesOf(facts);
  const kindOf = (each: Architecture): ModelKind | undefined => ARCHITECTURES[each]?.kind;
  const chosen = offered.find((each) => (architecture ? each === architecture : !model || kindOf(each) === model));
  if (chosen) return { model: suggestModel(chosen, facts), training: suggestTraining(chosen, facts) };

  const asked = architecture ? `architecture '${architecture}'` : `model '${model}'`;
  const gap = facts.image ? null : sequenceGap(recipe.columns);
  if (gap && (architecture ? kindOf(architecture) : model) === 'sequence') {
    throw new UserError('unsupported', `${asked}: ${gap}. Choose 'mlp', or give other columns the role meta.`);
  }
  const names = architecture ? offered : [...new Set(offered.map(kindOf))];
  throw new UserError(
    'unknown',
    `${asked}: for ${facts.image ? 'images' : 'this table'} there are ${names.map((each) => `'${each}'`).join(', ')}.`,
  );
}

/** @param target its profile */
function common(
  dataset: DatasetDetail,
  target: ColumnProfile,
  task: Task,
  seed: number,
): Omit<Recipe, 'model' | 'training'> {
  const positive = task === 'regression' ? undefined : proposePositive(target);
  return {
    format: 1,
    dataset: dataset.id,
    task,
    target: target.name,
    ...(positive !== undefined && { positive }),
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
      distinct >= 2 && PREDICTABLE.includes(type) && columns.find((column) => column.name === name)?.role !== 'ignore',
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
      return 'regression';
    case 'date':
      throw dateTarget(name);
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
