// What a model says in the words of its target, and the table that a scored file becomes.

import { writeCsv } from '../data/formats/csv.ts';
import type { Imported } from '../data/import.ts';
import { tableToRows } from '../data/rows.ts';
import { mostProbable } from '../evaluate/metrics.ts';

export type Prediction = { label: string; probabilities: Record<string, number> } | { value: number };

export type Cell = string | number | boolean | null;

/**
 * @param labels in the order of the outputs; a value: []
 * @param outputs probabilities [rows, classes], or values [rows]
 */
export function toPredictions(labels: string[], outputs: Float32Array): Prediction[] {
  if (labels.length === 0) return Array.from(outputs, (value) => ({ value }));
  return Array.from(mostProbable(outputs, labels.length), (best, row) => ({
    label: labels[best],
    // fromEntries defines each label as it is, `__proto__` too
    probabilities: Object.fromEntries(labels.map((label, k) => [label, outputs[row * labels.length + k]])),
  }));
}

/** Rows as they were given: the names of their columns, and the cells of each. */
export interface InputCells {
  header: string[];
  rows: number;
  cells(row: number): Cell[];
}

/** The input's own columns: a table's as it was read, images by their names. */
export function inputCells(imported: Imported): InputCells {
  if (imported.kind === 'images') {
    const { names } = imported;
    return { header: ['file'], rows: names.length, cells: (row) => [names[row]] };
  }
  const { table } = imported;
  const header = table.columns.map(({ name }) => name);
  return {
    header,
    rows: table.rows,
    cells(row) {
      const [own] = tableToRows(table, [row]);
      return header.map((name) => own[name]);
    },
  };
}

/** The rows that a page shows at once, in the form of its tables. */
export interface ScoredRows {
  file: File;
  rows: number;
  preview: { total: number; index: number[]; rows: Record<string, Cell>[] };
}

/** Rows that are shown at once. */
const PREVIEW_ROWS = 100;

/** A scored input as a CSV, its columns first and those of the prediction last, and the first rows of it. @param name of the file */
export function writePredictions(
  { header, rows, cells }: InputCells,
  labels: string[],
  outputs: Float32Array,
  name: string,
): ScoredRows {
  const all = [...header, ...outputHeader(labels, header)];
  const width = Math.max(1, labels.length);
  const line = (row: number): Cell[] => {
    const [prediction] = toPredictions(labels, outputs.subarray(row * width, (row + 1) * width));
    return [...cells(row), ...outputCells(labels, prediction)];
  };
  function* lines() {
    for (let row = 0; row < rows; row++) yield line(row);
  }
  const index = Array.from({ length: Math.min(rows, PREVIEW_ROWS) }, (_, row) => row);
  return {
    file: new File([writeCsv(all, lines())], name, { type: 'text/csv' }),
    rows,
    // fromEntries defines each name as it is, `__proto__` too
    preview: { total: rows, index, rows: index.map((row) => Object.fromEntries(line(row).map((cell, i) => [all[i], cell]))) }, // prettier-ignore
  };
}

/** Names of the columns that predictions add, none of which the input has already. */
function outputHeader(labels: string[], header: string[]): string[] {
  const taken = new Set(header);
  return ['prediction', ...labels.map((label) => `probability ${label}`)].map((name) => {
    let free = name;
    for (let n = 2; taken.has(free); n++) free = `${name} (${n})`;
    taken.add(free);
    return free;
  });
}

/** In the order of `outputHeader`; the labels' order is asked for, as an object puts labels that are whole numbers first. */
function outputCells(labels: string[], prediction: Prediction): Cell[] {
  if ('value' in prediction) return [prediction.value];
  return [prediction.label, ...labels.map((label) => prediction.probabilities[label])];
}
