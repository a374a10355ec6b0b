// Which variant of a product a device computes fastest. Measured once for a shape on an adapter, the slowest products
// first, within a time that is given; what was not measured goes by rules that measurements taught, and so does
// everything on a software adapter.

import type { Gpu } from './device.ts';
import type { ProductShape, PlannedKernel } from './passes.ts';
import type { Variant } from './kernels/product.ts';
import { Tape } from './tape.ts';
import type { Kernel } from './wgsl.ts';

/** What was measured, by adapter and shape. Plain JSON: whoever holds it may keep it. */
export type Tuning = Record<string, Variant>;

const keyOf = (gpu: Gpu, shape: ProductShape): string => `${gpu.adapter} | ${shape.key}`;

/** The variant that was measured to be the fastest, else the one the rules name. */
export function chooseVariant(gpu: Gpu, tuning: Tuning, shape: ProductShape): Variant {
  return tuning[keyOf(gpu, shape)] ?? candidates(gpu, shape)[0];
}

/** Outputs of one thread: rows and columns. */
type Tile = [number, number];
const TILES: Tile[] = [
  [4, 8],
  [8, 8],
  [4, 4],
  [2, 4],
  [1, 4],
];

/**
 * Variants worth a measurement, the most promising first. On a software adapter there is but one: reads dominate every
 * product there, so the one that shares them is ahead on all, while a comparison would double the time to compile.
 */
export function candidates(gpu: Gpu, shape: ProductShape): Variant[] {
  if (shape.wholeRows) return [{ kind: 'direct', tileRows: 1, tileColumns: shape.columns }];
  return gpu.software ? [onSoftware(gpu, shape)] : onGpu(shape);
}

const threadsOf = ({ rows, columns, parts }: ProductShape, [r, c]: Tile): number =>
  Math.ceil(rows / r) * Math.ceil(columns / c) * parts;
const direct = ([tileRows, tileColumns]: Tile): Variant => ({ kind: 'direct', tileRows, tileColumns });
const quad = ([tileRows, tileColumns]: Tile): Variant => ({ kind: 'quad', tileRows, tileColumns });

/** A few cores of four lanes each: large tiles are best, but one tile for each lane there must be. No barriers. */
function onSoftware({ quads }: Gpu, shape: ProductShape): Variant {
  const { rows, columns, depth } = shape;
  const shared = quads && rows >= 16 && depth >= 8;
  const fitting = TILES.filter((tile) => threadsOf(shape, tile) >= 32 && columns >= tile[1] / 2);
  return shared && fitting.some(([r]) => r >= 4) ? quad(fitting.find(([r]) => r >= 4)!) : direct(fitting[0] ?? [1, 4]);
}

/** Many threads, and barriers for nothing: workgroup memory for what is large. */
function onGpu(shape: ProductShape): Variant[] {
  const { rows, columns, depth } = shape;
  const fitting = TILES.filter((tile) => threadsOf(shape, tile) >= 4096);
  const some: Tile[] =
    fitting.length > 0
      ? fitting
      : [
          [1, 4],
          [1, 1],
        ];
  const blocks = depth >= 16 && rows >= 32 && columns >= 16 ? [64, 32] : [];
  const tiled = blocks.map((tile): Variant => ({ kind: 'tiled', tile }));
  const single = some.map(direct);
  return rows * columns >= 128 * 128 && columns >= 32 ? [...tiled, ...single] : [...single, ...tiled];
}

/** Multiplications below which all variants are as fast: starting a kernel takes longer than what it does. */
const SMALL = 1 << 20;

/**
 * Times variants on the buffers of a training, whose content is spoilt thereby. A shape that the budget leaves out is
 * settled by the rules, so that a second training of it has nothing to wait for.
 * @param budget milliseconds after which no further variant is begun
 */
export async function measure(
  gpu: Gpu,
  tuning: Tuning,
  kernels: PlannedKernel[],
  bufferOf: (name: string) => GPUBuffer,
  budget: number,
): Promise<void> {
  const end = performance.now() + budget;
  const shapes = new Map(kernels.flatMap(({ product }) => (product ? [[product.shape.key, product] as const] : [])));
  const work = ({ rows, columns, depth }: ProductShape) => rows * columns * depth;
  const products = [...shapes.values()].sort((one, two) => work(two.shape) - work(one.shape));
  for (const { shape, make } of products) {
    const variants = candidates(gpu, shape).slice(0, 4);
    const key = keyOf(gpu, shape);
    if (tuning[key]) continue;
    let best = { variant: variants[0], time: Infinity };
    if (variants.length > 1 && work(shape) >= SMALL) {
      const share = Math.min(1, (1 << 30) / work(shape)); // enough to tell them apart
      for (const variant of variants) {
        if (performance.now() > end) break;
        const taken = await timeOf(gpu, make(variant), share, bufferOf);
        if (taken < best.time) best = { variant, time: taken };
      }
    }
    tuning[key] = best.variant;
  }
}

/** Milliseconds of a kernel, reckoned from a share of its workgroups. */
export async function timeOf(
  gpu: Gpu,
  kernel: Kernel,
  share: number,
  bufferOf: (name: string) => GPUBuffer,
): Promise<number> {
  const [across, down] = kernel.workgroups;
  const some = Math.max(1, Math.ceil(across * share));
  const tape = await Tape.record(gpu, [{ kernel: { ...kernel, workgroups: [some, down] } }], bufferOf);
  await play(gpu, tape, 1); // the first is slower than those after it
  const once = await play(gpu, tape, 1);
  const repeats = Math.max(1, Math.min(50, Math.ceil(4 / Math.max(once, 0.02))));
  return (Math.min(once, await play(gpu, tape, repeats)) * across) / some;
}

/** Milliseconds of one playing of a tape, of `repeats` in one submit. */
async function play({ device }: Gpu, tape: Tape, repeats: number): Promise<number> {
  const begin = performance.now();
  const encoder = device.createCommandEncoder();
  for (let i = 0; i < repeats; i++) tape.play(encoder, 0, 1);
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
  return (performance.now() - begin) / repeats;
}
