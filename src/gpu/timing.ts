// How long a step of a training takes on a device, before it is begun: the same kernels on made-up rows.

import { createRandom } from '../base/random.ts';
import { headUnits } from '../model/spec.ts';
import { buildGraph } from './graph.ts';
import { compileTraining, type TrainingInput } from './trainer.ts';

export interface Timing {
  /** of a step, once everything is compiled */
  msPerStep: number;
  /** from the first call to the end of the first step */
  msToFirstStep: number;
}

/** Batches of which a made-up epoch consists, at most. */
const BATCHES = 4;

/**
 * Compiles a training and times its steps. What was compiled stays with the device, so that the training itself then
 * starts at once.
 * @param budget milliseconds of steps after which no further ones are begun
 * @param signal aborted: no further step is begun
 * @param onFirstStep it is done, so that there will be a figure
 * @throws AbortError where it was aborted before the first step; nothing is left on the device
 */
export async function timeSteps(
  input: Omit<TrainingInput, 'data' | 'initial' | 'seed'> & { rows: number },
  budget = 200,
  signal?: AbortSignal,
  onFirstStep = () => {},
): Promise<Timing> {
  const { network, batchSize } = input;
  const random = createRandom(1);
  const rows = Math.max(1, Math.min(input.rows, BATCHES * batchSize));
  const width = network.inputShape.reduce((all, size) => all * size, 1);
  const begin = performance.now();
  const trainer = await compileTraining({
    ...input,
    seed: 1,
    data: {
      rows,
      weights: null,
      x: Float32Array.from({ length: rows * width }, () => random.next()),
      y: Float32Array.from({ length: rows }, (_, row) => row % Math.max(2, headUnits(network.head))),
    },
    initial: buildGraph(network, 'x').weights.map(({ name, shape, size }) => ({
      name,
      shape,
      data: Float32Array.from({ length: size }, () => 0.1 * random.next()),
    })),
  });
  try {
    const order = Uint32Array.from({ length: rows }, (_, row) => row);
    const one = async () => {
      trainer.setPermutation(order);
      const begun = performance.now();
      await trainer.run([0]);
      return performance.now() - begun;
    };
    signal?.throwIfAborted();
    await one(); // waits for what is compiled
    onFirstStep();
    const msToFirstStep = performance.now() - begin;
    const alone = await one();
    if (signal?.aborted) return { msPerStep: alone, msToFirstStep };
    const enough = Math.max(1, Math.floor(budget / alone));
    const epoch = () => {
      trainer.setPermutation(order);
      const steps = Math.min(trainer.stepsLeft(), enough);
      return { steps, done: trainer.run(new Array<number>(steps).fill(0)) }; // a rate of 0 moves nothing, and takes as long
    };
    const most = Math.ceil(input.rows / batchSize); // a training waits for its sums at the end of an epoch at least
    const first = performance.now();
    let [steps, epochs, now] = [0, 1, first];
    do {
      const begun = Array.from({ length: epochs }, epoch);
      await Promise.all(begun.map(({ done }) => done));
      const more = begun.reduce((sum, { steps }) => sum + steps, 0);
      steps += more;
      const taken = performance.now() - now;
      now += taken;
      if (taken < budget / 8 && 2 * more <= most) epochs *= 2;
    } while (now - first < budget && !signal?.aborted);
    return { msPerStep: (now - first) / steps, msToFirstStep };
  } finally {
    trainer.dispose();
  }
}
