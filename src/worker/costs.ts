// What two versions cost: bytes, and the time of a row on this machine, measured one after the other in turns so that
// whatever else the machine does falls on both.

import { UserError } from '../base/errors.ts';
import type { Network } from '../model/spec.ts';
import { backendInUse } from '../train/backend.ts';
import { createPredictor, type Predictor } from '../train/predictor.ts';
import type { Cost } from './api.ts';
import type { Pair } from './comparedRows.ts';
import type { Context } from './context.ts';
import { exportInput } from './exportInput.ts';
import { useAvailable } from './modelOutputs.ts';
import type { Contender } from './unseenRows.ts';

/** Of each before it counts: kernels are compiled and caches filled. */
const WARM_UP_MS = 50;
/** Turns of each, where they are done in time. */
const ROUNDS = 15;
/** A turn is as many rows as take so long: a worker's clock may tell no less than a tenth of a millisecond. */
const TURN_MS = 4;
const MOST_MS = 1500;

export interface Costs {
  first: Cost;
  second: Cost;
  /** the backend on which the times were measured, or why they were not */
  measured: string;
}

export async function measureCosts(context: Context, pair: Pair): Promise<Costs> {
  const { writeOnnx } = await import('../export/onnx.ts');
  const costOf = ({ version, trained }: Contender): Omit<Cost, 'latencyMs'> => ({
    parameters: version.parameters,
    weightBytes: trained.weights.reduce((sum, { data }) => sum + data.byteLength, 0),
    onnxBytes: sizeOf(() => writeOnnx(exportInput(version, trained))),
  });
  const { latency, measured } = await measureLatency(context, pair);
  return {
    first: { ...costOf(pair.first), latencyMs: latency?.[0] ?? null },
    second: { ...costOf(pair.second), latencyMs: latency?.[1] ?? null },
    measured,
  };
}

/** Bytes of a file; null where what it is of cannot be written. */
function sizeOf(write: () => Uint8Array): number | null {
  try {
    return write().byteLength;
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** Median milliseconds of a row through each network, on the backend that the second was trained on. */
function measureLatency(
  context: Context,
  { first, second }: Pair,
): Promise<{ latency: [number, number] | null; measured: string }> {
  return context.compute(async () => {
    if (context.training?.computing) return { latency: null, measured: 'a training has the device' };
    await useAvailable(second.version.backend, second.trained.network);
    const all = [first, second].map(({ trained: { network, weights } }) => ({ network, weights }));
    const predictors: Predictor[] = [];
    try {
      for (const { network, weights } of all) predictors.push(await createPredictor(network, weights));
      const turn = async (i: number, rows: number) => {
        const x = zerosFor(all[i].network);
        const start = performance.now();
        for (let row = 0; row < rows; row++) await predictors[i].predict(x, 1);
        return performance.now() - start;
      };
      for (const i of [0, 1]) {
        const warm = performance.now() + WARM_UP_MS;
        while (performance.now() < warm) await turn(i, 1);
      }
      const rows = [1, 1];
      for (const i of [0, 1]) while ((await turn(i, rows[i])) < TURN_MS) rows[i] *= 2;
      const times: [number[], number[]] = [[], []];
      const end = performance.now() + MOST_MS;
      for (let round = 0; round < ROUNDS && performance.now() < end; round++) {
        for (const i of [0, 1]) times[i].push((await turn(i, rows[i])) / rows[i]);
      }
      return { latency: [median(times[0]), median(times[1])], measured: backendInUse().backend };
    } finally {
      for (const predictor of predictors) predictor.dispose();
    }
  });
}

/** One row; its values make no difference to the time. */
function zerosFor({ inputShape }: Network): Float32Array {
  return new Float32Array(inputShape.reduce((product, size) => product * size, 1));
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
