// How a kernel is put together: which buffers it binds, under which names and types, and the WGSL around its body.
// A kernel here is text and numbers; device.ts makes a pipeline of it.

export interface Binding {
  /** name of a buffer of the plan */
  buffer: string;
  access: 'uniform' | 'read' | 'read_write';
}

export interface Kernel {
  /** says what it computes, for profiles and errors: `2_conv2d gradient` */
  label: string;
  code: string;
  bindings: Binding[];
  workgroups: [number, number];
}

export type ElementType = 'f32' | 'vec4f' | 'u32';

/** What changes from step to step, as the kernels see it. Written by tape.ts. */
const STEP = `struct Step {
  start: u32, // first place of the batch in the permutation
  rows: u32, // rows of the batch; fewer than the batch size in the last one of an epoch
  number: u32, // steps done before, for dropout
  seed: u32,
  scale: f32, // 1 / sum of the rows' weights
  rate: f32, // the learning rate
  corrected: f32, // the learning rate over Adam's first bias correction
  root: f32, // 1 / sqrt of Adam's second bias correction
}`;

/** How many workgroups one axis of a dispatch may have. */
const MAX_GROUPS = 65_535;

/** A kernel being written: its buffers, each with its name in WGSL, and its functions. */
export class Draft {
  readonly #entries: { buffer: string; access: Binding['access']; name: string; type: ElementType | 'Step' }[] = [];
  readonly #functions = new Map<string, string>();
  readonly #sizes: ReadonlyMap<string, number>;

  /** @param sizes of the plan's buffers, in elements of 4 bytes; 0 where only the data knows */
  constructor(sizes: ReadonlyMap<string, number>) {
    this.#sizes = sizes;
  }

  /** A buffer that is read. @returns its name in WGSL */
  read(buffer: string, type: ElementType = 'f32'): string {
    return this.#bind(buffer, 'read', type);
  }

  /** A buffer that is written, and perhaps read. @returns its name in WGSL */
  write(buffer: string, type: ElementType = 'f32'): string {
    return this.#bind(buffer, 'read_write', type);
  }

  /** The uniform block of the step. @returns its name in WGSL */
  step(): string {
    if (!this.#entries.some(({ type }) => type === 'Step')) {
      this.#entries.unshift({ buffer: 'step', access: 'uniform', name: 'step', type: 'Step' });
    }
    return 'step';
  }

  /** Adds a function, once. @returns its name */
  define(name: string, text: string): string {
    this.#functions.set(name, text);
    return name;
  }

  /**
   * `x / by` of whole numbers below `limit`. Division is slow on many devices, and scalar on software ones: a shift
   * where `by` is a power of two, else a multiplication of floats, put right where it was rounded to a neighbour.
   */
  quotient(x: string, by: number, limit: number): string {
    if (by === 1) return `(${x})`;
    if (Number.isInteger(Math.log2(by))) return `((${x}) >> ${Math.log2(by)}u)`;
    if (limit >= 2 ** 23) return `((${x}) / ${by}u)`;
    const text = `fn over${by}(x: u32) -> u32 {
  let q = u32(f32(x) * ${float(1 / by)});
  let r = i32(x) - i32(q * ${by}u);
  return q + select(0u, 1u, r >= ${by}) - select(0u, 1u, r < 0);
}`;
    return `${this.define(`over${by}`, text)}(${x})`;
  }

  /** `x % by`, likewise. */
  remainder(x: string, by: number, limit: number): string {
    if (by === 1) return '0u';
    if (Number.isInteger(Math.log2(by))) return `((${x}) & ${by - 1}u)`;
    return `((${x}) - ${this.quotient(x, by, limit)} * ${by}u)`;
  }

  /** A body in which each thread has a number `i` below `threads`; those above return at once. */
  threads(label: string, threads: number, body: string, size = workgroupSize(threads)): Kernel {
    const groups = Math.ceil(threads / size);
    const columns = Math.min(groups, MAX_GROUPS);
    return this.groups(
      label,
      [columns, Math.ceil(groups / columns)],
      size,
      `let i = ${groups > columns ? `group.x * ${size}u + local + group.y * ${columns * size}u` : `group.x * ${size}u + local`};
if (i >= ${threads}u) { return; }
${body}`,
    );
  }

  /** A body that sees its workgroup as `group` and its place in it as `local`. */
  groups(label: string, workgroups: [number, number], size: number, body: string, prelude = ''): Kernel {
    const written = this.#entries.find(
      (one) => one.access === 'read_write' && this.#entries.some((two) => two !== one && two.buffer === one.buffer),
    );
    if (written) throw new Error(`${label}: buffer ${written.buffer} is written and bound a second time`);
    return {
      label,
      workgroups,
      bindings: this.#entries.map(({ buffer, access }) => ({ buffer, access })),
      code: `${prelude}${this.#declarations()}
${[...this.#functions.values()].join('\n')}
@compute @workgroup_size(${size})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
${body}
}`,
    };
  }

  #bind(buffer: string, access: Binding['access'], type: ElementType): string {
    const same = this.#entries.find((entry) => entry.buffer === buffer && entry.type === type);
    if (same) {
      if (access === 'read_write') same.access = access;
      return same.name;
    }
    const name = `b_${buffer.replace(/[^A-Za-z0-9]+/g, '_')}_${type}`;
    this.#entries.push({ buffer, access, name, type });
    return name;
  }

  #declarations(): string {
    const lines = this.#entries.map(({ buffer, access, name, type }, index) => {
      const at = `@group(0) @binding(${index})`;
      if (type === 'Step') return `${STEP}\n${at} var<uniform> ${name}: Step;`;
      const size = this.#sizes.get(buffer);
      if (size === undefined) throw new Error(`no buffer ${buffer}`);
      const length = size === 0 ? '' : `, ${type === 'vec4f' ? size / 4 : size}`;
      return `${at} var<storage, ${access}> ${name}: array<${type}${length}>;`;
    });
    return lines.join('\n');
  }
}

/** 64 threads, fewer where that would leave cores idle: a small kernel is still cut in four. */
function workgroupSize(threads: number): number {
  let size = 64;
  while (size > 8 && threads < 4 * size) size /= 2;
  return size;
}

/** A literal that WGSL reads as the same float32. */
export function float(value: number): string {
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) throw new Error(`no float literal for ${value}`);
  return /[.e]/.test(String(rounded)) ? `${rounded}f` : `${rounded}.0f`;
}
