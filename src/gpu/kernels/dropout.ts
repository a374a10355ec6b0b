// Which numbers a dropout keeps: a hash of (seed, layer, step, element), so that the backward pass draws the mask
// anew instead of reading it, and a repeated run draws the same one. The hash is PCG-RXS-M-XS (O'Neill 2014), as
// Jarzynski and Olano 2020 recommend it for GPUs. In WGSL and in TypeScript, so that a training that goes on on another
// backend draws what it would have drawn.

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

/** A dropout's own number, by the name of its layer. FNV-1a. */
export function dropoutKey(name: string): number {
  let hash = 2166136261;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 16777619);
  return hash >>> 0;
}

/** The mask that the kernels draw, [size] of 0 and 1 / (1 - rate). @param step steps done before, over all epochs */
export function dropoutMask(size: number, rate: number, seed: number, key: number, step: number): Float32Array {
  const stream = pcg((step + pcg((seed + key + 1) >>> 0)) >>> 0);
  const scale = 1 / (1 - rate);
  const least = threshold(rate);
  const mask = new Float32Array(size);
  for (let i = 0; i < size; i++) if (pcg((i + stream) >>> 0) >= least) mask[i] = scale;
  return mask;
}
