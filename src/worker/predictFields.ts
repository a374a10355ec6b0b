// The form for one example, worked out while the data is there, so that a version needs no data set to predict.

import { tableToRows } from '../data/rows.ts';
import { isNumeric, type Table } from '../data/table.ts';
import type { PredictField, TrainedModel } from '../store/versions.ts';
import type { LearningData } from './learningData.ts';
import type { PreparedRecipe } from './preparedRecipe.ts';
import { columnOf } from './tables.ts';

/** A field for each feature with its range, and a row of the test part to begin with; for images neither. */
export function formOf(
  data: LearningData,
  { preparation, split }: PreparedRecipe,
): Pick<TrainedModel, 'fields' | 'example'> {
  if (data.kind !== 'table' || preparation.kind !== 'table') return { fields: [], example: null };
  const names = new Set(preparation.features.map(({ column }) => column));
  const columns = data.table.columns.filter(({ name }) => names.has(name));
  const shown = (split.test.length > 0 ? split.test : split.train).subarray(0, 1);
  return {
    fields: preparation.features.map((feature): PredictField => {
      if (feature.kind === 'number') {
        const { column, type, fill } = feature;
        return { kind: 'number', column, type, fill, ...extent(data.table, column) };
      }
      const { column, type, fill, outputs } = feature;
      return { kind: 'category', column, type, fill, options: outputs.filter((output) => output !== '') };
    }),
    example: tableToRows({ rows: data.table.rows, columns }, shown)[0],
  };
}

function extent(table: Table, name: string): { min: number; max: number } {
  const column = columnOf(table, name);
  if (!isNumeric(column)) throw new Error(`column ${name} was encoded as a number and is none`);
  let [min, max] = [Infinity, -Infinity];
  for (const value of column.values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}
