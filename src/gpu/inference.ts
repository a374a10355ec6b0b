// Passes that do not learn: scores and predictions of any rows by the weights that lie on the device.

import { activateHead } from '../infer/activations.ts';
import { headUnits, type Head } from '../model/spec.ts';
import { checked, type Gpu } from './device.ts';
import type { DeviceMemory } from './memory.ts';
import type { Inference } from './plan.ts';
import { blankStep, STEPS_PER_SUBMIT, Tape, writeSteps, type StepValues } from './tape.ts';

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

/** Sums over the rows of some batches. */
export interface Sums {
  /** of weight * loss, penalties not counted */
  loss: number;
  /** of 1 for a right class, or of the absolute error; unweighted */
  metric: number;
  /** of the rows' weights */
  weight: number;
  rows: number;
}

export interface Observer {
  /**
   * Scores rows without learning from them. They stay on the device until others are looked at. A training's sums lie
   * in the same place: clear them before.
   */
  evaluate(rows: Rows): Promise<Sums>;
  /** What the head says of rows: probabilities [rows, units], of the second class for a sigmoid, or values [rows, 1]. */
  predict(x: Float32Array, rows: number): Promise<Float32Array>;
}

/** Bytes of features that are predicted in one go. */
const CHUNK = 1 << 26;

/** What each row counts for. */
export const weightsOf = ({ weights, rows }: Rows): Float32Array => weights ?? new Float32Array(rows).fill(1);

/** Adds up the places of a batch: [places] of losses, then [places] of metrics. */
export function addUp(sums: Float32Array, places: number): { loss: number; metric: number } {
  const sum = (from: number) => sums.subarray(from, from + places).reduce((all, value) => all + value, 0);
  return { loss: sum(0), metric: sum(places) };
}

/** Copies the sums to where they are read. @param clear begins them anew */
export function takeSums(memory: DeviceMemory, encoder: GPUCommandEncoder, to: GPUBuffer, clear = true): void {
  const sums = memory.get('sums');
  encoder.copyBufferToBuffer(sums, 0, to, 0, sums.size);
  if (clear) encoder.clearBuffer(sums);
}

export function createObserver(gpu: Gpu, head: Head, memory: DeviceMemory, plan: Inference): Observer {
  const { device } = gpu;
  const tapes = new Map<'scoring' | 'prediction', Tape>();
  let resident: Rows | null = null;

  async function bring(rows: Rows): Promise<void> {
    if (resident?.x === rows.x && resident.y === rows.y && resident.weights === rows.weights) return;
    resident = null;
    tapes.clear(); // they hold the buffers of the rows before
    await checked(gpu, () => {
      memory.upload('evaluation.x', rows.x);
      memory.upload('evaluation.y', rows.y);
      memory.upload('evaluation.rowWeights', weightsOf(rows));
    });
    resident = rows;
  }

  async function tapeOf(kind: 'scoring' | 'prediction'): Promise<Tape> {
    const tape = tapes.get(kind) ?? (await Tape.record(gpu, plan[kind], memory.get));
    tapes.set(kind, tape);
    return tape;
  }

  /** The batches of so many rows, some at a time. */
  function* submits(rows: number): Generator<StepValues[]> {
    const count = Math.ceil(rows / plan.rows);
    for (let from = 0; from < count; from += STEPS_PER_SUBMIT) {
      yield Array.from({ length: Math.min(STEPS_PER_SUBMIT, count - from) }, (_, i) => {
        const start = (from + i) * plan.rows;
        return { ...blankStep(Math.min(plan.rows, rows - start)), start };
      });
    }
  }

  return {
    async evaluate(rows) {
      await bring(rows);
      const tape = await tapeOf('scoring');
      const sums = await memory.readBack(memory.get('sums').size, (last, to) => {
        for (const batches of submits(rows.rows)) {
          writeSteps(gpu, memory.get('step'), batches);
          const encoder = device.createCommandEncoder();
          tape.play(encoder, 0, batches.length);
          device.queue.submit([encoder.finish()]);
        }
        takeSums(memory, last, to);
      });
      const weight = weightsOf(rows).reduce((sum, value) => sum + value, 0);
      return { ...addUp(sums, plan.rows), weight, rows: rows.rows };
    },
    async predict(x, rows) {
      const units = headUnits(head);
      const width = x.length / rows;
      const result = new Float32Array(rows * units);
      const each = Math.max(1, Math.floor(CHUNK / (4 * width)));
      for (let from = 0; from < rows; from += each) {
        const count = Math.min(each, rows - from);
        const none = new Float32Array(count);
        await bring({ x: x.subarray(from * width, (from + count) * width), y: none, weights: none, rows: count });
        const tape = await tapeOf('prediction');
        const said = await memory.readBack(4 * count * units, (_, to) => {
          for (const batches of submits(count)) {
            writeSteps(gpu, memory.get('step'), batches);
            const encoder = device.createCommandEncoder();
            batches.forEach(({ start, rows }, index) => {
              tape.play(encoder, index, 1); // batches share the logits: each is copied before the next
              encoder.copyBufferToBuffer(memory.get(plan.logits), 0, to, 4 * start * units, 4 * rows * units);
            });
            device.queue.submit([encoder.finish()]);
          }
        });
        result.set(activateHead(head, said), from * units);
      }
      resident = null;
      return result;
    },
  };
}
