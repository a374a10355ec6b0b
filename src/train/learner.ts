// One network being trained, as it lies on the device: its weights, what the optimiser remembers, and the step that
// moves them. Tensors live from `createLearner` to `dispose`. It knows no epochs and never waits.

import type { TrainingSpec } from '../model/recipe.ts';
import type { Network, Weight } from '../model/spec.ts';
import { initialWeights, weightSlots } from '../model/weights.ts';
import type { Batch } from './batches.ts';
import { forward, rowLosses, rowMetrics } from './network.ts';
import { addPenalty, createOptimizer } from './optimizers.ts';
import type { Tensor, Tf } from './tf.ts';

/** All weights at one moment; the holder disposes it. */
export interface Snapshot {
  /** every trainable weight, one after the other, [weights] */
  flat: Tensor;
  moving: Map<string, Tensor>;
}

export interface Learner {
  /** One step on a batch. Loss and metric are added to the sums that `takeSums` hands out. */
  step(batch: Batch, learningRate: number): void;
  /** [2]: the sums of weight * loss and of the metric over the rows of every step since the last call; the taker disposes it. */
  takeSums(): Tensor;
  /** [2]: the same sums over one batch, without learning from it; the taker disposes it. */
  evaluate(batch: Batch): Tensor;
  /** Costs no copy: no tensor is ever written to twice. */
  snapshot(): Snapshot;
  readWeights(snapshot: Snapshot): Promise<Weight[]>;
  dispose(): void;
}

export function disposeSnapshot(snapshot: Snapshot | null): void {
  snapshot?.flat.dispose();
  snapshot?.moving.forEach((tensor) => tensor.dispose());
}

/**
 * @param initial weights to go on from, by name; seeded ones otherwise
 */
export function createLearner(
  tf: Tf,
  network: Network,
  training: TrainingSpec,
  seed: number,
  initial: Weight[] | undefined,
): Learner {
  const slots = weightSlots(network);
  const begin = new Map((initial ?? initialWeights(network, seed)).map((weight) => [weight.name, weight]));
  const startOf = (name: string, size: number): Float32Array => {
    const weight = begin.get(name);
    if (!weight) throw new Error(`no initial weight ${name}`);
    if (weight.data.length !== size)
      throw new Error(`initial weight ${name} has ${weight.data.length} of ${size} numbers`);
    return weight.data;
  };
  const size = (shape: number[]) => shape.reduce((product, length) => product * length, 1);
  const trained = slots.filter(({ role }) => role !== 'movingMean' && role !== 'movingVariance');
  const averaged = slots.filter((slot) => !trained.includes(slot));
  const sizes = trained.map(({ shape }) => size(shape));
  const count = sizes.reduce((sum, length) => sum + length, 0);

  const start = new Float32Array(count);
  const kernelMask = new Float32Array(count);
  let offset = 0;
  trained.forEach(({ name, role }, index) => {
    start.set(startOf(name, sizes[index]), offset);
    if (role === 'kernel') kernelMask.fill(1, offset, offset + sizes[index]);
    offset += sizes[index];
  });

  const optimizer = createOptimizer(tf, training.optimizer);
  let steps = 0;
  let flat: Tensor = tf.tensor1d(start);
  const kernels: Tensor = tf.tensor1d(kernelMask);
  let state: Tensor[] = Array.from({ length: optimizer.slots }, () => tf.zeros([count]));
  let sums: Tensor = tf.zeros([2]);
  let moving = new Map<string, Tensor>(
    averaged.map(({ name, shape }) => [name, tf.tensor(startOf(name, size(shape)), shape)]),
  );

  /** The flat vector cut into the weights of the layers. Call within `tf.tidy`. */
  const cut = (vector: Tensor): Tensor[] =>
    tf.split(vector, sizes).map((piece, index) => tf.reshape(piece, trained[index].shape));
  const named = (pieces: Tensor[]): Map<string, Tensor> =>
    new Map([...trained.map(({ name }, index) => [name, pieces[index]] as const), ...moving]);
  const load = (batch: Batch) => ({
    x: tf.tensor(batch.x, [batch.rows, ...network.inputShape]),
    y: tf.tensor(batch.y, [batch.rows, batch.y.length / batch.rows]),
    weights: tf.tensor1d(batch.weights),
  });
  const sumsOf = (losses: Tensor, metrics: Tensor, weights: Tensor): Tensor =>
    tf.stack([tf.sum(tf.mul(losses, weights)), tf.sum(metrics)]);

  return {
    step(batch, learningRate) {
      const kept: Tensor[] = [];
      const moved = new Map<string, Tensor>();
      try {
        const next = tf.tidy(() => {
          const { x, y, weights } = load(batch);
          const loss = (...pieces: Tensor[]) => {
            const logits = forward(tf, network, named(pieces), x, {
              seed,
              step: steps,
              onMoving: (name, value) => moved.set(name, value),
            });
            const losses = rowLosses(tf, network.head, logits, y);
            kept.push(tf.keep(sumsOf(losses, rowMetrics(tf, network.head, logits, y), weights)));
            return tf.div(tf.sum(tf.mul(losses, weights)), batch.weight) as never;
          };
          const { grads } = tf.valueAndGrads(loss)(cut(flat));
          const gradient = addPenalty(tf, tf.concat(grads.map((g) => tf.reshape(g, [-1]))), flat, kernels, training);
          const update = optimizer.update(flat, gradient, state, learningRate, steps + 1, kernels);
          return { weights: update.weights, state: update.state, sums: tf.add(sums, kept[0]) };
        });
        tf.dispose([flat, state, sums, [...moved.keys()].map((name) => moving.get(name)!)]);
        flat = next.weights;
        state = next.state;
        sums = next.sums;
        moving = new Map([...moving, ...moved]);
        steps++;
      } catch (error) {
        moved.forEach((tensor) => tensor.dispose());
        throw error;
      } finally {
        tf.dispose(kept);
      }
    },
    takeSums() {
      const taken = sums;
      sums = tf.zeros([2]);
      return taken;
    },
    evaluate(batch) {
      return tf.tidy(() => {
        const { x, y, weights } = load(batch);
        const logits = forward(tf, network, named(cut(flat)), x, null);
        return sumsOf(rowLosses(tf, network.head, logits, y), rowMetrics(tf, network.head, logits, y), weights);
      });
    },
    snapshot: () => ({
      flat: tf.clone(flat),
      moving: new Map([...moving].map(([name, tensor]) => [name, tf.clone(tensor)])),
    }),
    async readWeights(snapshot) {
      const all = (await snapshot.flat.data()) as Float32Array;
      const weights = new Map<string, Float32Array>();
      let from = 0;
      trained.forEach(({ name }, index) => {
        weights.set(name, all.slice(from, from + sizes[index]));
        from += sizes[index];
      });
      for (const [name, tensor] of snapshot.moving) weights.set(name, Float32Array.from(await tensor.data()));
      return slots.map(({ name, shape }) => ({ name, shape, data: weights.get(name)! }));
    },
    dispose() {
      tf.dispose([flat, kernels, state, sums, [...moving.values()]]);
    },
  };
}
