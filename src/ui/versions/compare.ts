// What differs between two recipes, and between the figures of two versions. Pure.

import type { LossSpec, Recipe } from '../../model/recipe.ts';
import { lossFor } from '../train/losses.ts';

/** A leaf of two recipes under its path, such as `training.optimizer.learningRate`; a side that lacks it is undefined. */
export interface Difference {
  path: string;
  left: string | undefined;
  right: string | undefined;
  same: boolean;
}

/** The recipe of a version with what it leaves out spelled out, as recipes of before a field was there leave it. */
export function spellOut({ recipe, labels }: { recipe: Recipe; labels: readonly string[] }): Recipe {
  const { loss, clipNorm = null, optimizer, ...training } = recipe.training;
  const positive = labels.length === 2 ? { positive: labels[1] } : {};
  return {
    ...recipe,
    ...positive,
    training: { ...training, loss: fullLoss(lossFor(recipe.task, loss)), optimizer, clipNorm },
  };
}

function fullLoss(loss: LossSpec): LossSpec {
  return loss.kind === 'crossEntropy' ? { labelSmoothing: 0, ...loss } : loss;
}

/** Every leaf of two plain JSON values, side by side, in the order of the left one, then what only the right one has. */
export function compareJson(left: unknown, right: unknown): Difference[] {
  const leftLeaves = leavesOf(left);
  const rightLeaves = leavesOf(right);
  const paths = new Set([...leftLeaves.keys(), ...rightLeaves.keys()]);
  return [...paths].map((path) => {
    const a = leftLeaves.get(path);
    const b = rightLeaves.get(path);
    return { path, left: a, right: b, same: a === b };
  });
}

/** Leaves by path; an empty list or object is a leaf, and so is a list entry that is a layer or a column, in one line. */
function leavesOf(value: unknown): Map<string, string> {
  const leaves = new Map<string, string>();
  const walk = (node: unknown, path: string) => {
    if (Array.isArray(node) && node.length > 0) {
      node.forEach((entry, i) => leaves.set(`${path}.${nameOf(entry) ?? i + 1}`, inOneLine(entry)));
    } else if (node !== null && typeof node === 'object' && Object.keys(node).length > 0) {
      for (const [key, child] of Object.entries(node)) walk(child, path ? `${path}.${key}` : key);
    } else {
      leaves.set(path, inOneLine(node));
    }
  };
  walk(value, '');
  return leaves;
}

/** A column goes by its name; a layer by its place. */
function nameOf(entry: unknown): string | undefined {
  const name = (entry as { name?: unknown } | null)?.name;
  return typeof name === 'string' ? name : undefined;
}

function inOneLine(value: unknown): string {
  if (value === null) return 'none';
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) {
    if (value.length === 0) return 'none';
    return value.every((entry) => typeof entry === 'number')
      ? value.join(' × ')
      : `[${value.map(inOneLine).join('; ')}]`;
  }
  const { kind, name: _name, ...rest } = value as Record<string, unknown>;
  const fields = Object.entries(rest).map(([key, child]) => `${key} ${inOneLine(child)}`);
  return [...(kind === undefined ? [] : [String(kind)]), ...fields].join(', ') || 'none';
}
