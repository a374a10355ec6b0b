// One network being trained by TensorFlow.js, as it lies on its device: the weights, what the optimiser remembers, and
// the step that moves them. Tensors live from `createTfLearner` to `dispose`. It knows no epochs but their order.

import { abortError } from '../base/errors.ts';
import { lossOf } from '../model/loss.ts';
import type { Weight } from '../model/spec.ts';
import { isKernel, isTrained, layerOf } from '../model/slots.ts';
import { weightSlots } from '../model/weights.ts';
import { gatherBatch, type Batch, type TrainRows } from './batches.ts';
import type { BackendName } from './events.ts';
import { checkDevice, explainFailure, whileDeviceWorks } from './faults.ts';
import { spread, type Checkpoint, type Learner, type LearnerInput, type PartialSums, type Sums } from './learner.ts';
import { rowLosses, rowMetrics } from './losses.ts';
import { forward } from './network.ts';
import { addPenalty, clipGradient, createOptimizer } from './optimizers.ts';
import { createPace } from './pace.ts';
import { dropGradients, type Tensor, type Tf } from './tf.ts';

/** All weights at one moment. No tensor is ever written to twice, so it costs no copy. */
interface Snapshot {
  /** every trainable weight, one after the other, [weights] */
  flat: Tensor;
  moving: Map<string, Tensor>;
}

const sizeOf = (shape: number[]): number => shape.reduce((product, length) => product * length, 1);

/** A learner on the backend that TensorFlow.js has in use. */
export function createTfLearner(tf: Tf, input: LearnerInput, begin: Checkpoint): Learner {
  const { network, training, seed, signal } = input;
  const { head } = network;
  const lossSpec = lossOf(training, head);
  const slots = weightSlots(network);
  const frozen: ReadonlySet<string> = new Set(input.frozen);
  const isFrozen = ({ name }: { name: string }) => frozen.has(layerOf(name));
  const free = slots.filter((slot) => !isFrozen(slot));
  const trained = free.filter(isTrained);
  const averaged = free.filter((slot) => !isTrained(slot));
  const sizes = trained.map(({ shape }) => sizeOf(shape));
  const count = sizes.reduce((sum, length) => sum + length, 0);
  const batchSize = Math.min(training.batchSize, input.train.rows);
  const scoringSize = network.inputShape.length === 1 ? Math.max(batchSize, 256) : batchSize;
  const breathe = createPace();

  /** Named weights as one vector. @param absent what a weight that is not there has; null: it must be there */
  const flatten = (weights: Weight[], absent: number | null): Float32Array => {
    const byName = new Map(weights.map((weight) => [weight.name, weight.data]));
    const all = new Float32Array(count);
    let offset = 0;
    trained.forEach(({ name }, index) => {
      const data = byName.get(name);
      if (data?.length !== sizes[index] && (data || absent === null)) {
        throw new Error(`weight ${name} has ${data?.length ?? 'none'} of ${sizes[index]} numbers`);
      }
      if (data) all.set(data, offset);
      offset += sizes[index];
    });
    return all;
  };
  const upload = (weights: Weight[]): Snapshot => {
    const byName = new Map(weights.map((weight) => [weight.name, weight.data]));
    return {
      flat: tf.tensor1d(flatten(weights, null)),
      moving: new Map(averaged.map(({ name, shape }) => [name, tf.tensor(byName.get(name)!, shape)])),
    };
  };

  const kernelMask = flatten(
    trained.map((slot) => ({
      ...slot,
      data: new Float32Array(sizeOf(slot.shape)).fill(isKernel(slot) ? 1 : 0),
    })),
    null,
  );
  const optimizer = createOptimizer(tf, training.optimizer);
  const still = begin.weights.filter(isFrozen);
  const held = new Map(still.map(({ name, shape, data }) => [name, tf.tensor(data, shape)]));
  let { steps } = begin;
  let pass = begin.pass && { ...begin.pass };
  let { flat, moving } = upload(begin.weights);
  let kept: Snapshot | null = begin.kept && upload(begin.kept);
  const kernels: Tensor = tf.tensor1d(kernelMask);
  let state: Tensor[] = Array.from({ length: optimizer.slots }, (_, slot) =>
    tf.tensor1d(flatten(begin.slots[slot] ?? [], 0)),
  );
  const begun = spread(begin.sums, 1);
  let sums: Tensor = tf.tensor1d([begun.loss[0], begun.metric[0]]);
  /** of the steps since the sums were cleared */
  let counted = { weight: begun.weight, rows: begun.rows };

  /** The flat vector cut into the weights of the layers. Call within `tf.tidy`. */
  const cut = (vector: Tensor): Tensor[] =>
    tf.split(vector, sizes).map((piece, index) => tf.reshape(piece, trained[index].shape));
  const named = (pieces: Tensor[]): Map<string, Tensor> =>
    new Map([...trained.map(({ name }, index) => [name, pieces[index]] as const), ...moving, ...held]);
  const load = (batch: Batch) => ({
    x: tf.tensor(batch.x, [batch.rows, ...network.inputShape]),
    y: tf.tensor(batch.y, [batch.rows, batch.y.length / batch.rows]),
    weights: tf.tensor1d(batch.weights),
  });
  const sumsOf = (losses: Tensor, metrics: Tensor, weights: Tensor): Tensor =>
    tf.stack([tf.sum(tf.mul(losses, weights)), tf.sum(metrics)]);

  function step(batch: Batch, learningRate: number): void {
    const added: Tensor[] = [];
    const moved = new Map<string, Tensor>();
    try {
      const next = tf.tidy(() => {
        const { x, y, weights } = load(batch);
        const loss = (...pieces: Tensor[]) => {
          const logits = forward(tf, network, named(pieces), x, {
            seed,
            step: steps,
            frozen,
            onMoving: (name, value) => moved.set(name, value),
          });
          const losses = rowLosses(tf, head, lossSpec, logits, y);
          added.push(tf.keep(sumsOf(losses, rowMetrics(tf, head, logits, y), weights)));
          return tf.div(tf.sum(tf.mul(losses, weights)), batch.weight || 1) as never;
        };
        const { grads } = tf.valueAndGrads(loss)(cut(flat));
        const whole = addPenalty(tf, tf.concat(grads.map((g) => tf.reshape(g, [-1]))), flat, kernels, training);
        const gradient = clipGradient(tf, whole, training.clipNorm ?? null);
        const update = optimizer.update(flat, gradient, state, learningRate, steps + 1, kernels);
        return { weights: update.weights, state: update.state, sums: tf.add(sums, added[0]) };
      });
      tf.dispose([flat, state, sums, [...moved.keys()].map((name) => moving.get(name)!)]);
      flat = next.weights;
      state = next.state;
      sums = next.sums;
      moving = new Map([...moving, ...moved]);
      steps++;
    } catch (error) {
      moved.forEach((tensor) => tensor.dispose());
      dropGradients(tf);
      throw error;
    } finally {
      tf.dispose(added);
    }
  }

  const score = (batch: Batch): Tensor =>
    tf.tidy(() => {
      const { x, y, weights } = load(batch);
      const logits = forward(tf, network, named(cut(flat)), x, null);
      return sumsOf(rowLosses(tf, head, lossSpec, logits, y), rowMetrics(tf, head, logits, y), weights);
    });

  async function read(tensor: Tensor): Promise<[number, number]> {
    try {
      const [loss, metric] = await whileDeviceWorks(tensor.data());
      return [loss, metric];
    } finally {
      tensor.dispose();
    }
  }

  /** Lets messages in, and ends what was aborted meanwhile. */
  async function pause(): Promise<void> {
    await breathe();
    if (signal.aborted) throw abortError();
    checkDevice();
  }

  async function evaluate(part: TrainRows): Promise<Sums> {
    const sums: Sums = { loss: 0, metric: 0, weight: 0, rows: part.rows };
    for (let from = 0; from < part.rows; from += scoringSize) {
      await pause();
      const batch = gatherBatch(part, head, null, from, Math.min(from + scoringSize, part.rows));
      const [loss, metric] = await read(score(batch));
      sums.loss += loss;
      sums.metric += metric;
      sums.weight += batch.weight;
    }
    return sums;
  }

  async function download(snapshot: Snapshot): Promise<Weight[]> {
    const learned = split(await whileDeviceWorks(snapshot.flat.data()));
    const weights = new Map([...learned, ...still].map((weight) => [weight.name, weight]));
    for (const { name, shape } of averaged) {
      const data = Float32Array.from(await whileDeviceWorks(snapshot.moving.get(name)!.data()));
      weights.set(name, { name, shape, data });
    }
    return slots.map(({ name }) => weights.get(name)!);
  }

  async function downloadSums(): Promise<PartialSums> {
    const [loss, metric] = await whileDeviceWorks(sums.data());
    return { loss: Float32Array.of(loss), metric: Float32Array.of(metric), ...counted };
  }

  /** One vector as named weights. */
  function split(all: ArrayLike<number>): Weight[] {
    let from = 0;
    return trained.map(({ name, shape }, index) => {
      const data = Float32Array.from((all as Float32Array).subarray(from, from + sizes[index]));
      from += sizes[index];
      return { name, shape, data };
    });
  }

  function disposeKept(): void {
    kept?.flat.dispose();
    kept?.moving.forEach((tensor) => tensor.dispose());
    kept = null;
  }

  const explained = async <T>(task: () => Promise<T>): Promise<T> => {
    try {
      checkDevice();
      return await task();
    } catch (error) {
      throw explainFailure(error, tf.getBackend() as BackendName);
    }
  };

  return {
    async beginEpoch(order) {
      pass = { order, done: 0 };
    },
    run: (learningRates, { score: scoring, clear }) =>
      explained(async () => {
        for (const rate of learningRates) {
          await pause();
          if (!pass || pass.done >= pass.order.length) throw new Error('the epoch is over: begin the next one');
          const to = Math.min(pass.done + batchSize, pass.order.length);
          const batch = gatherBatch(input.train, head, pass.order, pass.done, to);
          step(batch, rate);
          pass.done = to;
          counted = { weight: counted.weight + batch.weight, rows: counted.rows + batch.rows };
        }
        const [taken, seen] = [sums, counted];
        if (clear) counted = { weight: 0, rows: 0 };
        sums = clear ? tf.zeros([2]) : tf.clone(taken);
        const [loss, metric] = await read(taken);
        return {
          seen: { loss, metric, ...seen },
          validation: scoring && input.validation ? await evaluate(input.validation) : null,
        };
      }),
    async keep() {
      disposeKept();
      kept = {
        flat: tf.clone(flat),
        moving: new Map([...moving].map(([name, tensor]) => [name, tf.clone(tensor)])),
      };
    },
    readKept: () => explained(() => download(kept!)),
    save: () =>
      explained(async () => ({
        sums: await downloadSums(),
        steps,
        weights: await download({ flat, moving }),
        slots: await Promise.all(state.map(async (slot) => split(await whileDeviceWorks(slot.data())))),
        kept: kept && (await download(kept)),
        pass: pass && { ...pass },
      })),
    dispose() {
      disposeKept();
      tf.dispose([flat, kernels, state, sums, [...moving.values(), ...held.values()]]);
    },
  };
}
