// The optimisers, as what is done with one number of a gradient the moment it is known. Formulas are PyTorch's, as in
// train/optimizers.ts: penalties join the gradient, decoupled decay does not, both for kernels alone.

import type { OptimizerSpec } from '../../model/recipe.ts';
import { float, type Draft, type Kernel } from '../wgsl.ts';

export interface UpdateRule {
  optimizer: OptimizerSpec;
  /** penalty l1 * sum |w| + l2 * sum w^2 over kernels */
  l1: number;
  l2: number;
  /** the gradient of all weights together is scaled down to this length; null: it is not */
  clipNorm: number | null;
}

/** Numbers that the optimiser remembers for each weight. */
export function slotsOf({ kind }: OptimizerSpec): number {
  return kind === 'sgd' ? 0 : kind === 'adam' || kind === 'adamw' ? 2 : 1;
}

/**
 * Defines `update(i, g, kernel)`: takes `g`, the gradient of number `i` of the flat weights. Where the whole gradient
 * must be known first, it is only written down.
 */
export function defineUpdate(draft: Draft, rule: UpdateRule): string {
  if (rule.clipNorm !== null) {
    const penalty = penaltyOf(rule, () => `${draft.read('weights')}[i]`);
    return draft.define(
      'update',
      `fn update(i: u32, g: f32, kernel: bool) { ${draft.write('gradient')}[i] = g${penalty}; }`,
    );
  }
  const weights = draft.write('weights');
  const penalty = penaltyOf(rule, () => `${weights}[i]`);
  return draft.define(
    'update',
    `fn update(i: u32, raw: f32, kernel: bool) {
  let g = raw${penalty};
  ${moveOf(draft, rule.optimizer, weights)}
}`,
  );
}

/** Two kernels: the length of the gradient, in two steps, and the update by it. `isKernel` is an expression of `i`. */
export function clippedUpdate(draft: () => Draft, rule: UpdateRule, parameters: number, isKernel: string): Kernel[] {
  const parts = Math.min(256, Math.ceil(parameters / 16));
  const squares = draft();
  const sums = draft();
  const update = draft();
  const weights = update.write('weights');
  const partial = (text: Draft) => text.write('norm');
  return [
    squares.threads(
      'gradient squares',
      parts,
      `var sum = 0.0;
for (var j = i; j < ${parameters}u; j += ${parts}u) { let g = ${squares.read('gradient')}[j]; sum += g * g; }
${partial(squares)}[i] = sum;`,
    ),
    sums.threads(
      'gradient norm',
      1,
      `var sum = 0.0;
for (var j = 0u; j < ${parts}u; j++) { sum += ${partial(sums)}[j]; }
${partial(sums)}[256] = min(1.0, ${float(rule.clipNorm!)} / (sqrt(sum) + 1e-6));`,
    ),
    update.threads(
      'clipped update',
      parameters,
      `let g = ${update.read('gradient')}[i] * ${update.read('norm')}[256];
let kernel = ${isKernel};
${moveOf(update, rule.optimizer, weights)}`,
    ),
  ];
}

function penaltyOf({ l1, l2 }: UpdateRule, weight: () => string): string {
  const terms = [
    l1 > 0 ? `${float(l1)} * sign(${weight()})` : null,
    l2 > 0 ? `${float(2 * l2)} * ${weight()}` : null,
  ].filter((term) => term !== null);
  return terms.length === 0 ? '' : ` + select(0.0, ${terms.join(' + ')}, kernel)`;
}

/** Statements that move `weights[i]` by its gradient `g`; `kernel` says whether decay applies. */
function moveOf(draft: Draft, spec: OptimizerSpec, weights: string): string {
  const step = draft.step();
  const first = () => `${draft.write('slot0')}[i]`;
  const second = () => `${draft.write('slot1')}[i]`;
  const mix = (old: string, fresh: string, keep: number) => `${float(keep)} * ${old} + ${float(1 - keep)} * ${fresh}`;
  switch (spec.kind) {
    case 'sgd':
      return `${weights}[i] -= ${step}.rate * g;`;
    case 'momentum': {
      const direction = spec.nesterov ? `(g + ${float(spec.momentum)} * v)` : 'v';
      return `let v = ${float(spec.momentum)} * ${first()} + g;
  ${first()} = v;
  ${weights}[i] -= ${step}.rate * ${direction};`;
    }
    case 'rmsprop':
      return `let s = ${mix(first(), 'g * g', spec.decay)};
  ${first()} = s;
  ${weights}[i] -= ${step}.rate * g / (sqrt(s) + ${float(spec.epsilon)});`;
    case 'adam':
    case 'adamw': {
      const decayed =
        spec.kind === 'adamw' && spec.weightDecay > 0
          ? `select(w, w - w * (${step}.rate * ${float(spec.weightDecay)}), kernel)`
          : 'w';
      return `let m = ${mix(first(), 'g', spec.beta1)};
  let s = ${mix(second(), 'g * g', spec.beta2)};
  ${first()} = m;
  ${second()} = s;
  let w = ${weights}[i];
  ${weights}[i] = ${decayed} - m / (sqrt(s) * ${step}.root + ${float(spec.epsilon)}) * ${step}.corrected;`;
    }
    default:
      spec satisfies never;
      throw new Error('no such optimiser');
  }
}
