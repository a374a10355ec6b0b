// How long a step of a training takes on a device, before it is begun: the same kernels on made-up rows, or, where
// there is no time to compile them all, the largest.

import { createRandom } from '../base/random.ts';
import { defaultLoss } from '../model/loss.ts';
import { headUnits } from '../model/spec.ts';
import { checked, whileDeviceWorks } from './device.ts';
import { buildGraph } from './graph.ts';
import { DeviceMemory } from './memory.ts';
import type { PlannedKernel } from './passes.ts';
import { planTraining } from './plan.ts';
import { blankStep, createStepBuffer, writeSteps } from './tape.ts';
import { compileTraining, type TrainingInput } from './trainer.ts';
import { chooseVariant, timeOf } from './tune.ts';

/** What is to be timed. */
export type TimedTraining = Omit<TrainingInput, 'data' | 'initial' | 'seed'> & { rows: number };

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
  input: TimedTraining,
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

/** Multiplications, or threads of what is no product, that tell a device's speed and take it milliseconds. */
const ENOUGH = { product: 1 << 24, other: 1 << 18 };

const sizeOf = ({ kernel: { workgroups }, product }: PlannedKernel): number =>
  product ? product.shape.rows * product.shape.columns * product.shape.depth : 64 * workgroups[0] * workgroups[1];

/**
 * Milliseconds of a step, reckoned from a share of its largest product and of the largest kernel that is none, the only
 * two that are compiled: products take time by their multiplications, the others by their threads.
 * @throws UserError where the device does not hold what the kernels work on
 */
export async function estimateStep(input: TimedTraining): Promise<number> {
  const { gpu, network, optimizer, l1 = 0, l2 = 0, clipNorm = null, frozen, tuning = {} } = input;
  const batchSize = Math.min(input.batchSize, input.rows);
  const loss = input.loss ?? defaultLoss(network.head);
  const rule = { optimizer, l1, l2, clipNorm };
  const plan = planTraining({ network, batchSize, loss, rule, frozen, threads: gpu.threads }, (shape) =>
    chooseVariant(gpu, tuning, shape),
  );
  const given: Record<string, number> = {
    x: batchSize * network.inputShape.reduce((product, size) => product * size, 1),
    y: batchSize,
    rowWeights: batchSize,
    permutation: batchSize,
  };
  let ms = 0;
  for (const kind of ['product', 'other'] as const) {
    const kernels = plan.training.filter(({ product }) => (product !== null) === (kind === 'product'));
    if (kernels.length === 0) continue;
    const largest = kernels.reduce((one, two) => (sizeOf(two) > sizeOf(one) ? two : one));
    const all = kernels.reduce((sum, kernel) => sum + sizeOf(kernel), 0);
    const memory = new DeviceMemory(gpu);
    try {
      await checked(gpu, () => {
        createStepBuffer(memory);
        for (const { buffer } of largest.kernel.bindings) {
          if (!memory.has(buffer)) memory.make(buffer, 4 * (plan.buffers.get(buffer) || given[buffer]));
        }
      });
      writeSteps(gpu, memory.get('step'), [blankStep(batchSize)]);
      const share = Math.min(1, ENOUGH[kind] / sizeOf(largest));
      ms += (await whileDeviceWorks(gpu, timeOf(gpu, largest.kernel, share, memory.get))) * (all / sizeOf(largest));
    } finally {
      memory.dispose();
    }
  }
  return ms;
}
