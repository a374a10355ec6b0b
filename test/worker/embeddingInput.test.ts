import { describe, expect, it } from 'vitest';
import { fitPreparation, type PreparationSpec } from '../../src/data/prepare.ts';
import type { Column, ColumnSpec, Table } from '../../src/data/table.ts';
import type { LayerSpec } from '../../src/model/spec.ts';
import { checkEmbeddingInput } from '../../src/worker/embeddingInput.ts';
import { recipe } from '../model/samples.ts';

const integers = (name: string, ...values: number[]): Column => ({
  name,
  type: 'integer',
  values: Float64Array.from(values),
});
const EMBEDDING: LayerSpec[] = [{ kind: 'embedding', vocabulary: 5, dimension: 2 }];

function check(columns: Column[], numbers: Partial<PreparationSpec['numbers']> = {}, layers = EMBEDDING): void {
  const table: Table = { rows: 3, columns };
  const rows = Int32Array.of(0, 1, 2);
  const given = { ...recipe(), model: { kind: 'mlp' as const, layers } };
  given.preparation = { ...given.preparation, numbers: { impute: 'zero', scale: 'none', ...numbers } };
  const specs = columns.map(({ name, type }): ColumnSpec => ({ name, type, role: 'feature' }));
  const target = { kind: 'classes' as const, labels: ['no', 'yes'] };
  checkEmbeddingInput(given, fitPreparation(table, specs, target, given.preparation, rows), table, rows);
}

describe('an embedding', () => {
  it('takes whole numbers of its vocabulary', () => {
    expect(() => check([integers('a', 0, 4, NaN), integers('b', 1, 2, 3)])).not.toThrow();
  });

  it.each<[string, () => void, RegExp]>([
    ['scaled numbers', () => check([integers('a', 0, 1, 2)], { scale: 'standard' }), /0 to 4, and numbers are scaled/],
    [
      'a category',
      () => check([{ name: 'c', type: 'category', codes: Int32Array.of(0, 1, 0), categories: ['x', 'y'] }]),
      /column 'c' is of type category; make it an integer/,
    ],
    ['a fraction', () => check([integers('a', 0, 1.5, 2)]), /column 'a', row 2, has 1.5; give the column another role/],
    ['a number below 0', () => check([integers('a', 0, -1, 2)]), /row 2, has -1; give the column another role/],
    [
      'a number beyond its vocabulary',
      () => check([integers('a', 0, 1, 7)]),
      /row 3, has 7; .*vocabulary be 8 or more/,
    ],
    [
      'a missing number that becomes a fraction',
      () => check([integers('a', NaN, 1, 2)], { impute: 'mean' }),
      /row 1, lacks one and is given 1.5; let missing numbers become zero/,
    ],
  ])('refuses %s, and says what to do', (_, run, message) => {
    expect(run).toThrow(message);
  });

  it('is no matter of a model that has none', () => {
    expect(() => check([integers('a', 0, 1.5, 2)], {}, [])).not.toThrow();
  });
});
