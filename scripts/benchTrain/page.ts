// The training bench in the page: every trainer does the same work, in turn, several times over.

import { estimateStep } from '../../src/gpu/timing.ts';
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-webgpu';
import { createRandom } from '../../src/base/random.ts';
import { openGpu, type Gpu } from '../../src/gpu/device.ts';
import { buildGraph } from '../../src/gpu/graph.ts';
import { defaultLoss } from '../../src/model/loss.ts';
import type { Variant } from '../../src/gpu/kernels/product.ts';
import { planTraining } from '../../src/gpu/plan.ts';
import { DeviceMemory } from '../../src/gpu/memory.ts';
import { blankStep, createStepBuffer, Tape, writeSteps } from '../../src/gpu/tape.ts';
import { compileTraining } from '../../src/gpu/trainer.ts';
import { chooseVariant, type Tuning } from '../../src/gpu/tune.ts';
import { createJax, type Peer } from './jax.ts';
import { createFit } from './tfjs.ts';
import { workloadData, WORKLOADS, type Workload } from './workloads.ts';

export interface BenchOptions {
  /** parts of names; all where left out */
  workloads?: string[];
  trainers?: string[];
  rounds: number;
  /** about how long one measurement of one trainer takes */
  milliseconds: number;
}

export interface BenchRow {
  workload: string;
  trainer: string;
  /** median of the rounds */
  msPerStep: number | null;
  firstStepMs: number | null;
  /** Lathe alone: from the start of a second training of the shape to its first step */
  secondStartMs?: number;
  /** how often it was measured */
  rounds?: number;
  error?: string;
}

/** Milliseconds of a step above which the step after the first, done by each trainer in turn, is the first round. */
const SLOW = 20_000;

const ADAM = { kind: 'adam' as const, learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
const tuning: Tuning = {};
let gpu: Promise<Gpu> | null = null;

async function createLathe(
  workload: Workload,
  data: { x: Float32Array; y: Float32Array; rows: number },
): Promise<Peer> {
  const { network, batch } = workload;
  const random = createRandom(1);
  const initial = buildGraph(network, 'x').weights.map(({ name, role, shape, size }) => {
    const fan = shape.slice(0, -1).reduce((all, n) => all * n, 1);
    const scale = shape.length > 1 ? Math.sqrt(2 / fan) : 0;
    const one = role === 'gamma' || role === 'movingVariance';
    return { name, shape, data: Float32Array.from({ length: size }, () => (one ? 1 : scale * random.normal())) };
  });
  const trainer = await compileTraining({
    gpu: await (gpu ??= openGpu()),
    network,
    batchSize: batch,
    optimizer: ADAM,
    data: { ...data, weights: null },
    seed: 1,
    initial,
    tuning,
  });
  const order = Uint32Array.from({ length: data.rows }, (_, row) => row);
  return {
    async run(steps) {
      let loss = NaN;
      for (let left = steps; left > 0;) {
        if (trainer.stepsLeft() === 0) trainer.setPermutation(order);
        const count = Math.min(left, trainer.stepsLeft());
        const sums = await trainer.run(new Array<number>(count).fill(0.001));
        loss = sums.loss / sums.weight;
        left -= count;
      }
      return loss;
    },
    dispose: () => trainer.dispose(),
  };
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

async function bench(options: BenchOptions): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const wanted = (list: string[] | undefined, name: string) =>
    !list?.length || list.some((part) => name.includes(part));
  const jax = await import('@jax-js/jax');
  for (const workload of WORKLOADS.filter(({ name }) => wanted(options.workloads, name))) {
    const data = workloadData(workload);
    const makers: [string, () => Promise<Peer>][] = [
      ['Lathe', () => createLathe(workload, data)],
      ['jax-js webgpu', () => createJax(jax, 'webgpu', workload, data)],
      ['jax-js wasm', () => createJax(jax, 'wasm', workload, data)],
      ['fit webgpu', () => createFit(tf, 'webgpu', workload, data)],
      ['fit webgl', () => createFit(tf, 'webgl', workload, data)],
      ['fit cpu', () => createFit(tf, 'cpu', workload, data)],
    ];
    const running: { name: string; peer: Peer; steps: number; times: number[]; row: BenchRow }[] = [];
    for (const [name, make] of makers.filter(([name]) => wanted(options.trainers, name))) {
      const row: BenchRow = { workload: workload.name, trainer: name, msPerStep: null, firstStepMs: null };
      rows.push(row);
      try {
        const begin = performance.now();
        const peer = await make();
        await peer.run(1);
        row.firstStepMs = performance.now() - begin;
        const again = performance.now();
        await peer.run(1);
        const one = performance.now() - again;
        const steps = Math.max(1, Math.min(4 * workload.steps, Math.round(options.milliseconds / one)));
        running.push({ name, peer, steps, times: one > SLOW ? [one] : [], row });
        if (name === 'Lathe') {
          const second = performance.now();
          const other = await make();
          await other.run(1);
          row.secondStartMs = performance.now() - second;
          other.dispose();
        }
      } catch (error) {
        row.error = (error as Error).message.slice(0, 300);
      }
      console.log(`${workload.name}, ${name}: first step ${row.firstStepMs?.toFixed(0)} ms ${row.error ?? ''}`);
    }
    for (let round = 0; round < options.rounds; round++) {
      for (const { name, peer, steps, times } of running) {
        if (times.length > round) continue;
        const begin = performance.now();
        const loss = await peer.run(steps);
        times.push((performance.now() - begin) / steps);
        console.log(
          `${workload.name}, ${name}: ${times[times.length - 1].toFixed(2)} ms a step of ${steps}, loss ${loss.toFixed(4)}`,
        );
      }
    }
    for (const { peer, times, row } of running) {
      row.msPerStep = median(times);
      row.rounds = times.length;
      peer.dispose();
    }
  }
  return rows;
}

/** Milliseconds to compile and to run each kernel of a step, slowest first. @param variant of all products; null: the chosen */
async function profile(name: string, variant: Variant | null): Promise<string[]> {
  const device = await (gpu ??= openGpu());
  const workload = WORKLOADS.find((one) => one.name.includes(name))!;
  const { network, batch } = workload;
  const rule = { optimizer: ADAM, l1: 0, l2: 0, clipNorm: null };
  const plan = planTraining(
    { network, batchSize: batch, loss: defaultLoss(network.head), rule, threads: device.threads },
    (shape) => (shape.wholeRows || !variant ? chooseVariant(device, tuning, shape) : variant),
  );
  const width = network.inputShape.reduce((all, size) => all * size, 1);
  const own: Record<string, number> = { x: batch * width, y: batch, rowWeights: batch, permutation: batch };
  const memory = new DeviceMemory(device);
  createStepBuffer(memory);
  for (const [key, size] of plan.buffers) memory.make(key, 4 * (size || (own[key] ?? 4)));
  writeSteps(device, memory.get('step'), [blankStep(batch)]);
  const lines: [number, string][] = [];
  for (const { kernel, product } of plan.training) {
    let begin = performance.now();
    const tape = await Tape.record(device, [{ kernel }], memory.get);
    const play = async (times: number) => {
      const encoder = device.device.createCommandEncoder();
      for (let i = 0; i < times; i++) tape.play(encoder, 0, 1);
      device.device.queue.submit([encoder.finish()]);
      await device.device.queue.onSubmittedWorkDone();
    };
    await play(1);
    const compile = performance.now() - begin;
    begin = performance.now();
    await play(3);
    const time = (performance.now() - begin) / 3;
    const work = product ? product.shape.rows * product.shape.columns * product.shape.depth * 2 : 0;
    const rate = work ? `${(work / time / 1e6).toFixed(2)} GFLOP/s ${product!.shape.key}` : '';
    lines.push([
      time,
      `${time.toFixed(2)} ms, compiled and run once in ${compile.toFixed(0)} ms: ${kernel.label} ${rate}`,
    ]);
  }
  memory.dispose();
  const sum = lines.reduce((all, [time]) => all + time, 0);
  const reckoned = await estimateStep({ gpu: device, network, batchSize: batch, optimizer: ADAM, rows: batch, tuning });
  return [
    ...lines.sort((a, b) => b[0] - a[0]).map(([, line]) => line),
    `${sum.toFixed(2)} ms all kernels; ${reckoned.toFixed(2)} ms a step, reckoned from the largest`,
  ];
}

Object.assign(window, { profile, bench, tuning, benchReady: true });
