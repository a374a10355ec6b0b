import { describe, expect, it } from 'vitest';
import { compareJson, spellOut as spellVersion } from '../../../src/ui/versions/compare.ts';
import type { Recipe } from '../../../src/model/recipe.ts';
import { recipe } from '../../model/samples.ts';

describe('compareJson', () => {
  it('says which leaves differ, by path, and which are the same', () => {
    const left = { seed: 1, training: { optimizer: { kind: 'adam', learningRate: 0.01 }, earlyStopping: null } };
    const right = {
      seed: 1,
      training: { optimizer: { kind: 'sgd', learningRate: 0.1 }, earlyStopping: { patience: 5 } },
    };
    expect(compareJson(left, right)).toEqual([
      { path: 'seed', left: '1', right: '1', same: true },
      { path: 'training.optimizer.kind', left: 'adam', right: 'sgd', same: false },
      { path: 'training.optimizer.learningRate', left: '0.01', right: '0.1', same: false },
      { path: 'training.earlyStopping', left: 'none', right: undefined, same: false },
      { path: 'training.earlyStopping.patience', left: undefined, right: '5', same: false },
    ]);
  });

  it('shows a layer by its place and a column by its name, each in one line', () => {
    const of = (units: number, role: string) => ({
      layers: [{ kind: 'dense', units, activation: 'relu' }],
      columns: [{ name: 'age', type: 'number', role }],
    });
    expect(compareJson(of(16, 'feature'), of(32, 'ignore'))).toEqual([
      {
        path: 'layers.1',
        left: 'dense, units 16, activation relu',
        right: 'dense, units 32, activation relu',
        same: false,
      },
      { path: 'columns.age', left: 'type number, role feature', right: 'type number, role ignore', same: false },
    ]);
  });

  it('shows layers in layers in brackets', () => {
    const layers = [
      { kind: 'reshape', shape: [6, 2] },
      {
        kind: 'concatenate',
        branches: [[], [{ kind: 'residual', layers: [{ kind: 'dense', units: 2 }, { kind: 'flatten' }] }]],
      },
    ];
    expect(compareJson({ layers }, { layers }).map(({ left }) => left)).toEqual([
      'reshape, shape 6 × 2',
      'concatenate, branches [none; [residual, layers [dense, units 2; flatten]]]',
    ]);
  });
});

describe('a recipe of before losses and positive classes could be chosen', () => {
  it('differs from one that spells them out in nothing', () => {
    const spellOut = (of: Recipe, labels = ['no', 'yes']) => spellVersion({ recipe: of, labels });
    const before = recipe();
    const spelt = recipe();
    spelt.training = { ...spelt.training, loss: { kind: 'crossEntropy', labelSmoothing: 0 }, clipNorm: null };
    expect(compareJson(spellOut(before), spellOut(spelt)).filter(({ same }) => !same)).toEqual([]);
    expect(compareJson(spellOut(before), spellOut({ ...before, positive: 'yes' })).every(({ same }) => same)).toBe(
      true,
    );
    const clipped = { ...before, training: { ...before.training, clipNorm: 1 } };
    expect(compareJson(spellOut(before), spellOut(clipped)).filter(({ same }) => !same)).toEqual([
      { path: 'training.clipNorm', left: 'none', right: '1', same: false },
    ]);
    const regression = { ...before, task: 'regression' as const };
    const huber = { ...regression, training: { ...before.training, loss: { kind: 'huber' as const, delta: 2 } } };
    const differences = compareJson(spellOut(regression, []), spellOut(huber, [])).filter(({ same }) => !same);
    expect(differences.map(({ path, left, right }) => [path, left, right])).toEqual([
      ['training.loss.kind', 'meanSquaredError', 'huber'],
      ['training.loss.delta', undefined, '2'],
    ]);
  });
});
