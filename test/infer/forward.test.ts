// The plain forward pass against TensorFlow.js, on networks that between them have every layer.

import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import { createForward } from '../../src/infer/forward.ts';
import type { Head, Network } from '../../src/model/spec.ts';
import { useBackend } from '../../src/train/backend.ts';
import { activateHead } from '../../src/train/losses.ts';
import { forward } from '../../src/train/network.ts';
import { loadTf, type Tensor, type Tf } from '../../src/train/tf.ts';
import { randomRows, randomWeights } from '../gpu/cases.ts';
import { LAYER_CASES } from '../layerCases.ts';

let tf: Tf;
beforeAll(async () => {
  await useBackend('cpu');
  tf = await loadTf();
});

const ROWS = 5;

/** Largest difference from TensorFlow.js of what the head gives. */
function difference(network: Network, seed: number): number {
  const random = createRandom(seed);
  const { x } = randomRows(network, ROWS, random);
  const weights = randomWeights(network, random);
  const said = tf.tidy(() => {
    const all = new Map(weights.map(({ name, shape, data }) => [name, tf.tensor(data, shape) as Tensor]));
    const logits = forward(tf, network, all, tf.tensor(x, [ROWS, ...network.inputShape]), null);
    return activateHead(tf, network.head, logits).dataSync() as Float32Array;
  });
  const run = createForward(network, weights);
  const width = x.length / ROWS;
  const own = Array.from({ length: ROWS }, (_, row) => [...run(x.slice(row * width, (row + 1) * width))]).flat();
  expect(own).toHaveLength(said.length);
  return Math.max(...own.map((value, i) => Math.abs(value - said[i])));
}

describe('the plain forward pass says what TensorFlow.js says', () => {
  it.each(LAYER_CASES)('$name', ({ inputShape, layers }) => {
    // the probabilities of three classes: float32 sums in another order differ less, most where gates have no bound
    expect(difference({ inputShape, layers, head: { kind: 'softmax', units: 3 } }, 1)).toBeLessThan(3e-6);
  });

  it.each([{ kind: 'sigmoid' }, { kind: 'value' }] satisfies Head[])('with a head of kind $kind', (head) => {
    const network: Network = { inputShape: [6], layers: [{ kind: 'dense', units: 8, activation: 'tanh' }], head };
    expect(difference(network, 2)).toBeLessThan(1e-6);
  });
});

it('refuses weights that are not those of the network, by name', () => {
  const network: Network = { inputShape: [4], layers: [], head: { kind: 'value' } };
  const weights = randomWeights(network, createRandom(3));
  expect(() => createForward(network, weights.slice(1))).toThrow(/^invalid weight head\/kernel: it is absent/);
  weights[0].data = weights[0].data.slice(1);
  expect(() => createForward(network, weights)).toThrow(/^invalid weight head\/kernel: it is \[4,1\]/);
});
