// A training on the device: compiled once, stepped in runs of many steps, read asynchronously. It knows no epochs but
// the permutation it was given, and no clock.

import { UserError } from '../base/errors.ts';
import type { ExtendedNetwork, Weight } from '../model/spec.ts';
import { checkDevice, checked, whileDeviceWorks, type Gpu } from './device.ts';
import { addUp, createObserver, takeSums, weightsOf, type Observer, type Rows, type Sums } from './inference.ts';
import { defaultLoss, type LossSpec } from './kernels/loss.ts';
import type { UpdateRule } from './kernels/update.ts';
import { DeviceMemory } from './memory.ts';
import { planTraining } from './plan.ts';
import { blankStep, createStepBuffer, STEPS_PER_SUBMIT, Tape, writeSteps, type StepValues } from './tape.ts';
import { chooseVariant, measure, type Tuning } from './tune.ts';
import { flattenWeights, nameWeights } from './weights.ts';

export interface TrainingInput {
  gpu: Gpu;
  network: ExtendedNetwork;
  batchSize: number;
  /** cross-entropy for classes, the mean squared error for a value, where left out */
  loss?: LossSpec;
  optimizer: UpdateRule['optimizer'];
  /** penalty on kernels: l1 * sum |w| + l2 * sum w^2 */
  l1?: number;
  l2?: number;
  /** the gradient of all weights together is scaled down to this length */
  clipNorm?: number | null;
  data: Rows;
  seed: number;
  /** every weight of the network, by name */
  initial: Weight[];
  /** measurements of earlier trainings, and where new ones are put; nothing is measured where left out */
  tuning?: Tuning;
  /** milliseconds that measuring may take */
  tuningBudget?: number;
}

export interface OptimizerState {
  /** steps done */
  steps: number;
  /** a flat vector for each number that the optimiser remembers for a weight */
  slots: Float32Array[];
}

export interface Trainer extends Observer {
  /** Kernels of one step. */
  readonly dispatches: number;
  /** Begins a pass over the rows in this order, or takes one up after its first rows. */
  setPermutation(order: ArrayLike<number>, done?: number): void;
  /** Steps until the permutation is used up; the last batch may be short. */
  stepsLeft(): number;
  /**
   * Does the next steps, one for each learning rate; the losses are those before each step. Runs may overlap: they are
   * done in the order of the calls.
   * @throws LossError where a loss is no number; UserError where the device fails
   */
  run(learningRates: number[]): Promise<Sums>;
  readWeights(): Promise<Weight[]>;
  writeWeights(weights: Weight[]): void;
  /** Copies the weights, on the device, in place of those copied before. */
  keepWeights(): void;
  readKept(): Promise<Weight[]>;
  readOptimizer(): Promise<OptimizerState>;
  writeOptimizer(state: OptimizerState): void;
  /** Gives all memory back. A run in progress ends with an error. */
  dispose(): void;
}

/** A loss that is no number. */
export class LossError extends UserError {
  readonly loss: number;
  constructor(loss: number, first: number, steps: number, rate: number) {
    const place = steps > 1 ? `between steps ${first} and ${first + steps - 1}` : `at step ${first}`;
    super(
      'invalid',
      `loss: ${loss} ${place}; lower the learning rate (it is ${rate}), scale the features and the target, and look for extreme values in them`,
    );
    this.loss = loss;
  }
}

/** Milliseconds that measuring takes at most, where the caller does not say. */
const TUNING_BUDGET = 250;

/**
 * Compiles a training and puts everything it needs on the device.
 * @throws UserError where the network does not fit its input, or does not fit the device
 */
export async function compileTraining(input: TrainingInput): Promise<Trainer> {
  const { gpu, network, data, optimizer } = input;
  checkDevice(gpu);
  const { device } = gpu;
  const batchSize = Math.min(input.batchSize, data.rows);
  const rule = { optimizer, l1: input.l1 ?? 0, l2: input.l2 ?? 0, clipNorm: input.clipNorm ?? null };
  const loss = input.loss ?? defaultLoss(network.head);
  const tuning = input.tuning ?? {};
  const makePlan = () =>
    planTraining({ network, batchSize, loss, rule, threads: gpu.threads }, (shape) =>
      chooseVariant(gpu, tuning, shape),
    );
  let plan = makePlan();
  const memory = new DeviceMemory(gpu);
  const rowWeights = weightsOf(data);
  let tape: Tape;
  try {
    await checked(gpu, () => {
      createStepBuffer(memory);
      for (const [name, size] of plan.buffers) if (size > 0) memory.make(name, 4 * size);
      memory.upload('x', data.x);
      memory.upload('y', data.y);
      memory.upload('rowWeights', rowWeights);
      memory.make('permutation', 4 * data.rows);
    });
    if (input.tuning) {
      writeSteps(gpu, memory.get('step'), [blankStep(batchSize)]);
      const budget = input.tuningBudget ?? TUNING_BUDGET;
      await whileDeviceWorks(gpu, measure(gpu, tuning, plan.training, memory.get, budget));
      plan = makePlan();
      memory.clear([...plan.buffers].filter(([, size]) => size > 0).map(([name]) => name));
    }
    memory.write('weights', flattenWeights(plan.graph, input.initial));
    tape = await Tape.record(gpu, plan.training, memory.get);
  } catch (error) {
    memory.dispose();
    throw error;
  }

  let order: ArrayLike<number> | null = null;
  let cursor = 0;
  let steps = 0;

  function nextStep(rate: number): StepValues {
    if (!order || cursor >= data.rows) throw new Error('the permutation is used up: set the next one');
    const rows = Math.min(batchSize, data.rows - cursor);
    let weight = 0;
    for (let i = cursor; i < cursor + rows; i++) weight += rowWeights[order[i]];
    const place = { start: cursor, rows, number: steps, seed: input.seed >>> 0, weight };
    cursor += rows;
    steps++;
    if (optimizer.kind !== 'adam' && optimizer.kind !== 'adamw') return { ...place, rate, corrected: rate, root: 1 };
    const corrected = rate / (1 - optimizer.beta1 ** steps);
    return { ...place, rate, corrected, root: 1 / Math.sqrt(1 - optimizer.beta2 ** steps) };
  }

  return {
    ...createObserver(gpu, network.head, memory, plan.inference),
    dispatches: plan.training.length,
    setPermutation(next, done = 0) {
      if (next.length !== data.rows) throw new Error(`a permutation of ${next.length} for ${data.rows} rows`);
      order = next;
      cursor = done;
      memory.write('permutation', Uint32Array.from(next));
    },
    stepsLeft: () => (order ? Math.ceil((data.rows - cursor) / batchSize) : 0),
    async run(learningRates) {
      checkDevice(gpu);
      const size = memory.get('sums').size;
      const first = steps + 1;
      const values = learningRates.map(nextStep);
      const sums = await memory.readBack(size, (last, to) => {
        for (let from = 0; from < values.length; from += STEPS_PER_SUBMIT) {
          const some = values.slice(from, from + STEPS_PER_SUBMIT);
          writeSteps(gpu, memory.get('step'), some);
          const encoder = device.createCommandEncoder();
          tape.play(encoder, 0, some.length);
          device.queue.submit([encoder.finish()]);
        }
        takeSums(memory, last, to);
      });
      const { loss, metric } = addUp(sums, batchSize);
      if (!Number.isFinite(loss)) throw new LossError(loss, first, values.length, learningRates[0]);
      const total = (field: 'weight' | 'rows') => values.reduce((sum, step) => sum + step[field], 0);
      return { loss, metric, weight: total('weight'), rows: total('rows') };
    },
    readWeights: async () => nameWeights(plan.graph, await memory.read('weights')),
    writeWeights: (weights) => memory.write('weights', flattenWeights(plan.graph, weights)),
    keepWeights() {
      const { size } = memory.get('weights');
      if (!memory.has('kept')) memory.make('kept', size);
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(memory.get('weights'), 0, memory.get('kept'), 0, size);
      device.queue.submit([encoder.finish()]);
    },
    readKept: async () => nameWeights(plan.graph, await memory.read('kept')),
    readOptimizer: async () => {
      const done = steps; // of the steps whose state is read, though more may be asked for meanwhile
      const slots = Array.from({ length: plan.slots }, (_, slot) => memory.read(`slot${slot}`));
      return { steps: done, slots: await Promise.all(slots) };
    },
    writeOptimizer(state) {
      state.slots.forEach((values, slot) => memory.write(`slot${slot}`, values));
      ({ steps } = state);
    },
    dispose: () => memory.dispose(),
  };
}
