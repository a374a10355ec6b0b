// The column to predict, as class indices or values. Says by name what is wrong with it before anything is trained.

import { UserError } from '../base/errors.ts';
import { formatDate } from './dates.ts';
import { sortLabels } from './labels.ts';
import type { TargetEncoding } from './preparation.ts';
import { quote } from './repairs.ts';
import { type Column, isNumeric, type Table } from './table.ts';

const MAX_CLASSES = 1000;

/** As `model/recipe.ts` names the tasks. */
export type TargetTask = 'binary' | 'multiclass' | 'regression' | 'imageClassification';

export interface ClassTarget {
  /** rows that have a target, ascending */
  usable: Int32Array;
  kind: 'classes';
  /** numbers by value, else by code point */
  labels: string[];
  /** [rows]; -1 is missing */
  classes: Int32Array;
}

export interface ValueTarget {
  usable: Int32Array;
  kind: 'value';
  /** [rows]; NaN is missing */
  values: Float64Array;
}

/** @throws UserError when the column is unknown, has no values or just one, or does not go with the task */
export function readTarget(table: Table, name: string, task: TargetTask): ClassTarget | ValueTarget {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (!column) {
    const names = table.columns.slice(0, 20).map((candidate) => quote(candidate.name));
    throw new UserError(
      'unknown',
      `target ${quote(name)}: the data has no such column. Choose one of ${names.join(', ')}`,
    );
  }
  return task === 'regression' ? readValues(column, name) : readClasses(column, name, task);
}

function readValues(column: Column, name: string): ValueTarget {
  if (!isNumeric(column)) {
    throw new UserError(
      'invalid',
      `target ${quote(name)} for regression: it is of type ${column.type}. Choose a column of numbers, or classification`,
    );
  }
  const { values } = column;
  const usable = usableRows(values.length, name, (row) => !Number.isNaN(values[row]));
  if (usable.every((row) => values[row] === values[usable[0]])) {
    throw new UserError(
      'invalid',
      `target ${quote(name)}: every value is ${values[usable[0]]}, so there is nothing to learn. Choose another target`,
    );
  }
  return { usable, kind: 'value', values };
}

function readClasses(column: Column, name: string, task: TargetTask): ClassTarget {
  const { labels, classes } = isNumeric(column) ? numericClasses(column.values, column.type) : labelClasses(column);
  const usable = usableRows(classes.length, name, (row) => classes[row] >= 0);
  if (labels.length === 1) {
    throw new UserError(
      'invalid',
      `target ${quote(name)}: its only class is ${quote(labels[0])}, so there is nothing to tell apart. Choose another target, or add rows of another class`,
    );
  }
  if (labels.length > MAX_CLASSES) {
    const remedy = isNumeric(column) ? 'Choose regression, or another target' : 'Choose another target';
    throw new UserError(
      'unsupported',
      `target ${quote(name)}: it has ${labels.length} classes, more than ${MAX_CLASSES}. ${remedy}`,
    );
  }
  if (task === 'binary' && labels.length !== 2) {
    throw new UserError(
      'invalid',
      `task 'binary' for target ${quote(name)}: it has ${labels.length} classes. Choose multiclass`,
    );
  }
  return { usable, kind: 'classes', labels, classes };
}

/** Why a date is no target of a regression: it would be predicted, and judged, as days since 1970. */
export function dateTarget(name: string): UserError {
  return new UserError(
    'unsupported',
    `target ${quote(name)}: it is a date, and dates are not predicted. Add a column with a number of days, such as those since another date of the row, and predict that; or call it a category`,
  );
}

function usableRows(rows: number, name: string, isUsable: (row: number) => boolean): Int32Array {
  const usable: number[] = [];
  for (let row = 0; row < rows; row++) if (isUsable(row)) usable.push(row);
  if (usable.length === 0) {
    throw new UserError(
      'missing',
      `target ${quote(name)}: all of its ${rows} values are missing. Choose another target`,
    );
  }
  return Int32Array.from(usable);
}

function numericClasses(values: Float64Array, type: Column['type']): { labels: string[]; classes: Int32Array } {
  const distinct = [...new Set(values)].filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const place = new Map(distinct.map((value, i) => [value, i]));
  return {
    labels: distinct.map((value) => (type === 'date' ? formatDate(value) : String(value))),
    classes: Int32Array.from(values, (value) => place.get(value) ?? -1),
  };
}

/** Categories without a row are no classes. */
function labelClasses({ codes, categories }: { codes: Int32Array; categories: string[] }): {
  labels: string[];
  classes: Int32Array;
} {
  const seen = new Set(codes);
  const labels = sortLabels(categories.filter((_, code) => seen.has(code)));
  const place = new Map(labels.map((label, i) => [label, i]));
  const classOf = categories.map((category) => place.get(category) ?? -1);
  return { labels, classes: codes.map((code) => (code < 0 ? -1 : classOf[code])) };
}

/** Mean and population standard deviation of the training rows; a scale of 1 where they are all alike. */
export function fitTargetScale(values: Float64Array, trainRows: Int32Array): TargetEncoding & { kind: 'value' } {
  let sum = 0;
  for (const row of trainRows) sum += values[row];
  const mean = sum / trainRows.length;
  let squares = 0;
  for (const row of trainRows) squares += (values[row] - mean) ** 2;
  const scale = Math.fround(Math.sqrt(squares / trainRows.length));
  return { kind: 'value', center: Math.fround(mean), scale: scale > 0 && Number.isFinite(scale) ? scale : 1 };
}
