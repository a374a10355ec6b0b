// Sums over all places of a batch, one for each channel: bias gradients, the moments of a normalisation, the partial
// sums of a product. The places are cut into parts that are added up in their order, so that the sum is always the
// same.

import type { Draft, Kernel } from '../wgsl.ts';

/** In how many parts to sum `places` places of `channels` channels, so that there is work for many threads. */
export function partsOf(places: number, channels: number): number {
  if (places < 128) return 1;
  return Math.max(1, Math.min(64, Math.floor(places / 64), Math.ceil(2048 / channels)));
}

export interface ChannelSums {
  label: string;
  places: number;
  channels: number;
  parts: number;
  /** statements before the loop, given channel `c` */
  before?: string;
  /** statements for each place, given place `p`, channel `c` and the number's index `at` */
  each?: string;
  /** what is added up: expressions */
  terms: string[];
  /** what is done with the sums `s0`, `s1`, … of channel `c`, in the one part or the last kernel; its draft is `finish` */
  finish: string;
}

/**
 * One kernel where there is one part, else two.
 * @param sums the draft of the first kernel
 * @param last the draft of the second; the same draft where there is one part
 */
export function channelSums(sums: Draft, last: Draft, o: ChannelSums): Kernel[] {
  const { label, places, channels, parts, terms } = o;
  const each = Math.ceil(places / parts);
  const loop = `${o.before ?? ''}
${terms.map((_, t) => `var s${t} = 0.0;`).join(' ')}
for (var p = ${parts === 1 ? '0u' : `(i / ${channels}u) * ${each}u`}; p < ${parts === 1 ? `${places}u` : `min(${places}u, (i / ${channels}u + 1u) * ${each}u)`}; p++) {
let at = p * ${channels}u + c;
${o.each ?? ''}
${terms.map((term, t) => `s${t} += ${term};`).join('\n')}
}`;
  if (parts === 1) return [sums.threads(label, channels, `let c = i;\n${loop}\n${o.finish}`)];
  const partial = sums.write('partial');
  const stores = terms.map(
    (_, t) => `${partial}[(i / ${channels}u) * ${terms.length * channels}u + ${t * channels}u + c] = s${t};`,
  );
  const again = last.read('partial');
  return [
    sums.threads(label, channels * parts, `let c = i % ${channels}u;\n${loop}\n${stores.join('\n')}`),
    last.threads(
      `${label} sum`,
      channels,
      `let c = i;
${terms.map((_, t) => `var s${t} = 0.0;`).join(' ')}
for (var part = 0u; part < ${parts}u; part++) {
${terms.map((_, t) => `s${t} += ${again}[part * ${terms.length * channels}u + ${t * channels}u + c];`).join('\n')}
}
${o.finish}`,
    ),
  ];
}

/** Adds up the parts of a product's gradient and hands each sum on. */
export function sumParts(
  draft: Draft,
  label: string,
  size: number,
  parts: number,
  take: (place: string, value: string) => string,
): Kernel {
  const partial = draft.read('partial');
  return draft.threads(
    label,
    size,
    `var sum = 0.0;
for (var part = 0u; part < ${parts}u; part++) { sum += ${partial}[part * ${size}u + i]; }
${take('i', 'sum')}`,
  );
}
