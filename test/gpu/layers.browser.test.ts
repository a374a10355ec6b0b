// Each layer's gradients, compiled, against TensorFlow.js on the CPU.

import { expect, test } from 'vitest';
import { COMPILED_CASES, type LayerCase } from '../layerCases.ts';
import { above, compareStep } from './cases.ts';

const TOLERANCE = 1e-4;

async function agrees({ inputShape, layers, rows, batch }: Omit<LayerCase, 'name'>): Promise<void> {
  const network = { inputShape, layers, head: { kind: 'softmax' as const, units: 3 } };
  expect(above(await compareStep(network, { rows, batch }), TOLERANCE)).toEqual({});
}

test.each(COMPILED_CASES)('$name', agrees);

test('more numbers than one axis of a dispatch holds', () =>
  agrees({ inputShape: [120_000], layers: [{ kind: 'dropout', rate: 0.5 }], rows: 40 }));
