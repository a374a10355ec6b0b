// One network being trained by the compiled trainer of src/gpu. The rows lie on the device from the beginning; a run of
// many steps, and the scores after them, cost one wait.

import { abortError } from '../base/errors.ts';
import type { Gpu } from '../gpu/device.ts';
import { buildGraph } from '../gpu/graph.ts';
import { compileTraining, LossError } from '../gpu/trainer.ts';
import type { Tuning } from '../gpu/tune.ts';
import { nameWeights } from '../gpu/weights.ts';
import { lossOf } from '../model/loss.ts';
import { spread, type Checkpoint, type Learner, type LearnerInput } from './learner.ts';

/** @param tuning measurements of earlier trainings, and where new ones are put */
export async function createGpuLearner(
  gpu: Gpu,
  tuning: Tuning,
  input: LearnerInput,
  begin: Checkpoint,
): Promise<Learner> {
  const { network, training, seed, train, validation, signal } = input;
  const { optimizer, l1, l2, clipNorm } = training;
  const graph = buildGraph(network, 'x');
  const trainer = await compileTraining({
    gpu,
    network,
    batchSize: training.batchSize,
    optimizer,
    l1,
    l2,
    clipNorm,
    loss: lossOf(training, network.head),
    data: train,
    seed,
    frozen: input.frozen,
    initial: begin.kept ?? begin.weights,
    tuning,
  });
  let { steps } = begin;
  let pass = begin.pass && { ...begin.pass };
  let hasKept = begin.kept !== null;
  const batchSize = Math.min(training.batchSize, train.rows);

  if (hasKept) {
    trainer.keepWeights();
    trainer.writeWeights(begin.weights);
  }
  const slots = begin.slots.map((weights) => {
    const flat = new Float32Array(graph.parameters);
    const byName = new Map(weights.map((weight) => [weight.name, weight.data]));
    for (const { name, offset } of graph.weights) flat.set(byName.get(name) ?? [], offset);
    return flat;
  });
  trainer.writeOptimizer({ steps, slots });
  if (pass) trainer.setPermutation(pass.order, pass.done);
  if (begin.sums) trainer.writeSums(spread(begin.sums, batchSize));

  /** The promise, or an AbortError as soon as the signal says so; what is submitted is not waited for. */
  function unlessAborted<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(abortError());
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort);
      promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    });
  }

  return {
    async beginEpoch(order) {
      pass = { order, done: 0 };
      trainer.setPermutation(order);
    },
    async run(learningRates, { score, clear }) {
      const rows = Math.min(learningRates.length * batchSize, train.rows - pass!.done);
      const seen = trainer.run(learningRates, clear).catch((error: unknown) => {
        if (!(error instanceof LossError)) throw error;
        return { loss: error.loss, metric: NaN, weight: 0, rows }; // the loop says in which epoch it was
      });
      const scored = score && validation ? trainer.evaluate(validation) : null;
      const both = await unlessAborted(Promise.all([seen, scored]));
      steps += learningRates.length;
      pass!.done += rows;
      return { seen: both[0], validation: both[1] };
    },
    async keep() {
      trainer.keepWeights();
      hasKept = true;
    },
    readKept: () => unlessAborted(trainer.readKept()),
    async save() {
      const [weights, state, kept, sums] = await unlessAborted(
        Promise.all([
          trainer.readWeights(),
          trainer.readOptimizer(),
          hasKept ? trainer.readKept() : null,
          trainer.readSums(),
        ]),
      );
      const slots = state.slots.map((slot) => nameWeights(graph, slot));
      return { steps, weights, slots, kept, pass: pass && { ...pass }, sums };
    },
    dispose: () => trainer.dispose(),
  };
}
