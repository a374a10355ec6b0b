// Which numbers a dropout keeps: a hash of (seed, layer, step, element), so that the backward pass draws the mask
// anew instead of reading it, and a repeated run draws the same one. The hash is PCG-RXS-M-XS (O'Neill 2014), as
// Jarzynski and Olano 2020 recommend it for GPUs. In WGSL and, for the tests, in TypeScript.

/** Functions `pcg` and `kept(i)`; `kept` reads the step's uniform block. */
export function dropoutFunctions(rate: number, key: number): string {
  return `fn pcg(x: u32) -> u32 {
  let s = x * 747796405u + 2891336453u;
  let w = ((s >> ((s >> 28u) + 4u)) ^ s) * 277803737u;
  return (w >> 22u) ^ w;
}
fn kept(i: u32) -> bool {
  return pcg(i + pcg(step.number + pcg(step.seed + ${(key + 1) >>> 0}u))) >= ${threshold(rate)}u;
}`;
}

const threshold = (rate: number): number => Math.min(0xffffffff, Math.round(rate * 2 ** 32));

function pcg(x: number): number {
  const s = (Math.imul(x, 747796405) + 2891336453) >>> 0;
  const w = Math.imul((s >>> ((s >>> 28) + 4)) ^ s, 277803737) >>> 0;
  return ((w >>> 22) ^ w) >>> 0;
}

/** The mask that the kernels draw: 0, or 1 / (1 - rate). @param key the how-many-eth dropout of the network it is */
export function dropoutMask(size: number, rate: number, seed: number, key: number, step: number): Float32Array {
  const stream = pcg((step + pcg((seed + key + 1) >>> 0)) >>> 0);
  const scale = 1 / (1 - rate);
  return Float32Array.from({ length: size }, (_, i) => (pcg((i + stream) >>> 0) >= threshold(rate) ? scale : 0));
}
