// The loss of each row, its derivative by the logits and the metric, in one kernel: a thread a row. Each place of the
// batch adds up its own losses over the steps, so that no two threads write one number; whoever reads adds the places.

import type { LossSpec } from '../../model/recipe.ts';
import type { Head } from '../../model/spec.ts';
import { headUnits } from '../../model/spec.ts';
import type { Tensor } from '../graph.ts';
import type { Dense } from './dense.ts';
import type { Product } from './product.ts';
import { float, type Draft, type Kernel } from '../wgsl.ts';
import { gradientOf, rowOf, type Pass } from './tail.ts';

/**
 * Statements that score one row of the batch: they add to its sums and, in training, write the derivative.
 * @param logits expressions, or a function from an index expression where the head is wide
 */
function scoreRow(
  draft: Draft,
  head: Head,
  loss: LossSpec,
  source: Tensor,
  logits: Tensor,
  pass: Pass,
  row: string,
  logit: (index: string) => string,
): string {
  const units = headUnits(head);
  const step = draft.step();
  const sums = draft.write('sums');
  const target = `${draft.read(pass.training ? 'y' : 'evaluation.y')}[at]`;
  const weight = `${draft.read(pass.training ? 'rowWeights' : 'evaluation.rowWeights')}[at]`;
  const give = (index: string, value: string) =>
    pass.training ? `${draft.write(gradientOf(logits))}[row * ${units}u + ${index}] = ${value} * scale;` : '';
  const scored = scoreOf(head, loss, units, logit, give);
  return `let row = ${row};
let at = ${rowOf(draft, source, pass, 'row')};
let present = row < ${step}.rows;
let weight = select(0.0, ${weight}, present);
let t = ${target};
let scale = weight * ${step}.scale;
${scored}
if (present) {
${sums}[row] += weight * loss;
${sums}[${pass.rows}u + row] += metric;
}`;
}

/** Statements that declare `loss` and `metric` and hand on the derivatives. */
function scoreOf(
  head: Head,
  loss: LossSpec,
  units: number,
  logit: (index: string) => string,
  give: (index: string, value: string) => string,
): string {
  if (head.kind === 'value') {
    const [value, slope] = errorOf(loss);
    return `let e = ${logit('0u')} - t;
let loss = ${value};
let metric = abs(e);
${give('0u', slope)}`;
  }
  if (loss.kind !== 'crossEntropy') throw new Error(`loss ${loss.kind} goes with a value, the head is a ${head.kind}`);
  const smoothing = loss.labelSmoothing ?? 0;
  if (head.kind === 'sigmoid') {
    return `let z = ${logit('0u')};
let aim = ${smoothing === 0 ? 't' : `t * ${float(1 - smoothing)} + ${float(smoothing / 2)}`};
let loss = max(z, 0.0) - z * aim + log(1.0 + exp(-abs(z)));
let metric = select(0.0, 1.0, (z > 0.0) == (t > 0.5));
${give('0u', '(1.0 / (1.0 + exp(-z)) - aim)')}`;
  }
  const mean = smoothing === 0 ? '' : ` - ${float(smoothing / units)} * total`;
  return `let class_ = u32(t);
var top = ${logit('0u')};
var best = 0u;
for (var j = 1u; j < ${units}u; j++) { if (${logit('j')} > top) { top = ${logit('j')}; best = j; } }
var sum = 0.0;
${smoothing === 0 ? '' : 'var total = 0.0;'}
for (var j = 0u; j < ${units}u; j++) { sum += exp(${logit('j')} - top);${smoothing === 0 ? '' : ` total += ${logit('j')};`} }
let loss = log(sum) + top - ${smoothing === 0 ? '' : `${float(1 - smoothing)} * `}${logit('class_')}${mean};
let metric = select(0.0, 1.0, best == class_);
${
  give('', '') === ''
    ? ''
    : `for (var j = 0u; j < ${units}u; j++) {
${give('j', `(exp(${logit('j')} - top) / sum - select(${float(smoothing / units)}, ${float(1 - smoothing + smoothing / units)}, j == class_))`)}
}`
}`;
}

/** The loss and its derivative as expressions of the error `e`. */
function errorOf(loss: LossSpec): [string, string] {
  switch (loss.kind) {
    case 'meanSquaredError':
      return ['e * e', '(2.0 * e)'];
    case 'meanAbsoluteError':
      return ['abs(e)', 'sign(e)'];
    case 'huber': {
      const delta = float(loss.delta);
      return [
        `select(${delta} * (abs(e) - 0.5 * ${delta}), 0.5 * e * e, abs(e) <= ${delta})`,
        `clamp(e, -${delta}, ${delta})`,
      ];
    }
    case 'crossEntropy':
      throw new Error('cross-entropy needs classes, the head gives a value');
    default:
      loss satisfies never;
      throw new Error('no such loss');
  }
}

/** Widest head whose logits a thread holds all at once, so that they are scored where they are made. */
const FUSED_UNITS = 16;

/** A head's product that scores its rows instead of writing logits; null where the head is too wide. */
export function scoredHead(
  draft: Draft,
  product: Product,
  head: Head,
  loss: LossSpec,
  source: Tensor,
  operation: Dense,
  pass: Pass,
): Product | null {
  const units = headUnits(head);
  if (units > FUSED_UNITS) return null;
  const text = scoreRow(draft, head, loss, source, operation.output.tensor, pass, 'at_', (index) => `held[${index}]`);
  const score = draft.define(
    'score',
    `fn score(at_: u32, logits: array<f32, ${units}>) {\nvar held = logits;\n${text}\n}`,
  );
  const weights = draft.read('weights');
  const logits = (values: string[]) =>
    values.map((value, unit) => `${value} + ${weights}[${operation.bias.offset + unit}u]`).join(', ');
  return {
    ...product,
    label: `${operation.name} loss`,
    storeRow: (row, values) => `${score}(${row}, array<f32, ${units}>(${logits(values)}));`,
  };
}

/** Scores every row from the logits in their buffer. */
export function lossKernel(
  draft: Draft,
  head: Head,
  loss: LossSpec,
  source: Tensor,
  logits: Tensor,
  pass: Pass,
): Kernel {
  const z = draft.read(logits.name);
  const units = headUnits(head);
  const text = scoreRow(draft, head, loss, source, logits, pass, 'i', (index) => `${z}[i * ${units}u + ${index}]`);
  return draft.threads(`${logits.name} loss`, pass.rows, text);
}
