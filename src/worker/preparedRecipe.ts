// A recipe worked out on its data: which rows go where, how they are prepared, and the network with every size known.
// Fitted on the training part alone. Nothing is decoded or trained here.

import { UserError } from '../base/errors.ts';
import { fitPreparation, fitTargetScale, type Preparation, type TargetEncoding } from '../data/prepare.ts';
import { splitRows, type Split } from '../data/split.ts';
import { isNumeric } from '../data/table.ts';
import { dateTarget } from '../data/target.ts';
import { headOf } from '../model/head.ts';
import type { Recipe } from '../model/recipe.ts';
import { inferShapes, type LayerShape } from '../model/shapes.ts';
import type { Network } from '../model/spec.ts';
import { checkStopping } from '../train/batches.ts';
import type { TrainedModel } from '../store/versions.ts';
import { checkEmbeddingInput } from './embeddingInput.ts';
import { checkStart, preparationOf } from './fineTune.ts';
import type { LearningData } from './learningData.ts';
import { columnOf } from './tables.ts';

export interface PreparedRecipe {
  preparation: Preparation;
  network: Network;
  layers: LayerShape[];
  split: Split;
  /** class labels; [] for a value */
  labels: string[];
  /** what a dummy says: the class shares of the training part, or its mean */
  dummy: { shares: number[] } | { mean: number };
  droppedRows: number;
}

/**
 * @param start what the recipe starts from, which brings its preparation along; null: seeded weights
 * @throws UserError that names what of the recipe does not go with the data, or with what it starts from
 */
export function prepareRecipe(recipe: Recipe, data: LearningData, start: TrainedModel | null): PreparedRecipe {
  const { target, dataset } = data;
  const { usable } = target;
  const classes = target.kind === 'classes' ? Int32Array.from(usable, (row) => target.classes[row]) : null;
  checkSegments(recipe, dataset.rows);
  if (data.kind === 'table' && target.kind === 'value' && columnOf(data.table, recipe.target).type === 'date') {
    throw dateTarget(recipe.target); // versions of before go on with theirs
  }
  const labels = target.kind === 'classes' ? target.labels : [];
  const split = splitRows(usable, classes, recipe.split, recipe.seed, labels);
  if (split.train.length === 0) {
    throw new UserError(
      'invalid',
      `split: of ${usable.length} rows none is left to train on. Give the training part more.`,
    );
  }
  checkStopping(recipe.training, split.validation.length);
  const preparation = start ? preparationOf(start, recipe, data) : fit(recipe, data, split);
  if (data.kind === 'table') checkEmbeddingInput(recipe, preparation, data.table, usable);
  const network: Network = {
    inputShape:
      preparation.kind === 'table'
        ? [preparation.width]
        : [preparation.height, preparation.width, preparation.channels],
    layers: recipe.model.layers,
    head: headOf(preparation.target),
  };
  if (start) checkStart(start, network, recipe);
  return {
    preparation,
    network,
    layers: inferShapes(network),
    split,
    labels,
    dummy: fitDummy(target, split.train),
    droppedRows: dataset.rows - usable.length,
  };
}

/** @throws UserError where the segments of the split are not those of the data set */
function checkSegments({ split: { segments } }: Recipe, rows: number): void {
  const sum = segments?.reduce((all, length) => all + length, 0) ?? rows;
  if (sum === rows) return;
  throw new UserError(
    'invalid',
    `split.segments: they have ${sum} rows, and the data set has ${rows}. Make them add up, or leave them out.`,
  );
}

/** What the network is to give for some rows: class indices, or scaled values. */
export function encodeTarget(data: LearningData, encoding: TargetEncoding, rows: Int32Array): Float32Array {
  const { target } = data;
  if (target.kind === 'classes') return Float32Array.from(rows, (row) => target.classes[row]);
  if (encoding.kind !== 'value') throw new Error('a value cannot be encoded as a class');
  return Float32Array.from(rows, (row) => (target.values[row] - encoding.center) / encoding.scale);
}

/** The weights of some rows from the column with the role `weight`, or null. @throws UserError where one is missing or negative */
export function rowWeights(recipe: Recipe, data: LearningData, rows: Int32Array): Float32Array | null {
  const spec = recipe.columns.find(({ role }) => role === 'weight');
  if (!spec || data.kind !== 'table') return null;
  const column = columnOf(data.table, spec.name);
  if (!isNumeric(column)) {
    throw new UserError(
      'invalid',
      `weight column '${spec.name}': its type is ${column.type}, a number is needed. Change its type or role.`,
    );
  }
  return Float32Array.from(rows, (row) => {
    const weight = column.values[row];
    if (weight >= 0) return weight;
    const problem = Number.isNaN(weight) ? 'missing' : String(weight);
    throw new UserError(
      'invalid',
      `weight column '${spec.name}', row ${row + 1}: it is ${problem}; 0 or more is needed. Correct it or change the column's role.`,
    );
  });
}

function fit(recipe: Recipe, data: LearningData, split: Split): Preparation {
  const { target } = data;
  const encoding: TargetEncoding =
    target.kind === 'classes' ? { kind: 'classes', labels: target.labels } : fitTargetScale(target.values, split.train);
  if (data.kind === 'table') {
    return fitPreparation(data.table, recipe.columns, encoding, recipe.preparation, split.train);
  }
  const { image } = recipe.preparation;
  if (!image)
    throw new UserError(
      'missing',
      'preparation.image: images need a height, a width and channels. Suggest a recipe for this data set.',
    );
  return { kind: 'images', ...image, target: encoding };
}

function fitDummy(target: LearningData['target'], rows: Int32Array): PreparedRecipe['dummy'] {
  if (target.kind === 'value') {
    return { mean: rows.reduce((sum, row) => sum + target.values[row], 0) / rows.length };
  }
  const shares = target.labels.map(() => 0);
  for (const row of rows) shares[target.classes[row]] += 1 / rows.length;
  return { shares };
}
