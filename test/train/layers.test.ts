// What the TensorFlow.js learner computes, against networks written anew from the definitions of their layers.

import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import { buildGraph } from '../../src/gpu/graph.ts';
import { isTrained, type WeightSlot } from '../../src/model/slots.ts';
import type { Network, Weight } from '../../src/model/spec.ts';
import { weightSlots } from '../../src/model/weights.ts';
import { useBackend } from '../../src/train/backend.ts';
import { rowLosses } from '../../src/train/losses.ts';
import { forward } from '../../src/train/network.ts';
import { loadTf, type Tensor, type Tf } from '../../src/train/tf.ts';
import { above, randomRows, randomWeights, relativeError } from '../gpu/cases.ts';
import { referencePredict, referenceStep } from '../gpu/reference.ts';
import { COMPILED_CASES, LAYER_CASES } from '../layerCases.ts';

let tf: Tf;
beforeAll(async () => {
  await useBackend('cpu');
  tf = await loadTf();
});

const TOLERANCE = 1e-4;
const CLASSES = 3;

/** Gradients of every weight and moving averages after one step, by the learner's own forward pass. */
function step(network: Network, weights: Weight[], x: Float32Array, y: Float32Array, rowWeights: Float32Array) {
  const slots = new Map<string, WeightSlot>(weightSlots(network).map((slot) => [slot.name, slot]));
  const trained = weights.filter(({ name }) => isTrained(slots.get(name)!));
  const seen = new Map<string, Float32Array>();
  tf.tidy(() => {
    const fixed = weights.map(({ name, shape, data }) => [name, tf.tensor(data, shape)] as const);
    const loss = (...pieces: Tensor[]) => {
      const all = new Map<string, Tensor>([...fixed, ...trained.map(({ name }, i) => [name, pieces[i]] as const)]);
      const logits = forward(tf, network, all, tf.tensor(x, [y.length, ...network.inputShape]), {
        seed: 1,
        step: 0,
        onMoving(name, value) {
          seen.set(name, value.dataSync().slice() as Float32Array);
          value.dispose();
        },
      });
      const hot = tf.oneHot(tf.tensor1d(Int32Array.from(y), 'int32'), CLASSES);
      const mass = tf.tensor1d(rowWeights);
      return tf.div(
        tf.sum(tf.mul(rowLosses(tf, network.head, { kind: 'crossEntropy' }, logits, hot), mass)),
        tf.sum(mass),
      ) as never;
    };
    const { grads } = tf.valueAndGrads(loss)(trained.map(({ data, shape }) => tf.tensor(data, shape)));
    trained.forEach(({ name }, i) => seen.set(name, grads[i].dataSync().slice() as Float32Array));
  });
  return seen;
}

it('weights have the names and shapes that the compiled trainer gives them', () => {
  for (const { inputShape, layers } of COMPILED_CASES) {
    const network: Network = { inputShape, layers, head: { kind: 'softmax', units: CLASSES } };
    const named = (list: { name: string; shape: number[] }[]) => list.map(({ name, shape }) => ({ name, shape }));
    expect(named(weightSlots(network))).toEqual(named(buildGraph(network, 'x').weights));
  }
});

describe('gradients, moving averages and predictions are those of the definition', () => {
  it.each(LAYER_CASES)('$name', async ({ inputShape, layers, rows = 6 }) => {
    const network: Network = { inputShape, layers, head: { kind: 'softmax', units: CLASSES } };
    const random = createRandom(1);
    const { x, y, weights: rowWeights } = randomRows(network, rows, random);
    const weights = randomWeights(network, random);
    const wanted = await referenceStep(network, weights, {
      x,
      y,
      weights: rowWeights!,
      rows,
      seed: 1,
      step: 0,
      loss: { kind: 'crossEntropy' },
    });
    const largest = Math.max(...[...wanted.gradients.values()].map((all) => Math.max(...all.map(Math.abs))));
    const errors: Record<string, number> = {};
    for (const [name, values] of step(network, weights, x, y, rowWeights!)) {
      const moved = wanted.moved.get(name);
      errors[name] = moved
        ? relativeError(values, moved)
        : relativeError(values, wanted.gradients.get(name)!, 0.01 * largest);
    }
    expect(Object.keys(errors)).toHaveLength(weights.length);

    const said = tf.tidy(() => {
      const all = new Map(weights.map(({ name, shape, data }) => [name, tf.tensor(data, shape) as Tensor]));
      const logits = forward(tf, network, all, tf.tensor(x, [rows, ...inputShape]), null);
      return tf.softmax(logits).dataSync() as Float32Array;
    });
    errors.prediction = relativeError(said, await referencePredict(network, weights, x, rows));
    expect(above(errors, TOLERANCE)).toEqual({});
  });
});
