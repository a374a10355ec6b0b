// The player: kernels with their pipelines and buffers, encoded step after step into one pass. What changes from step
// to step lies in one uniform buffer, a block for each step, which a dispatch finds by its offset: no kernel is
// needed to count steps, and nothing is written between them.

import { layoutOf, pipelineOf, type Gpu } from './device.ts';
import type { DeviceMemory } from './memory.ts';
import type { Kernel } from './wgsl.ts';

/** Bytes from one step's block to the next: the alignment that every device takes. */
const STRIDE = 256;
/** Bytes that kernels see of it. */
const BLOCK = 32;
/** Steps that one submit holds. */
export const STEPS_PER_SUBMIT = 512;

/** The fields of `Step` in wgsl.ts. */
export interface StepValues {
  start: number;
  rows: number;
  number: number;
  seed: number;
  /** sum of the rows' weights */
  weight: number;
  rate: number;
  corrected: number;
  root: number;
}

/** A step that moves nothing: what a pass that does not learn goes by. */
export function blankStep(rows: number): StepValues {
  return { start: 0, rows, number: 0, seed: 0, weight: 1, rate: 0, corrected: 0, root: 1 };
}

/** Makes `step`, with room for the blocks of the steps of one submit. */
export function createStepBuffer(memory: DeviceMemory): void {
  memory.make('step', STRIDE * STEPS_PER_SUBMIT, GPUBufferUsage.UNIFORM);
}

export function writeSteps({ device }: Gpu, buffer: GPUBuffer, steps: StepValues[]): void {
  const bytes = new ArrayBuffer(STRIDE * steps.length);
  const integers = new Uint32Array(bytes);
  const floats = new Float32Array(bytes);
  steps.forEach(({ start, rows, number, seed, weight, rate, corrected, root }, index) => {
    const at = (index * STRIDE) / 4;
    integers.set([start, rows, number, seed], at);
    floats.set([weight > 0 ? 1 / weight : 1, rate, corrected, root], at + 4);
  });
  device.queue.writeBuffer(buffer, 0, bytes);
}

interface Move {
  /** null while it is compiled */
  pipeline: GPUComputePipeline | null;
  group: GPUBindGroup;
  hasStep: boolean;
  workgroups: [number, number];
}

export class Tape {
  readonly #moves: Move[];
  readonly #pipelines: Promise<void>[];
  /** Kernels that are still compiled. */
  #missing: number;

  /** Binds the buffers and begins to compile what is not compiled yet. @param bufferOf by name, `step` among them */
  constructor(gpu: Gpu, planned: { kernel: Kernel }[], bufferOf: (name: string) => GPUBuffer) {
    const kernels = planned.map(({ kernel }) => kernel);
    this.#missing = kernels.length;
    this.#moves = kernels.map((kernel) => ({
      pipeline: null,
      workgroups: kernel.workgroups,
      hasStep: kernel.bindings[0]?.access === 'uniform',
      group: gpu.device.createBindGroup({
        label: kernel.label,
        layout: layoutOf(gpu, kernel),
        entries: kernel.bindings.map(({ buffer, access }, binding) => ({
          binding,
          resource: { buffer: bufferOf(buffer), ...(access === 'uniform' && { size: BLOCK }) },
        })),
      }),
    }));
    this.#pipelines = kernels.map(async (kernel, index) => {
      this.#moves[index].pipeline = await pipelineOf(gpu, kernel);
      this.#missing--;
    });
    for (const pipeline of this.#pipelines) pipeline.catch(() => {}); // whoever plays it is told
  }

  /** A tape with everything compiled. */
  static async record(...o: ConstructorParameters<typeof Tape>): Promise<Tape> {
    const tape = new Tape(...o);
    await Promise.all(tape.#pipelines);
    return tape;
  }

  get compiled(): boolean {
    return this.#missing === 0;
  }

  /** Encodes `count` steps, the first by block `from` of the step buffer. */
  play(encoder: GPUCommandEncoder, from: number, count: number): void {
    const pass = encoder.beginComputePass();
    for (let step = from; step < from + count; step++) encodeMoves(pass, this.#moves, step);
    pass.end();
  }

  /** Plays one step, by block 0: each kernel as soon as it is compiled, the others being compiled meanwhile. */
  async playWhileCompiling(submit: (encode: (encoder: GPUCommandEncoder) => void) => void): Promise<void> {
    let done = 0;
    while (done < this.#moves.length) {
      await this.#pipelines[done];
      const from = done;
      while (this.#moves[done]?.pipeline) done++;
      submit((encoder) => {
        const pass = encoder.beginComputePass();
        encodeMoves(pass, this.#moves.slice(from, done), 0);
        pass.end();
      });
    }
  }
}

function encodeMoves(pass: GPUComputePassEncoder, moves: Move[], step: number): void {
  const offset = [step * STRIDE];
  for (const { pipeline, group, hasStep, workgroups } of moves) {
    pass.setPipeline(pipeline!);
    if (hasStep) pass.setBindGroup(0, group, offset);
    else pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(workgroups[0], workgroups[1]);
  }
}
