// A training on the device: compiled once, stepped in runs of many steps, read asynchronously. It knows no epochs but
// the permutation it was given, and no clock. One thing, and so one file: the buffers of a plan from their making to
// their end.

import { UserError } from '../base/errors.ts';
import { headUnits, type ExtendedNetwork, type Weight } from '../model/spec.ts';
import { checkDevice, checked, checkSize, whileDeviceWorks, type Gpu } from './device.ts';
import { defaultLoss, type LossSpec } from './kernels/loss.ts';
import type { UpdateRule } from './kernels/update.ts';
import { makePlan } from './plan.ts';
import { createStepBuffer, STEPS_PER_SUBMIT, Tape, writeSteps, type StepValues } from './tape.ts';
import { chooseVariant, measure, type Tuning } from './tune.ts';

/** Rows as arrays; the same as `TrainRows` of train/batches.ts. */
export interface Rows {
  /** [rows, ...inputShape] */
  x: Float32Array;
  /** [rows]; class index, or value */
  y: Float32Array;
  /** [rows]; what a row counts for in the loss, class weights multiplied in; null: 1 each */
  weights: Float32Array | null;
  rows: number;
}

export interface TrainingInput {
  gpu: Gpu;
  network: ExtendedNetwork;
  batchSize: number;
  /** cross-entropy for classes, the mean squared error for a value, where left out */
  loss?: LossSpec;
  optimizer: UpdateRule['optimizer'];
  l1?: number;
  l2?: number;
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

/** Sums over the rows of some batches, as the losses were when each was seen. */
export interface Sums {
  /** of weight * loss, penalties not counted */
  loss: number;
  /** of 1 for a right class, or of the absolute error; unweighted */
  metric: number;
  /** of the rows' weights */
  weight: number;
  rows: number;
}

export interface OptimizerState {
  /** steps done */
  steps: number;
  /** a flat vector for each number that the optimiser remembers for a weight */
  slots: Float32Array[];
}

export interface Trainer {
  /** Kernels of one step. */
  readonly dispatches: number;
  /** Begins a pass over the rows in this order. */
  setPermutation(order: ArrayLike<number>): void;
  /** Steps until the permutation is used up; the last batch may be short. */
  stepsLeft(): number;
  /**
   * Does the next steps, one for each learning rate. Runs may overlap: they are done in the order of the calls.
   * @throws UserError where a loss is no number, or the device fails
   */
  run(learningRates: number[]): Promise<Sums>;
  readWeights(): Promise<Weight[]>;
  writeWeights(weights: Weight[]): void;
  readOptimizer(): Promise<OptimizerState>;
  writeOptimizer(state: OptimizerState): void;
  /** Scores rows without learning from them. They stay on the device until others are scored. */
  evaluate(rows: Rows): Promise<Sums>;
  /** What the head says of rows: probabilities [rows, units], of the second class for a sigmoid, or values [rows, 1]. */
  predict(x: Float32Array, rows: number): Promise<Float32Array>;
  /** Gives all memory back. A run in progress ends with an error. */
  dispose(): void;
}

/** Milliseconds that measuring takes at most, where the caller does not say. */
const TUNING_BUDGET = 250;
/** Bytes of features that are predicted in one go. */
const CHUNK = 1 << 26;

/**
 * Compiles a training and puts everything it needs on the device.
 * @throws UserError where the network does not fit its input, or does not fit the device
 */
export async function compileTraining(input: TrainingInput): Promise<Trainer> {
  const { gpu, network } = input;
  checkDevice(gpu);
  const { device } = gpu;
  const { data } = input;
  const batchSize = Math.min(input.batchSize, data.rows);
  const rule = {
    optimizer: input.optimizer,
    l1: input.l1 ?? 0,
    l2: input.l2 ?? 0,
    clipNorm: input.clipNorm ?? null,
  };
  const tuning = input.tuning ?? {};
  const planIt = () =>
    makePlan({ network, batchSize, loss: input.loss ?? defaultLoss(network.head), rule }, (shape) =>
      chooseVariant(gpu, tuning, shape),
    );
  let plan = planIt();
  const buffers = new Map<string, GPUBuffer>();
  const staging = new Set<GPUBuffer>();
  let disposed = false;

  const make = (name: string, bytes: number): GPUBuffer => {
    checkSize(gpu, name, bytes);
    const buffer = device.createBuffer({
      label: name,
      size: Math.max(16, bytes),
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    buffers.set(name, buffer);
    return buffer;
  };
  const drop = (name: string) => {
    buffers.get(name)?.destroy();
    buffers.delete(name);
  };
  const upload = (name: string, values: Float32Array) =>
    device.queue.writeBuffer(make(name, values.byteLength), 0, values.buffer, values.byteOffset, values.byteLength);
  const bufferOf = (name: string): GPUBuffer => {
    if (disposed) throw new Error('the training is disposed of');
    const buffer = buffers.get(name);
    if (!buffer) throw new Error(`no buffer ${name}`);
    return buffer;
  };
  const dispose = () => {
    disposed = true;
    for (const name of [...buffers.keys()]) drop(name);
    for (const buffer of staging) buffer.destroy();
    staging.clear();
  };
  const tapes = new Map<'scoring' | 'prediction', Tape>();
  const rowWeights = (rows: Rows) => rows.weights ?? new Float32Array(rows.rows).fill(1);
  let training: Tape;

  try {
    await checked(gpu, () => {
      buffers.set('step', createStepBuffer(gpu));
      for (const [name, size] of plan.buffers) if (size > 0) make(name, 4 * size);
      upload('x', data.x);
      upload('y', data.y);
      upload('rowWeights', rowWeights(data));
      make('permutation', 4 * data.rows);
    });
    if (input.tuning) {
      writeSteps(gpu, bufferOf('step'), [blankStep(batchSize)]);
      await whileDeviceWorks(gpu, measure(gpu, tuning, plan.training, bufferOf, input.tuningBudget ?? TUNING_BUDGET));
      plan = planIt();
      const encoder = device.createCommandEncoder();
      for (const [name, size] of plan.buffers) if (size > 0) encoder.clearBuffer(bufferOf(name));
      device.queue.submit([encoder.finish()]);
    }
    training = await Tape.record(
      gpu,
      plan.training.map(({ kernel }) => kernel),
      bufferOf,
    );
    writeWeights(input.initial);
  } catch (error) {
    dispose();
    throw error;
  }

  const weightsOfRows = rowWeights(data);
  let order: ArrayLike<number> | null = null;
  let cursor = 0;
  let steps = 0;

  /** Submits and reads a buffer back, through one that the host may map. */
  async function readBack(
    bytes: number,
    encode: (encoder: GPUCommandEncoder, to: GPUBuffer) => void,
  ): Promise<ArrayBuffer> {
    checkDevice(gpu);
    if (disposed) throw new Error('the training is disposed of');
    const to = device.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    staging.add(to);
    try {
      const encoder = device.createCommandEncoder();
      encode(encoder, to);
      device.queue.submit([encoder.finish()]);
      await whileDeviceWorks(gpu, to.mapAsync(GPUMapMode.READ));
      return to.getMappedRange().slice(0);
    } finally {
      staging.delete(to);
      to.destroy();
    }
  }

  function takeSums(encoder: GPUCommandEncoder, to: GPUBuffer): void {
    const sums = bufferOf('sums');
    encoder.copyBufferToBuffer(sums, 0, to, 0, sums.size);
    encoder.clearBuffer(sums);
  }

  function addUp(bytes: ArrayBuffer, places: number): { loss: number; metric: number } {
    const values = new Float32Array(bytes);
    const sum = (from: number) => values.subarray(from, from + places).reduce((all, value) => all + value, 0);
    return { loss: sum(0), metric: sum(places) };
  }

  /** Encodes steps, as many submits as they need; the last one is left to the caller. */
  function encodeSteps(tape: Tape, values: StepValues[], encoder: GPUCommandEncoder): GPUCommandEncoder {
    for (let from = 0; from < values.length; from += STEPS_PER_SUBMIT) {
      if (from > 0) {
        device.queue.submit([encoder.finish()]);
        encoder = device.createCommandEncoder();
      }
      const some = values.slice(from, from + STEPS_PER_SUBMIT);
      writeSteps(gpu, bufferOf('step'), some);
      const pass = encoder.beginComputePass();
      tape.play(pass, 0, some.length);
      pass.end();
    }
    return encoder;
  }

  function nextStep(rate: number): StepValues {
    const rows = Math.min(batchSize, data.rows - cursor);
    let weight = 0;
    for (let i = cursor; i < cursor + rows; i++) weight += weightsOfRows[order![i]];
    const step = {
      ...blankStep(rows),
      start: cursor,
      number: steps,
      seed: input.seed >>> 0,
      weight,
      rate,
      corrected: rate,
    };
    cursor += rows;
    steps++;
    const { optimizer } = input;
    if (optimizer.kind === 'adam' || optimizer.kind === 'adamw') {
      step.corrected = rate / (1 - optimizer.beta1 ** steps);
      step.root = 1 / Math.sqrt(1 - optimizer.beta2 ** steps);
    }
    return step;
  }

  function writeWeights(weights: Weight[]): void {
    const byName = new Map(weights.map((weight) => [weight.name, weight]));
    const flat = new Float32Array(plan.graph.parameters);
    for (const { name, size, offset } of plan.graph.weights) {
      const weight = byName.get(name);
      if (weight?.data.length !== size) {
        throw new Error(`weight ${name} has ${weight?.data.length ?? 'no'} numbers, the network needs ${size}`);
      }
      flat.set(weight.data, offset);
    }
    device.queue.writeBuffer(bufferOf('weights'), 0, flat);
  }

  async function tapeOf(kind: 'scoring' | 'prediction'): Promise<Tape> {
    let tape = tapes.get(kind);
    if (!tape) {
      tape = await Tape.record(
        gpu,
        plan[kind].map(({ kernel }) => kernel),
        bufferOf,
      );
      tapes.set(kind, tape);
    }
    return tape;
  }

  let resident: Rows | null = null;
  /** Brings rows to the device for the passes that do not learn. */
  async function bring(rows: Rows): Promise<void> {
    if (resident?.x === rows.x && resident.y === rows.y && resident.weights === rows.weights) return;
    resident = null;
    tapes.clear(); // they hold the buffers of the rows before
    await checked(gpu, () => {
      for (const name of ['evaluation.x', 'evaluation.y', 'evaluation.rowWeights']) drop(name);
      upload('evaluation.x', rows.x);
      upload('evaluation.y', rows.y);
      upload('evaluation.rowWeights', rowWeights(rows));
    });
    resident = rows;
  }

  function batches(rows: number): StepValues[] {
    const each = plan.evaluationRows;
    return Array.from({ length: Math.ceil(rows / each) }, (_, batch) => ({
      ...blankStep(Math.min(each, rows - batch * each)),
      start: batch * each,
    }));
  }

  return {
    dispatches: plan.training.length,
    setPermutation(next) {
      if (next.length !== data.rows) throw new Error(`a permutation of ${next.length} for ${data.rows} rows`);
      order = next;
      cursor = 0;
      device.queue.writeBuffer(bufferOf('permutation'), 0, Uint32Array.from(next));
    },
    stepsLeft: () => (order ? Math.ceil((data.rows - cursor) / batchSize) : 0),
    async run(learningRates) {
      checkDevice(gpu);
      const first = steps + 1;
      const values = learningRates.map((rate) => {
        if (!order || cursor >= data.rows) throw new Error('the permutation is used up: set the next one');
        return nextStep(rate);
      });
      const weight = values.reduce((sum, step) => sum + step.weight, 0);
      const rows = values.reduce((sum, step) => sum + step.rows, 0);
      const bytes = await readBack(bufferOf('sums').size, (encoder, to) => {
        const last = encodeSteps(training, values, device.createCommandEncoder());
        device.queue.submit([last.finish()]);
        takeSums(encoder, to);
      });
      const sums = addUp(bytes, batchSize);
      if (!Number.isFinite(sums.loss)) {
        const place =
          values.length > 1 ? `between steps ${first} and ${first + values.length - 1}` : `at step ${first}`;
        throw new UserError(
          'invalid',
          `loss: ${sums.loss} ${place}; lower the learning rate (it is ${learningRates[0]}), scale the features and the target, and look for extreme values in them`,
        );
      }
      return { ...sums, weight, rows };
    },
    async readWeights() {
      const flat = bufferOf('weights');
      const values = new Float32Array(
        await readBack(flat.size, (encoder, to) => encoder.copyBufferToBuffer(flat, 0, to, 0, flat.size)),
      );
      return plan.graph.weights.map(({ name, shape, offset, size }) => ({
        name,
        shape,
        data: values.slice(offset, offset + size),
      }));
    },
    writeWeights,
    async readOptimizer() {
      const slots: Float32Array[] = [];
      for (let slot = 0; slot < plan.slots; slot++) {
        const from = bufferOf(`slot${slot}`);
        const bytes = await readBack(from.size, (encoder, to) => encoder.copyBufferToBuffer(from, 0, to, 0, from.size));
        slots.push(new Float32Array(bytes));
      }
      return { steps, slots };
    },
    writeOptimizer(state) {
      state.slots.forEach((values, slot) =>
        device.queue.writeBuffer(bufferOf(`slot${slot}`), 0, values.buffer, values.byteOffset, values.byteLength),
      );
      ({ steps } = state);
    },
    async evaluate(rows) {
      await bring(rows);
      const tape = await tapeOf('scoring');
      const bytes = await readBack(bufferOf('sums').size, (encoder, to) => {
        device.queue.submit([encodeSteps(tape, batches(rows.rows), device.createCommandEncoder()).finish()]);
        takeSums(encoder, to);
      });
      const weight = rowWeights(rows).reduce((sum, value) => sum + value, 0);
      return { ...addUp(bytes, plan.evaluationRows), weight, rows: rows.rows };
    },
    async predict(x, rows) {
      const units = headUnits(network.head);
      const width = x.length / rows;
      const result = new Float32Array(rows * units);
      const each = Math.max(1, Math.floor(CHUNK / (4 * width)));
      for (let from = 0; from < rows; from += each) {
        const count = Math.min(each, rows - from);
        const none = new Float32Array(count);
        await bring({ x: x.subarray(from * width, (from + count) * width), y: none, weights: none, rows: count });
        const tape = await tapeOf('prediction');
        const bytes = await readBack(4 * count * units, (_, to) => {
          // batches share the buffer of what the head says, so each is copied before the next
          const values = batches(count);
          for (let begin = 0; begin < values.length; begin += STEPS_PER_SUBMIT) {
            const some = values.slice(begin, begin + STEPS_PER_SUBMIT);
            writeSteps(gpu, bufferOf('step'), some);
            const encoder = device.createCommandEncoder();
            some.forEach((batch, index) => {
              const pass = encoder.beginComputePass();
              tape.play(pass, index, 1);
              pass.end();
              encoder.copyBufferToBuffer(bufferOf('output'), 0, to, 4 * batch.start * units, 4 * batch.rows * units);
            });
            device.queue.submit([encoder.finish()]);
          }
        });
        result.set(new Float32Array(bytes), from * units);
      }
      resident = null;
      return result;
    },
    dispose,
  };
}

function blankStep(rows: number): StepValues {
  return { start: 0, rows, number: 0, seed: 0, weight: 1, rate: 0, corrected: 0, root: 1 };
}
