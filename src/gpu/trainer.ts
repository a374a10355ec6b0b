// A training on the device: compiled once, stepped in runs of many steps, read asynchronously. It knows no epochs but
// the permutation it was given, and no clock.

import { UserError } from '../base/errors.ts';
import type { Network, Weight } from '../model/spec.ts';
import { defaultLoss } from '../model/loss.ts';
import type { LossSpec } from '../model/recipe.ts';
import { checkDevice, checked, whileDeviceWorks, type Gpu } from './device.ts';
import { addUp, createObserver, takeSums, weightsOf, type Observer, type Rows, type Sums } from './inference.ts';
import type { UpdateRule } from './kernels/update.ts';
import { DeviceMemory } from './memory.ts';
import { planTraining } from './plan.ts';
import { blankStep, createStepBuffer, STEPS_PER_SUBMIT, Tape, writeSteps, type StepValues } from './tape.ts';
import { chooseVariant, measure, type Tuning } from './tune.ts';
import { Turns } from './turns.ts';
import { flattenWeights, nameWeights } from './weights.ts';

export interface TrainingInput {
  gpu: Gpu;
  network: Network;
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
  /** names of layers whose weights, averages included, stay as they are */
  frozen?: readonly string[];
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

/** Sums over the steps since they were cleared, place by place of a batch, as the device adds them up. */
export interface PartialSums {
  /** [batch size] each, float32 */
  loss: Float32Array;
  metric: Float32Array;
  weight: number;
  rows: number;
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
   * @param clear whether the sums begin anew after it; else the next run's go on from them, with the bits that they would
   *   have had in one run
   * @throws LossError where a loss is no number; UserError where the device fails
   */
  run(learningRates: number[], clear?: boolean): Promise<Sums>;
  readSums(): Promise<PartialSums>;
  writeSums(sums: PartialSums): void;
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
 * Puts everything that a training needs on the device, and begins to compile its kernels; the first run waits for them.
 * @throws UserError where the network does not fit its input, or does not fit the device
 */
export async function compileTraining(input: TrainingInput): Promise<Trainer> {
  const { gpu, network, data, optimizer, frozen } = input;
  checkDevice(gpu);
  const { device } = gpu;
  const batchSize = Math.min(input.batchSize, data.rows);
  const rule = { optimizer, l1: input.l1 ?? 0, l2: input.l2 ?? 0, clipNorm: input.clipNorm ?? null };
  const loss = input.loss ?? defaultLoss(network.head);
  const tuning = input.tuning ?? {};
  const makePlan = () =>
    planTraining({ network, batchSize, loss, rule, frozen, threads: gpu.threads }, (shape) =>
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
    tape = new Tape(gpu, plan.training, memory.get);
  } catch (error) {
    memory.dispose();
    throw error;
  }

  const observer = createObserver(gpu, network.head, memory, plan.inference);
  const turns = new Turns();
  /** Does what needs no answer; what goes wrong with it goes wrong with the next that does. */
  const write = (job: () => void) => void turns.take(async () => job()).catch(() => {});

  let order: ArrayLike<number> | null = null;
  let cursor = 0;
  let steps = 0;
  /** of the steps since the sums were cleared */
  let counted = { weight: 0, rows: 0 };

  function nextStep(rate: number): StepValues {
    if (!order || cursor >= data.rows) throw new Error('the permutation is used up: set the next one');
    const rows = Math.min(batchSize, data.rows - cursor);
    let weight = 0;
    for (let i = cursor; i < cursor + rows; i++) weight += rowWeights[order[i]];
    const place = { start: cursor, rows, number: steps, seed: input.seed >>> 0, weight };
    cursor += rows;
    steps++;
    counted = { weight: counted.weight + weight, rows: counted.rows + rows };
    if (optimizer.kind !== 'adam' && optimizer.kind !== 'adamw') return { ...place, rate, corrected: rate, root: 1 };
    const corrected = rate / (1 - optimizer.beta1 ** steps);
    return { ...place, rate, corrected, root: 1 / Math.sqrt(1 - optimizer.beta2 ** steps) };
  }

  /** Submits steps and reads their sums. The first step is played while the last kernels are still compiled. */
  async function play(steps: StepValues[], clear: boolean): Promise<Float32Array> {
    const { queue } = device;
    const submit = (encode: (encoder: GPUCommandEncoder) => void) => {
      const encoder = device.createCommandEncoder();
      encode(encoder);
      queue.submit([encoder.finish()]);
    };
    let done = 0;
    if (!tape.compiled) {
      writeSteps(gpu, memory.get('step'), steps.slice(0, 1));
      await tape.playWhileCompiling((encode) => {
        memory.get('step'); // or it is disposed of
        submit(encode);
      });
      done = 1;
    }
    return memory.readBack(memory.get('sums').size, (last, to) => {
      for (; done < steps.length; done += STEPS_PER_SUBMIT) {
        const some = steps.slice(done, done + STEPS_PER_SUBMIT);
        writeSteps(gpu, memory.get('step'), some);
        submit((encoder) => tape.play(encoder, 0, some.length));
      }
      takeSums(memory, last, to, clear);
    });
  }

  return {
    evaluate: (rows) => turns.take(() => observer.evaluate(rows)),
    predict: (x, rows) => turns.take(() => observer.predict(x, rows)),
    dispatches: plan.training.length,
    setPermutation(next, done = 0) {
      if (next.length !== data.rows) throw new Error(`a permutation of ${next.length} for ${data.rows} rows`);
      order = next;
      cursor = done;
      write(() => memory.write('permutation', Uint32Array.from(next)));
    },
    stepsLeft: () => (order ? Math.ceil((data.rows - cursor) / batchSize) : 0),
    async run(learningRates, clear = true) {
      checkDevice(gpu);
      const first = steps + 1;
      const values = learningRates.map(nextStep);
      const seen = counted;
      if (clear) counted = { weight: 0, rows: 0 };
      const playing = () => play(values, clear);
      const sums = await (tape.compiled ? turns.take(playing) : turns.first(playing));
      const { loss, metric } = addUp(sums, batchSize);
      if (!Number.isFinite(loss)) throw new LossError(loss, first, values.length, learningRates[0]);
      return { loss, metric, ...seen };
    },
    readSums() {
      const seen = counted;
      return turns.take(async () => {
        const sums = await memory.read('sums');
        return { loss: sums.slice(0, batchSize), metric: sums.slice(batchSize, 2 * batchSize), ...seen };
      });
    },
    writeSums({ loss, metric, weight, rows }) {
      const sums = new Float32Array(2 * batchSize);
      sums.set(loss);
      sums.set(metric, batchSize);
      write(() => memory.write('sums', sums));
      counted = { weight, rows };
    },
    readWeights: () => turns.take(async () => nameWeights(plan.graph, await memory.read('weights'))),
    writeWeights: (weights) => write(() => memory.write('weights', flattenWeights(plan.graph, weights))),
    keepWeights: () =>
      write(() => {
        const { size } = memory.get('weights');
        if (!memory.has('kept')) memory.make('kept', size);
        const encoder = device.createCommandEncoder();
        encoder.copyBufferToBuffer(memory.get('weights'), 0, memory.get('kept'), 0, size);
        device.queue.submit([encoder.finish()]);
      }),
    readKept: () => turns.take(async () => nameWeights(plan.graph, await memory.read('kept'))),
    readOptimizer() {
      const done = steps; // of the steps whose state is read, though more may be asked for meanwhile
      return turns.take(async () => {
        const slots = Array.from({ length: plan.slots }, (_, slot) => memory.read(`slot${slot}`));
        return { steps: done, slots: await Promise.all(slots) };
      });
    },
    writeOptimizer(state) {
      write(() => state.slots.forEach((values, slot) => memory.write(`slot${slot}`, values)));
      ({ steps } = state);
    },
    dispose: () => memory.dispose(),
  };
}
