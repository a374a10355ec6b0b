// The budget of measuring, on a machine that is made up: each backend takes the time it is told to, and the clock is false.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { explainTimed } from '../../src/train/choice.ts';
import type { LayerSpec } from '../../src/model/spec.ts';
import type { BackendInfo, BackendName } from '../../src/train/events.ts';
import { ranked, timeBackends, type Outcomes, type Tools, type Work } from '../../src/train/fastest.ts';
import { TooSlow } from '../../src/train/stepTime.ts';
import { MLP, PLAIN } from './samples.ts';

const machine = (software: boolean): BackendInfo[] =>
  (['webgpu', 'webgl', 'cpu'] as const).map((name) => ({
    name,
    available: true,
    adapter: `${name} of a test`,
    software: software && name !== 'cpu',
    reason: null,
  }));

/** A training of so many steps. */
const work = (steps: number): Work => ({
  network: MLP,
  training: { ...PLAIN, batchSize: 8, epochs: steps },
  rows: 8,
});

const LOAD_MS = 5000;

interface Speed {
  /** before the first step is done */
  startMs: number;
  stepMs: number;
  /** that `stepMs` is reckoned where there is no time for a step */
  reckoned?: boolean;
}

/** Timers that sleep; `allowed` notes what each was allowed. */
function tools(speeds: Record<BackendName, Speed | Error>) {
  const shelf = new Map<string, unknown>();
  const allowed: [BackendName, number][] = [];
  const timer = (name: BackendName) => async (_: Work, allowedMs: number) => {
    allowed.push([name, allowedMs]);
    const speed = speeds[name];
    if (speed instanceof Error) throw speed;
    const { startMs, stepMs, reckoned } = speed;
    const all = startMs + stepMs;
    await new Promise((wake) => setTimeout(wake, name === 'cpu' ? all : Math.min(allowedMs, all)));
    const isOver = name !== 'cpu' && all > allowedMs;
    if (isOver && !reckoned) throw new TooSlow();
    return { ms: stepMs, ...(isOver && { estimated: true as const }) };
  };
  const made: Tools = {
    timers: {
      load: () => new Promise((wake) => setTimeout(wake, LOAD_MS)),
      cpu: timer('cpu'),
      webgl: timer('webgl'),
      webgpu: timer('webgpu'),
    },
    shelf: {
      get: async (key) => structuredClone(shelf.get(key)),
      set: async (key, value) => void shelf.set(key, structuredClone(value)),
    },
  };
  return { made, allowed };
}

async function measure(given: Work, backends: BackendInfo[], made: Tools) {
  const begin = performance.now();
  const measuring = timeBackends(given, backends, made).then((outcomes) => ({
    outcomes,
    durationMs: performance.now() - begin - LOAD_MS,
  }));
  await vi.runAllTimersAsync();
  return measuring;
}

const say = (
  taken: BackendName,
  given: Work,
  backends: BackendInfo[],
  { outcomes }: { outcomes: Outcomes },
  gap: string | null = null,
) =>
  explainTimed(
    backends.find(({ name }) => name === taken)!,
    given,
    backends,
    outcomes,
    [],
    gap,
  );

const SLOW_GL: Record<BackendName, Speed> = {
  cpu: { startMs: 150, stepMs: 2 },
  webgpu: { startMs: 300, stepMs: 0.4 },
  webgl: { startMs: 2000, stepMs: 30 },
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a step is timed on each backend', () => {
  it('within a second, loading not counted, and one that takes longer is told as not finished', async () => {
    const { made } = tools(SLOW_GL);
    const { outcomes, durationMs } = await measure(work(2000), machine(true), made);
    expect(outcomes).toMatchObject({ cpu: { kind: 'step', ms: 2 }, webgpu: { kind: 'step', ms: 0.4 } });
    expect(outcomes.webgl).toMatchObject({ kind: 'unfinished' });
    expect(durationMs).toBeLessThanOrEqual(1000);
  });

  it('within a second too where none finishes, and each has a share of at least 300 ms', async () => {
    const slow = { startMs: 9000, stepMs: 1 };
    const { made, allowed } = tools({ cpu: { startMs: 150, stepMs: 2 }, webgpu: slow, webgl: slow });
    const { outcomes, durationMs } = await measure(work(2000), machine(false), made);
    expect([outcomes.webgpu?.kind, outcomes.webgl?.kind]).toEqual(['unfinished', 'unfinished']);
    expect(durationMs).toBeLessThanOrEqual(1000);
    for (const [name, ms] of allowed) if (name !== 'cpu') expect(ms).toBeGreaterThanOrEqual(300);
  });

  it('what cannot be timed is told with its reason, and tried again the next time', async () => {
    const { made, allowed } = tools({ ...SLOW_GL, webgpu: new Error('the device refused it') });
    const first = await measure(work(2000), machine(true), made);
    expect(first.outcomes.webgpu).toEqual({ kind: 'failed', why: 'the device refused it' });
    await measure(work(2000), machine(true), made);
    expect(allowed.map(([name]) => name)).toEqual(['cpu', 'webgl', 'webgpu', 'webgpu']);
  });

  it('but the CPU alone for a training that is over there within a second', async () => {
    const { made, allowed } = tools(SLOW_GL);
    const { outcomes } = await measure(work(100), machine(true), made);
    expect(Object.keys(outcomes)).toEqual(['cpu']);
    expect(allowed).toHaveLength(1);
  });
});

describe('a long training', () => {
  const order = async (speeds: Record<BackendName, Speed>, given: Work, software: boolean) => {
    const backends = machine(software);
    const { outcomes, durationMs } = await measure(given, backends, tools(speeds).made);
    expect(durationMs).toBeLessThanOrEqual(1000);
    return ranked(given, backends, outcomes).map(({ name }) => name);
  };
  const compiling = { startMs: 2500, stepMs: 4 };
  const recurrent = (steps: number): Work => ({
    ...work(steps),
    network: { inputShape: [8, 4], layers: [{ kind: 'lstm', units: 4 } as LayerSpec], head: MLP.head },
  });

  it('is worth a real adapter that was still compiling, and a shorter one is not', async () => {
    const speeds = { cpu: { startMs: 150, stepMs: 20 }, webgpu: { startMs: 300, stepMs: 8 }, webgl: compiling };
    expect(await order(speeds, work(2000), false)).toEqual(['webgl', 'webgpu', 'cpu']); // 16 s by the fastest
    expect(await order(speeds, work(750), false)).toEqual(['webgpu', 'cpu']); // 6 s
    expect(await order(speeds, work(2000), true)).toEqual(['webgpu', 'cpu']);
  });

  it('is worth a software adapter too where the step is compiled as a whole', async () => {
    const speeds = { cpu: { startMs: 150, stepMs: 20 }, webgpu: compiling, webgl: compiling };
    expect(await order(speeds, work(2000), true)).toEqual(['webgpu', 'cpu']);
    expect(await order(speeds, recurrent(2000), true)).toEqual(['cpu']);
  });
});

describe('what was measured', () => {
  it('is kept: the next training of the shape starts at once, with the same figures', async () => {
    const { made, allowed } = tools(SLOW_GL);
    const first = await measure(work(2000), machine(true), made);
    const before = allowed.length;
    const { outcomes } = await measure(work(2000), machine(true), made);
    expect(outcomes).toEqual(first.outcomes);
    expect(allowed).toHaveLength(before);
  });

  it('but for what had no time, as on a busy machine: timed again at the 4th training, the 8th, the 16th and so on', async () => {
    const speeds = structuredClone(SLOW_GL);
    const { made, allowed } = tools(speeds);
    const trainings = async (count: number) => {
      allowed.length = 0;
      for (let i = 1; i < count; i++) await measure(work(2000), machine(false), made);
      const { outcomes } = await measure(work(2000), machine(false), made);
      return { webgl: outcomes.webgl, timed: allowed.map(([name]) => name) };
    };
    expect(await trainings(1)).toMatchObject({ webgl: { kind: 'unfinished' }, timed: ['cpu', 'webgl', 'webgpu'] });
    expect(await trainings(2)).toMatchObject({ webgl: { kind: 'unfinished' }, timed: [] });
    expect(await trainings(1)).toMatchObject({ webgl: { kind: 'unfinished' }, timed: ['webgl'] }); // the 4th
    expect(await trainings(11)).toMatchObject({ webgl: { kind: 'unfinished' }, timed: ['webgl'] });
    speeds.webgl.startMs = 100;
    expect(await trainings(1)).toEqual({ webgl: { kind: 'step', ms: 30 }, timed: ['webgl'] }); // the 16th
    expect(await trainings(48)).toMatchObject({ timed: [] });
  });

  it('an estimate makes way for a measurement, and not for none', async () => {
    const speeds = structuredClone(SLOW_GL);
    speeds.webgpu = { startMs: 2000, stepMs: 0.5, reckoned: true };
    const { made } = tools(speeds);
    const webgpu = async (count: number) => {
      for (let i = 1; i < count; i++) await measure(work(2000), machine(false), made);
      return (await measure(work(2000), machine(false), made)).outcomes.webgpu;
    };
    const estimate = { kind: 'step', ms: 0.5, estimated: true };
    expect(await webgpu(1)).toEqual(estimate);
    speeds.webgpu.reckoned = false;
    expect(await webgpu(3)).toEqual(estimate);
    speeds.webgpu = { startMs: 100, stepMs: 0.4 };
    expect(await webgpu(4)).toEqual({ kind: 'step', ms: 0.4 });
  });

  it('is measured anew on another adapter, and for another shape', async () => {
    const { made, allowed } = tools(SLOW_GL);
    await measure(work(2000), machine(true), made);
    const other = machine(true).map((info) => ({ ...info, adapter: `another ${info.name}` }));
    await measure(work(2000), other, made);
    await measure({ ...work(2000), network: { ...MLP, layers: [] } }, machine(true), made);
    expect(allowed).toHaveLength(9);
  });
});

describe('the page says in one sentence', () => {
  it('what was chosen, and a figure for each backend or that it did not finish', async () => {
    const { made } = tools(SLOW_GL);
    const measured = await measure(work(2000), machine(true), made);
    expect(say('webgpu', work(2000), machine(true), measured)).toMatch(
      /^Automatic choice: WebGPU \(compiled\), 0\.4 ms a step; the CPU takes 2, WebGL did not finish a step within \d+ ms\. WebGPU and WebGL have only software adapters here\.$/,
    );
  });

  it('that a figure was reckoned and not measured', async () => {
    const { made } = tools({ ...SLOW_GL, webgpu: { startMs: 2000, stepMs: 0.4, reckoned: true } });
    const measured = await measure(work(2000), machine(true), made);
    const sentence = /^Automatic choice: WebGPU \(compiled\), about 0\.4 ms a step; the CPU takes 2, WebGL did not /;
    expect(say('webgpu', work(2000), machine(true), measured)).toMatch(sentence);
  });

  it('that one was taken before it had been timed', async () => {
    const { made } = tools({ ...SLOW_GL, webgl: new Error('no'), webgpu: { startMs: 2000, stepMs: 1 } });
    const measured = await measure(work(20_000), machine(false), made);
    expect(say('webgpu', work(20_000), machine(false), measured)).toMatch(
      /^Automatic choice: WebGPU \(compiled\), still compiling after \d+ ms, which pays in a long training; the CPU takes 2 ms a step, /,
    );
  });

  it('why a backend could not be timed', async () => {
    const { made } = tools({ ...SLOW_GL, webgpu: new Error('the device refused it.') });
    const measured = await measure(work(2000), machine(false), made);
    expect(say('cpu', work(2000), machine(false), measured)).toMatch(
      /^Automatic choice: the CPU, 2 ms a step; .*WebGPU \(compiled\) could not be timed \(the device refused it\)/,
    );
  });

  it('that WebGPU is TensorFlow.js’ where the network cannot be compiled, and why', async () => {
    const measured = await measure(work(2000), machine(false), tools(SLOW_GL).made);
    expect(say('webgpu', work(2000), machine(false), measured, 'layer 1_lstm is recurrent')).toMatch(
      /^Automatic choice: WebGPU, 0\.4 ms a step; .*\. This is left to TensorFlow\.js: layer 1_lstm is recurrent\.$/,
    );
  });

  it('that a small training needs no other', async () => {
    const { made } = tools(SLOW_GL);
    const measured = await measure(work(100), machine(true), made);
    expect(say('cpu', work(100), machine(true), measured)).toMatch(
      /^Automatic choice: the CPU, 2 ms a step and about 0\.20 s in all, over before another would have started\./,
    );
  });
});
