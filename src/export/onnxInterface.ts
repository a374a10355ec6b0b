// How the inputs and outputs of an ONNX file are called. Columns may have any name; ONNX has its own ideas of names.

import { UserError } from '../base/errors.ts';
import type { Preparation } from '../data/prepare.ts';

/** How the inputs and outputs of the file are called. */
export interface OnnxInterface {
  /** for each feature in order, the input that takes it; images: `['image']` */
  inputs: string[];
  outputs: { label: string; probabilities: string } | { value: string };
}

/**
 * Inputs keep their columns' names. ONNX has one space of names for inputs and outputs: where a column is called as an
 * output is, the output gives way (`predicted_label`), and the metadata property `outputs` says so. ONNX has no input
 * without a name: a column named '' is `column_<place>`, and the metadata property `inputs` pairs each column with its input.
 */
export function onnxInterface(preparation: Preparation): OnnxInterface {
  const columns = preparation.kind === 'images' ? ['image'] : preparation.features.map(({ column }) => column);
  const taken = new Set(columns);
  const free = (name: string, next: (name: string) => string) => {
    while (taken.has(name)) name = next(name);
    taken.add(name);
    return name;
  };
  const inputs = columns.map((column, place) => {
    if (column.includes('\0')) {
      throw new UserError(
        'unsupported',
        `column name ${JSON.stringify(column)}: an ONNX input cannot hold a zero byte. Rename the column and train again.`,
      );
    }
    return column === '' ? free(`column_${place}`, (name) => `${name}_`) : column;
  });
  const output = (name: string) => free(name, (other) => `predicted_${other}`);
  const outputs =
    preparation.target.kind === 'value'
      ? { value: output('value') }
      : { label: output('label'), probabilities: output('probabilities') };
  return { inputs, outputs };
}
