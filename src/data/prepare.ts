// Raw columns to the numbers that a network takes. Fitted on the training part alone, plain JSON, part of the model.

import { UserError } from '../base/errors.ts';
import { formatDate } from './dates.ts';
import { byCodePoint, sortLabels } from './labels.ts';
import type { ColumnStyle, FeatureEncoding, Preparation, PreparationSpec, TargetEncoding } from './preparation.ts';
import { quote } from './repairs.ts';
import { readText, stylesByColumn, stylesOf } from './style.ts';
import { type Column, type ColumnSpec, isNumeric, type LabelColumn, type NumericColumn, type Table } from './table.ts';

export type { FeatureEncoding, Preparation, PreparationSpec, TargetEncoding } from './preparation.ts';
export { fitTargetScale, readTarget } from './target.ts';

/**
 * Fits the encoding of every column of role `feature` on the training rows.
 * @throws UserError when there is no feature, one of a type that cannot be learned from, one without a value in the
 * training part, or none that varies
 */
export function fitPreparation(
  table: Table,
  columns: ColumnSpec[],
  target: TargetEncoding,
  spec: PreparationSpec,
  trainRows: Int32Array,
): Preparation & { kind: 'table' } {
  const chosen = columns.filter((column) => column.role === 'feature');
  if (chosen.length === 0)
    throw new UserError('missing', 'features: no column has that role. Make at least one a feature');
  let varies = false;
  const features = chosen.map(({ name }) => {
    const column = findColumn(table, name);
    const fitted = isNumeric(column) ? fitNumber(column, spec, trainRows) : fitOneHot(column, spec, trainRows);
    varies ||= fitted.varies;
    return fitted.feature;
  });
  if (!varies) {
    const names = chosen.slice(0, 5).map((column) => quote(column.name));
    throw new UserError(
      'invalid',
      `features: each of ${names.join(', ')} has one and the same value in all training rows. Add a feature that varies`,
    );
  }
  const width = features.reduce((sum, feature) => sum + outputsOf(feature), 0);
  const styles = stylesOf(table, columns);
  return { kind: 'table', features, width, target, ...(styles.length > 0 ? { styles } : {}) };
}

/** Columns of the encoded matrix that a feature takes. */
export function outputsOf(feature: FeatureEncoding): number {
  return feature.kind === 'number' ? 1 : feature.outputs.length;
}

/** @returns [rows, width] in float32, each operation rounded; @param rows which rows of the table (left out: all) */
export function encodeFeatures(table: Table, preparation: Preparation, rows?: Int32Array): Float32Array {
  if (preparation.kind !== 'table') throw new TypeError('an image preparation encodes no table');
  const count = rows?.length ?? table.rows;
  const { width } = preparation;
  const encoded = new Float32Array(count * width);
  let offset = 0;
  for (const feature of preparation.features) {
    const column = findColumn(table, feature.column);
    if (feature.kind === 'number') {
      const values = numbersOf(column, feature, preparation.styles);
      for (let i = 0; i < count; i++) {
        const x = Math.fround(values[rows ? rows[i] : i]);
        const filled = Number.isNaN(x) ? feature.fill : x;
        encoded[i * width + offset] = Math.fround(filled - feature.center) / feature.scale; // rounded by the store
      }
    } else {
      const { codes, categories } = labelsOf(column);
      const place = new Map(feature.outputs.map((output, i) => [output, i]));
      const placeOf = categories.map((category) => place.get(category) ?? -1);
      const placeOfMissing = place.get(feature.fill) ?? -1;
      for (let i = 0; i < count; i++) {
        const code = codes[rows ? rows[i] : i];
        const at = code < 0 ? placeOfMissing : placeOf[code];
        if (at >= 0) encoded[i * width + offset + at] = 1;
      }
    }
    offset += outputsOf(feature);
  }
  return encoded;
}

interface Fitted {
  feature: FeatureEncoding;
  /** false where all training rows give the same numbers */
  varies: boolean;
}

/** As scikit-learn's SimpleImputer, then StandardScaler or MinMaxScaler, on float32 values. */
function fitNumber(column: NumericColumn, { numbers }: PreparationSpec, trainRows: Int32Array): Fitted {
  const present = Float64Array.from(trainRows, (row) => Math.fround(column.values[row])).filter(
    (x) => !Number.isNaN(x),
  );
  if (present.length === 0) throw noValues(column.name, trainRows.length);
  present.sort();
  const missing = trainRows.length - present.length;
  const fill = Math.fround(
    numbers.impute === 'zero' ? 0 : numbers.impute === 'median' ? medianOf(present) : meanOf(present),
  );
  const min = Math.min(present[0], missing > 0 ? fill : Infinity);
  const max = Math.max(present[present.length - 1], missing > 0 ? fill : -Infinity);
  const mean = (meanOf(present) * present.length + fill * missing) / trainRows.length;
  let squares = missing * (fill - mean) ** 2;
  for (const x of present) squares += (x - mean) ** 2;
  const std = Math.sqrt(squares / trainRows.length);
  const [center, spread] =
    numbers.scale === 'standard' ? [mean, std] : numbers.scale === 'minmax' ? [min, max - min] : [0, 1];
  const varies = max > min;
  // a constant feature is left at zero: by its exact value, which a sum of rounded terms may miss
  const scale = varies ? positive(Math.fround(spread)) : 1;
  const feature: FeatureEncoding = {
    kind: 'number',
    column: column.name,
    type: column.type,
    fill,
    center: Math.fround(varies || numbers.scale === 'none' ? center : min),
    scale,
  };
  return { feature, varies };
}

function positive(scale: number): number {
  return scale > 0 && Number.isFinite(scale) ? scale : 1;
}

function meanOf(sorted: Float64Array): number {
  let sum = 0;
  for (const x of sorted) sum += x;
  return sum / sorted.length;
}

/** @param sorted ascending, without NaN, not empty */
export function medianOf(sorted: Float64Array): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** As scikit-learn's SimpleImputer (of equally frequent values the first in order), then OneHotEncoder. */
function fitOneHot(column: LabelColumn, { categories: spec }: PreparationSpec, trainRows: Int32Array): Fitted {
  if (column.type === 'text' || column.type === 'identifier') {
    throw new UserError(
      'unsupported',
      `feature ${quote(column.name)}: a column of type ${column.type} cannot be learned from. Set its role to meta, or its type to category`,
    );
  }
  const counts = new Map<string, number>();
  let missing = 0;
  for (const row of trainRows) {
    const code = column.codes[row];
    if (code < 0) missing++;
    else counts.set(column.categories[code], (counts.get(column.categories[code]) ?? 0) + 1);
  }
  if (counts.size === 0) throw noValues(column.name, trainRows.length);
  const isOwnCategory = spec.impute === 'category';
  const ranked = [...counts].sort(([a, countA], [b, countB]) => countB - countA || byCodePoint(a, b));
  const fill = isOwnCategory ? '' : ranked[0][0];
  const kept = ranked.slice(0, Math.max(1, spec.maxCategories)).map(([category]) => category);
  const outputs = column.type === 'boolean' ? column.categories.filter((c) => counts.has(c)) : sortLabels(kept);
  if (isOwnCategory && missing > 0) outputs.push('');
  const varies = counts.size + (isOwnCategory && missing > 0 ? 1 : 0) > 1;
  return { feature: { kind: 'oneHot', column: column.name, type: column.type, outputs, fill }, varies };
}

function noValues(name: string, rows: number): UserError {
  return new UserError(
    'missing',
    `values of feature ${quote(name)}: all ${rows} training rows lack it. Set its role to ignore`,
  );
}

function findColumn(table: Table, name: string): Column {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (!column) throw new UserError('missing', `column ${quote(name)}: the model needs it. Add it to the data`);
  return column;
}

/** Numbers of a column that may have been read as labels, as a file with a single spoilt row is. */
function numbersOf(
  column: Column,
  feature: FeatureEncoding & { kind: 'number' },
  styles: ColumnStyle[] | undefined,
): Float64Array {
  if (isNumeric(column)) return column.values;
  const style = stylesByColumn(styles).get(column.name);
  const values = column.categories.map((text) => readText(text, feature.type, style));
  const spoilt = values.findIndex(Number.isNaN);
  if (spoilt >= 0) {
    const row = column.codes.indexOf(spoilt);
    throw new UserError(
      'invalid',
      `value ${quote(column.categories[spoilt])} in column ${quote(column.name)}, row ${row + 1}: the model takes a ${feature.type} there. Correct it, or leave it empty`,
    );
  }
  return Float64Array.from(column.codes, (code) => (code < 0 ? NaN : values[code]));
}

/** Labels of a column that may have been read as numbers, as categories 1, 2 and 3 are. */
export function labelsOf(column: Column): { codes: Int32Array; categories: string[] } {
  if (!isNumeric(column)) return column;
  const distinct = [...new Set(column.values)].filter((value) => !Number.isNaN(value));
  const place = new Map(distinct.map((value, i) => [value, i]));
  const toText = column.type === 'date' ? formatDate : String;
  return { codes: Int32Array.from(column.values, (value) => place.get(value) ?? -1), categories: distinct.map(toText) };
}
