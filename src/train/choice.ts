// What a person is told of the choice of a backend: which, why, and with what figures. It decides nothing.

import type { BackendInfo, BackendName } from './events.ts';
import { stepsOf, type Outcome, type Outcomes, type Work } from './fastest.ts';

export const TITLES: Record<BackendName, string> = { webgpu: 'WebGPU', webgl: 'WebGL', cpu: 'the CPU' };

const twoDigits = (value: number): string => String(Number(value.toPrecision(2)));
const capital = (text: string): string => text[0].toUpperCase() + text.slice(1);
const sentences = (parts: string[]): string => [...new Set(parts)].map((part) => `${capital(part)}.`).join(' ');

/**
 * Such as `Automatic choice: WebGPU (compiled), 3.1 ms a step; the CPU takes 5.9, WebGL did not finish a step within
 * 300 ms.`, and what else is to be said. A figure that was reckoned and not measured is `about 3.1 ms`.
 * @param faults clauses on backends that were faster, and passed over
 * @param gap a clause on what keeps the network from being compiled; null where nothing does
 */
export function explainTimed(
  taken: BackendInfo,
  work: Work,
  backends: BackendInfo[],
  outcomes: Outcomes,
  faults: string[],
  gap: string | null,
): string {
  const title = (name: BackendName) => (name === 'webgpu' && !gap ? 'WebGPU (compiled)' : TITLES[name]);
  const [first, ...others] = backends
    .flatMap(({ name }) => (outcomes[name] ? [{ name, outcome: outcomes[name] }] : []))
    .sort((a, b) => Number(b.name === taken.name) - Number(a.name === taken.name) || rank(a.outcome) - rank(b.outcome))
    .map(({ name, outcome }, place, all) => describe(title(name), outcome, place, all[0].outcome.kind === 'step'));
  const cpuMs = outcomes.cpu?.kind === 'step' ? outcomes.cpu.ms * stepsOf(work) : 0;
  const seconds = Math.max(0.01, cpuMs / 1000).toFixed(2);
  const compared =
    others.length > 0
      ? `${first}; ${others.join(', ')}`
      : backends.some(({ name, available }) => available && name !== 'cpu')
        ? `${first} and about ${seconds} s in all, over before another would have started`
        : first;
  return `Automatic choice: ${compared}. ${sentences([...faults, ...(gap ? [uncompiled(gap)] : []), ...adapterNotes(backends)])}`.trim();
}

/** @param gap what keeps the network from being compiled */
const uncompiled = (gap: string): string => `this is left to TensorFlow.js: ${gap}`;

const rank = (outcome: Outcome): number => (outcome.kind === 'step' ? outcome.ms : Infinity);

/**
 * @param place 0 is taken, 1 the best of the rest, whose unit the others share
 * @param united the one that is taken has said the unit
 */
function describe(title: string, outcome: Outcome, place: number, united: boolean): string {
  if (outcome.kind === 'unfinished') {
    if (place > 0) return `${title} did not finish a step within ${outcome.allowedMs} ms`;
    return `${title}, still compiling after ${outcome.allowedMs} ms, which pays in a long training`;
  }
  if (outcome.kind === 'failed') return `${title} could not be timed (${outcome.why.replace(/\.$/, '')})`;
  const ms = `${outcome.estimated ? 'about ' : ''}${twoDigits(outcome.ms)}`;
  if (place === 0) return `${title}, ${ms} ms a step`;
  return `${title} ${place === 1 ? 'takes ' : ''}${ms}${place === 1 && !united ? ' ms a step' : ''}`;
}

/** Of a choice with nothing to time. */
export function explainUntimed(taken: BackendInfo, backends: BackendInfo[], faults: string[]): string {
  const before = taken.name === 'cpu' ? backends : backends.slice(0, backends.indexOf(taken));
  const where = taken.name === 'cpu' ? TITLES.cpu : `${TITLES[taken.name]} on ${taken.adapter}`;
  const why = [...adapterNotes(before), ...faults].join('; ');
  return `Automatic choice: ${where}${why ? `. ${why}` : ', the fastest here'}.`;
}

/** What this machine has, before anything is to be trained. */
export function explainMachine(backends: BackendInfo[]): string {
  const how = 'A step of the recipe is timed on each backend here as a training begins, and the fastest is taken';
  return sentences([how, ...adapterNotes(backends)]);
}

function adapterNotes(backends: BackendInfo[]): string[] {
  const absent = backends.filter(({ available }) => !available);
  const software = backends.filter((info) => info.available && info.software);
  return [
    ...absent.map(({ name, reason }) => `${TITLES[name]} is not available: ${reason}`),
    software.length === 1 && `${TITLES[software[0].name]} has only a software adapter here (${software[0].adapter})`,
    software.length > 1 && `${software.map(({ name }) => TITLES[name]).join(' and ')} have only software adapters here`,
  ].filter((note) => note !== false);
}
