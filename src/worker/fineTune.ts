// Fine-tuning: how a recipe goes with the weights that it starts from. The preparation stays theirs, for scaling and
// categories are part of what the weights mean: a category that they have never seen stays unknown, and the classes are
// those that they tell apart.

import { UserError } from '../base/errors.ts';
import type { Preparation, TargetEncoding } from '../data/prepare.ts';
import { stylesByColumn, stylesOf } from '../data/style.ts';
import type { Recipe } from '../model/recipe.ts';
import { layerOf } from '../model/slots.ts';
import type { Network } from '../model/spec.ts';
import { weightSlots } from '../model/weights.ts';
import type { TrainedModel } from '../store/versions.ts';
import type { LearningData } from './learningData.ts';

const REMEDY = 'Make it as it was, or take recipe.start out to train from the beginning.';

/** The preparation of the weights. @throws UserError where the columns or the classes are not those that they learned */
export function preparationOf({ preparation }: TrainedModel, recipe: Recipe, data: LearningData): Preparation {
  if (preparation.kind === 'table') {
    const learned = preparation.features.map(({ column, type }) => `'${column}' (${type})`);
    const given = recipe.columns
      .filter(({ role }) => role === 'feature')
      .map(({ name, type }) => `'${name}' (${type})`);
    const odd = given.find((name) => !learned.includes(name)) ?? learned.find((name) => !given.includes(name));
    if (odd) {
      throw new UserError(
        'invalid',
        `recipe.columns: feature ${odd} is ${given.includes(odd) ? 'none' : 'one'} of those that the weights at the start learned from. ${REMEDY}`,
      );
    }
  }
  checkTarget(preparation.target, data.target);
  if (preparation.kind !== 'table' || data.kind !== 'table') return preparation;
  const fresh = stylesOf(data.table, recipe.columns); // later rows are written as the newest are
  const isFresh = stylesByColumn(fresh);
  const before = (preparation.styles ?? []).filter(({ column }) => !isFresh.has(column));
  const styles = [...fresh, ...before];
  return { ...preparation, ...(styles.length > 0 ? { styles } : {}) };
}

function checkTarget(learned: TargetEncoding, target: LearningData['target']): void {
  if (learned.kind !== target.kind) {
    throw new UserError('invalid', `recipe.task: the weights at the start were trained for another. ${REMEDY}`);
  }
  if (learned.kind === 'value' || target.kind === 'value') return;
  const fresh = target.labels.filter((label) => !learned.labels.includes(label));
  if (fresh.length > 0) throw newLabels(fresh);
  const gone = learned.labels.find((label) => !target.labels.includes(label));
  if (gone !== undefined) {
    throw new UserError(
      'missing',
      `class '${gone}': no row has it, and the weights at the start tell it apart. Add rows of it, or take recipe.start out.`,
    );
  }
  if (learned.labels.some((label, c) => label !== target.labels[c])) {
    throw new UserError(
      'invalid',
      `recipe.positive: '${target.labels[1]}'; the weights at the start give the probability of '${learned.labels[1]}'. ${REMEDY}`,
    );
  }
}

/** Labels that weights do not know cannot be learned by them. */
export function newLabels(fresh: readonly string[]): UserError {
  const named = fresh.slice(0, 3).map((label) => `'${label}'`).join(', '); // prettier-ignore
  const more = fresh.length > 3 ? ` and ${fresh.length - 3} more` : '';
  return new UserError(
    'invalid',
    `class${fresh.length === 1 ? '' : 'es'} ${named}${more}: the weights at the start have no output for ${fresh.length === 1 ? 'it' : 'them'}. Retrain instead of fine-tuning.`,
  );
}

/**
 * @throws UserError that names the layer whose weights are of another shape or not there, or a frozen one that is none,
 * or says that nothing is left to learn
 */
export function checkStart({ weights }: TrainedModel, network: Network, { start }: Recipe): void {
  const slots = weightSlots(network);
  const shapes = new Map(weights.map(({ name, shape }) => [name, `[${shape.join(', ')}]`]));
  for (const { name, shape } of slots) {
    const [own, found] = [`[${shape.join(', ')}]`, shapes.get(name)];
    if (found === own) continue;
    const what = found === undefined ? 'has no such layer' : `has ${found} for it`;
    throw new UserError(
      'invalid',
      `layer ${layerOf(name)}: its ${name.slice(layerOf(name).length + 1)} is ${own}, and what recipe.start names ${what}. ${REMEDY}`,
    );
  }
  const names = new Set(slots.map(({ name }) => name));
  const gone = weights.find(({ name }) => !names.has(name));
  if (gone) {
    throw new UserError(
      'invalid',
      `layer ${layerOf(gone.name)}: it is not in the model, and what recipe.start names has weights for it. ${REMEDY}`,
    );
  }
  checkFrozen(start?.frozen ?? [], [...new Set(slots.map(({ name }) => layerOf(name)))]);
}

/** @param layers names of those that have weights */
export function checkFrozen(frozen: readonly string[], layers: readonly string[]): void {
  const strange = frozen.find((name) => !layers.includes(name));
  if (strange !== undefined) {
    throw new UserError(
      'unknown',
      `recipe.start.frozen: no layer '${strange}' has weights; there are ${layers.map((name) => `'${name}'`).join(', ')}.`,
    );
  }
  if (layers.every((name) => frozen.includes(name))) {
    throw new UserError(
      'invalid',
      'recipe.start.frozen: it names every layer, so nothing is left to learn. Leave one out.',
    );
  }
}
