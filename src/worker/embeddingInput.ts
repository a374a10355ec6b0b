// What an embedding needs of a table: every feature a column of whole numbers that its vocabulary has, as they are.
// Checked before anything is trained; what a prediction brings later counts as the nearest number that there is.

import { UserError } from '../base/errors.ts';
import type { Preparation } from '../data/prepare.ts';
import { isNumeric, type Table } from '../data/table.ts';
import type { Recipe } from '../model/recipe.ts';
import { columnOf } from './tables.ts';

/** @throws UserError that names what the embedding that a model begins with cannot look up */
export function checkEmbeddingInput(
  { model, preparation: { numbers } }: Recipe,
  preparation: Preparation,
  table: Table,
  rows: Int32Array,
): void {
  const [first] = model.layers;
  if (first?.kind !== 'embedding' || preparation.kind !== 'table') return;
  const wants = `layer 0_embedding: it looks up whole numbers from 0 to ${first.vocabulary - 1}`;
  if (numbers.scale !== 'none') {
    throw new UserError(
      'invalid',
      `${wants}, and numbers are scaled ('${numbers.scale}'); scale them not at all ('none')`,
    );
  }
  for (const feature of preparation.features) {
    const column = columnOf(table, feature.column);
    if (feature.kind !== 'number' || !isNumeric(column)) {
      throw new UserError(
        'invalid',
        `${wants}, and column '${feature.column}' is of type ${column.type}; make it an integer, or give it another role than feature`,
      );
    }
    for (const row of rows) {
      const value = column.values[row];
      const taken = Number.isNaN(value) ? feature.fill : value;
      if (Number.isInteger(taken) && taken >= 0 && taken < first.vocabulary) continue;
      const given = Number.isNaN(value) ? `lacks one and is given ${taken}` : `has ${taken}`;
      const remedy =
        Number.isNaN(value) && !Number.isInteger(taken)
          ? "let missing numbers become zero ('zero')"
          : Number.isInteger(taken) && taken >= 0
            ? `let the vocabulary be ${taken + 1} or more`
            : 'give the column another role than feature';
      throw new UserError('invalid', `${wants}, and column '${feature.column}', row ${row + 1}, ${given}; ${remedy}`);
    }
  }
}
