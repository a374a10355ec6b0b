// An embedding: rows of a table by whole numbers. Its gradient is gathered, not scattered: a thread looks through the
// batch for the places that name its row, so that the sum has one order.

import type { Operation } from '../graph.ts';
import type { Draft, Kernel } from '../wgsl.ts';
import { definePut, gradientOf, rowOf, type Pass } from './tail.ts';

export type Embedding = Extract<Operation, { kind: 'embedding' }>;

const WIDTH = 8;

export function embeddingForward(draft: Draft, operation: Embedding, pass: Pass): Kernel {
  const { input, output, table, vocabulary, name } = operation;
  const [length, dimension] = output.shape;
  const ids = draft.read(input.tensor.name);
  const weights = draft.read('weights');
  const put = definePut(draft, output.tensor, pass);
  const row = rowOf(draft, input.tensor, pass, `(p / ${length}u)`);
  return draft.threads(
    name,
    pass.rows * output.tensor.size,
    `let p = i / ${dimension}u;
let id = min(u32(${ids}[${row} * ${length}u + p % ${length}u]), ${vocabulary - 1}u);
${put}(i, ${weights}[${table.offset}u + id * ${dimension}u + i % ${dimension}u]);`,
  );
}

/** @param take statements that take a number of the table's gradient by its place */
export function embeddingGradient(
  draft: Draft,
  operation: Embedding,
  pass: Pass,
  take: (place: string, value: string) => string,
): Kernel {
  const { input, output, vocabulary, name } = operation;
  const [length, dimension] = output.shape;
  const ids = draft.read(input.tensor.name);
  const d = draft.read(gradientOf(output.tensor));
  const width = Math.min(WIDTH, dimension);
  const pieces = Math.ceil(dimension / width);
  const each = (make: (k: number) => string) => Array.from({ length: width }, (_, k) => make(k)).join('\n');
  const guard = (k: number, text: string) =>
    dimension % width === 0 ? text : `if (first + ${k}u < ${dimension}u) { ${text} }`;
  return draft.threads(
    `${name} weight gradient`,
    vocabulary * pieces,
    `let id = i / ${pieces}u;
let first = (i % ${pieces}u) * ${width}u;
${each((k) => `var s${k} = 0.0;`)}
for (var b = 0u; b < ${pass.rows}u; b++) {
let row = ${rowOf(draft, input.tensor, pass, 'b')} * ${length}u;
for (var t = 0u; t < ${length}u; t++) {
if (min(u32(${ids}[row + t]), ${vocabulary - 1}u) == id) {
let at = (b * ${length}u + t) * ${dimension}u + first;
${each((k) => guard(k, `s${k} += ${d}[at + ${k}u];`))}
}
}
}
${each((k) => guard(k, take(`(id * ${dimension}u + first + ${k}u)`, `s${k}`)))}`,
  );
}
