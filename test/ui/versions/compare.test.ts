import { describe, expect, it } from 'vitest';
import { compareJson } from '../../../src/ui/versions/compare.ts';

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
});
