// Sums of products: out(row, column) = sum over an inner index of a(row, inner) * b(inner, column). Dense layers and
// convolutions, forward and backward, are all of this form (implicit GEMM); dense.ts and conv.ts say where the numbers
// lie. Three ways to compute one, which tune.ts chooses among:
// - direct: a thread sums a tile of outputs in registers and reads what it needs from the buffers. No barrier.
// - quad: the same, and four neighbouring threads share what they read of b. Where four columns lie side by side, each
//   reads them at another inner index and hands them to all; else each reads another column and hands it on by swaps, so
//   that the entries of a tile are the columns column ^ lane, each thread's in its own order.
// - tiled: a workgroup brings blocks of a and b to workgroup memory, with barriers. What a GPU likes best.
// One file, because the three share how an operand is read.

import type { Draft, Kernel } from '../wgsl.ts';

/** One of the two factors, in expressions of WGSL. `s` is a suffix that keeps the variables of tile entries apart. */
export interface Operand {
  /** the array's name, of vec4f or of f32 */
  array(vector: boolean): string;
  /** four numbers that lie side by side, from an address that is a multiple of 4, can be read at once */
  vector: boolean;
  /** what lies side by side: numbers of the inner index, or rows of a and columns of b */
  along: 'inner' | 'outer';
  /** statements that declare what is known from the row (of a) or column (of b) */
  outer(s: string, index: string): string;
  /** statements that declare what is known once the loops around the inner one stand */
  loop(s: string): string;
  /** statements that declare what is known from the inner index, by its name alone */
  step?(k: string): string;
  /** where the number at inner index `k` lies */
  address(s: string, k: string): string;
  /** whether it exists; null: always. What does not exist is 0 */
  valid(s: string, k: string): string | null;
}

export interface Product {
  label: string;
  rows: number;
  columns: number;
  /** loops around the inner one, the outermost first; their variables are u32 */
  loops: { name: string; count: number }[];
  /** the length of the innermost sum */
  inner: number;
  a: Operand;
  b: Operand;
  /** statements that take a sum: `row`, `column` and `value` are expressions */
  store(row: string, column: string, value: string): string;
  /** instead of `store`: takes all columns of a row at once */
  storeRow?(row: string, values: string[]): string;
  /** statements that take the sum of a column of b over all inner indices; null where nobody wants it */
  columnSum?: (column: string, value: string) => string;
  /** in how many parts the outermost loop is cut, `part` being its number */
  parts: number;
}

export type Variant =
  | { kind: 'direct'; tileRows: number; tileColumns: number }
  | { kind: 'quad'; tileRows: number; tileColumns: number }
  | { kind: 'tiled'; tile: number };

const XYZW = ['x', 'y', 'z', 'w'];
/** What a thread gets from its neighbour lane ^ 1, lane ^ 2, lane ^ 3. */
const SWAPS = ['quadSwapX', 'quadSwapY', 'quadSwapDiagonal'];
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

/** The kernel of a product. `draft` has the bindings of its operands and its store. */
export function productKernel(draft: Draft, product: Product, variant: Variant): Kernel {
  return variant.kind === 'tiled' ? tiledKernel(draft, product, variant.tile) : directKernel(draft, product, variant);
}

/** All loops, as text around `body`, the inner one in strides of `unroll`; the outermost is cut into parts. */
function loopsAround(product: Product, unroll: number, before: string, body: string): string {
  const { loops, inner, parts } = product;
  const cut = (count: number): [string, string] => {
    if (parts === 1) return ['0u', `${count}u`];
    const each = partLength(product, count);
    return [`part * ${each}u`, `min(${count}u, (part + 1u) * ${each}u)`];
  };
  const [first, last] = loops.length === 0 ? cut(inner) : ['0u', `${inner}u`];
  // counting by ones to a constant, a loop is seen to end, and gets no counter of its own to make sure of it
  const innermost =
    unroll > 1 && first === '0u'
      ? `for (var n = 0u; n < ${Math.ceil(inner / unroll)}u; n++) {\nlet k = n * ${unroll}u;`
      : `for (var k = ${first}; k < ${last}; ${unroll > 1 ? `k += ${unroll}u` : 'k++'}) {`;
  return loops.reduceRight((text, { name, count }, index) => {
    const [from, to] = index === 0 ? cut(count) : ['0u', `${count}u`];
    return `for (var ${name} = ${from}; ${name} < ${to}; ${name}++) {\n${text}\n}`;
  }, `${before}\n${innermost}\n${body}\n}`);
}

/** How much of the outermost loop one part takes; whole fours where that is the inner loop, which goes in fours. */
function partLength({ loops, parts }: Product, count: number): number {
  const each = Math.ceil(count / parts);
  return loops.length === 0 ? Math.ceil(each / 4) * 4 : each;
}

/** Reads of one operand for the entries of a tile, as expressions by entry and by step of the inner index. */
class TileReader {
  readonly #operand: Operand;
  readonly #name: string;
  readonly #count: number;
  readonly #groups: boolean;
  readonly #limit: number;
  readonly #vectorAlongInner: boolean;

  constructor(operand: Operand, name: string, count: number, limit: number) {
    this.#operand = operand;
    this.#name = name;
    this.#count = count;
    this.#limit = limit;
    this.#groups = operand.vector && operand.along === 'outer';
    this.#vectorAlongInner = operand.vector && operand.along === 'inner';
  }

  /** Suffixes: one for each entry of the tile, or for each four of them that are read together. */
  get suffixes(): string[] {
    return times(this.#groups ? this.#count / 4 : this.#count, (index) => `${this.#name}${index}`);
  }

  /** @param whole no entry of any tile is outside of the operand */
  outer(first: string, whole: boolean): string {
    const stride = this.#groups ? 4 : 1;
    return this.suffixes
      .map((s, index) => {
        const at = `${first} + ${index * stride}u`;
        return this.#operand.outer(s, whole ? at : `min(${at}, ${this.#limit - stride}u)`);
      })
      .join('\n');
  }

  loop(): string {
    return this.suffixes.map((s) => this.#operand.loop(s)).join('\n');
  }

  /** Statements that read everything for the four steps from `k`, where that is done at once. */
  readAhead(k: string, crossed: boolean = false): string {
    if (!this.#vectorAlongInner) return '';
    return this.suffixes
      .map((s) =>
        crossed
          ? `let r${s} = ${this.#value(s, k)}; let p${s} = select(r${s}, r${s}.yxwz, odd); let v${s} = select(p${s}, p${s}.zwxy, high);`
          : `let v${s} = ${this.#value(s, k)};`,
      )
      .join('\n');
  }

  /** Statements that read what one step `k` needs; `j` is its place in the four. */
  read(k: string, j: number): string {
    if (this.#vectorAlongInner) return '';
    const known = this.#operand.step?.(k) ?? '';
    return `${known}\n${this.suffixes.map((s) => `let v${s}_${j} = ${this.#value(s, k)};`).join('\n')}`;
  }

  entry(index: number, j: number): string {
    if (this.#vectorAlongInner) return `v${this.#name}${index}.${XYZW[j]}`;
    if (this.#groups) return `v${this.#name}${index >> 2}_${j}.${XYZW[index & 3]}`;
    return `v${this.#name}${index}_${j}`;
  }

  #value(s: string, k: string): string {
    return readAt(this.#operand, s, k);
  }
}

/** @param also another condition without which it is 0 */
function readAt(
  operand: Operand,
  s: string,
  k: string,
  also: string | null = null,
  vector: boolean = operand.vector,
): string {
  const array = operand.array(vector);
  const address = operand.address(s, k);
  const value = vector ? `${array}[(${address}) >> 2u]` : `${array}[${address}]`;
  const conditions = [operand.valid(s, k), also].filter((condition) => condition !== null);
  return conditions.length === 0
    ? value
    : `select(${vector ? 'vec4f()' : '0.0'}, ${value}, ${conditions.map((condition) => `(${condition})`).join(' & ')})`;
}

function directKernel(draft: Draft, product: Product, variant: Exclude<Variant, { kind: 'tiled' }>): Kernel {
  const { rows, columns, a, b, inner } = product;
  const quad = variant.kind === 'quad';
  const vectorTile = (operand: Operand, size: number) =>
    operand.vector && operand.along === 'outer' ? Math.max(4, size - (size % 4)) : size;
  const tileRows = vectorTile(a, Math.min(variant.tileRows, rows));
  const fours = (count: number) => Math.ceil(count / 4) * 4;
  const tileColumns = quad
    ? fours(Math.min(variant.tileColumns, columns))
    : vectorTile(b, Math.min(product.storeRow ? columns : variant.tileColumns, columns));
  const rowTiles = Math.ceil(rows / tileRows);
  const lanes = quad ? fours(rowTiles) : rowTiles;
  const columnTiles = Math.ceil(columns / tileColumns);
  const threads = lanes * columnTiles;
  const unroll = unrollOf(inner, quad);

  const readerA = new TileReader(a, 'a', tileRows, rows);
  const readerB = quad ? new QuadReader(b, tileColumns, columns, inner) : new TileReader(b, 'b', tileColumns, columns);
  const byIndex = readerB instanceof QuadReader && readerB.byIndex;
  const crossed = quad && !byIndex;
  const sum = (r: number, c: number) => `s${r}_${c}`;
  // one statement adds several products, to each other first: a variable is dearer than a value between, and what joins
  // the long sum seldom is rounded there seldom, which halves the error
  const reads = times(unroll, (j) => [
    ...(j > 0 || byIndex ? [`let k${j} = k + ${byIndex ? `(lane ^ ${j}u)` : `${j}u`};`] : []),
    readerA.read(j === 0 && !byIndex ? 'k' : `k${j}`, j),
    readerB.read(j === 0 ? 'k' : `k${j}`, j),
  ]).flat();
  const sums = times(tileRows, (r) =>
    times(tileColumns, (c) => {
      const products = times(unroll, (j) => `${readerA.entry(r, j)} * ${readerB.entry(c, j)}`);
      return `${sum(r, c)} = ${sum(r, c)} + (${products.join(' + ')});`;
    }).join('\n'),
  );
  const body = loopsAround(
    product,
    unroll,
    `${readerA.loop()}\n${readerB.loop()}`,
    [readerA.readAhead('k', byIndex), readerB.readAhead('k'), ...reads, ...sums].filter(Boolean).join('\n'),
  );
  const guarded = rows % tileRows !== 0 || lanes !== rowTiles;
  const guard = (r: string, text: string) => (guarded ? `if (row + ${r} < ${rows}u) {\n${text}\n}` : text);
  const stores = product.storeRow
    ? times(tileRows, (r) => {
        const values = times(columns, (c) => sum(r, c));
        return guard(`${r}u`, product.storeRow!(`(row + ${r}u)`, values));
      }).join('\n')
    : storeTile(product, tileRows, tileColumns, crossed ? '(c ^ lane)' : 'c', sum, guard);

  const size = Math.max(quad ? 4 : 1, groupSize(threads));
  const beside = columnSums(product, size);
  const tiles = Math.ceil(threads / size);
  const [across, down, number] = spread(tiles + beside.groups);
  const exact = threads % size === 0;
  const limit = threads + size;
  return draft.groups(
    product.label,
    [across, down * product.parts],
    size,
    `let part = group.y${down === 1 ? '' : ` / ${down}u`};
let number = ${number};
${beside.groups > 0 ? `if (number >= ${tiles}u) {\n${beside.text(tiles)}\nreturn;\n}` : ''}
let i = number * ${size}u + local;
${!exact && !quad ? `if (i >= ${threads}u) { return; }` : ''}
let line = ${draft.quotient('i', lanes, limit)};
let row = (i - line * ${lanes}u) * ${tileRows}u;
let column = ${quad && !exact ? `min(line, ${columnTiles - 1}u)` : 'line'} * ${tileColumns}u;
${quad ? 'let lane = local & 3u;\nlet odd = (lane & 1u) == 1u;\nlet high = lane >= 2u;' : ''}
${readerA.outer('row', rows % tileRows === 0 && lanes === rowTiles)}
${readerB.outer('column', columns % tileColumns === 0)}
${times(tileRows, (r) => times(tileColumns, (c) => `var ${sum(r, c)} = 0.0;`).join(' ')).join('\n')}
${body}
${!exact && quad ? `if (i >= ${threads}u) { return; }` : ''}
${stores}`,
    quad ? 'enable subgroups;\ndiagnostic(off, subgroup_uniformity);\n' : '',
  );
}

/** How many steps of the inner index stand in the text, one after another. */
function unrollOf(inner: number, quad: boolean): number {
  if (inner % 4 === 0) return 4;
  if (!quad) return 1;
  return inner % 3 === 0 ? 3 : 4;
}

/**
 * Stores a tile in a loop: what is done with a sum, an optimiser's step perhaps, stands in the text once and not for
 * each entry, or it would take longer to compile than all the rest.
 * @param place which column of the tile entry `c` is
 */
function storeTile(
  { columns, store }: Product,
  tileRows: number,
  tileColumns: number,
  place: string,
  sum: (r: number, c: number) => string,
  guard: (r: string, text: string) => string,
): string {
  const sums = times(tileRows, (r) => times(tileColumns, (c) => sum(r, c)))
    .flat()
    .join(', ');
  const text = store('(row + r)', `(column + ${place})`, `sums[r * ${tileColumns}u + c]`);
  const inside = columns % tileColumns === 0 ? text : `if (column + ${place} < ${columns}u) { ${text} }`;
  return `var sums = array<f32, ${tileRows * tileColumns}>(${sums});
for (var r = 0u; r < ${tileRows}u; r++) {
${guard('r', `for (var c = 0u; c < ${tileColumns}u; c++) { ${inside} }`)}
}`;
}

/** What lane ^ `m` holds. */
const handed = (value: string, m: number): string => (m === 0 ? value : `${SWAPS[m - 1]}(${value})`);

/** The tile of b, of which each of four threads reads a quarter and hands it to the others. */
class QuadReader extends TileReader {
  readonly #b: Operand;
  readonly #groups: number;
  readonly #columns: number;
  /** where the inner index ends, if that may be within the steps of one round; null: it is not */
  readonly #end: number | null;
  readonly #ahead: boolean;
  /** each thread reads another inner index, not another column */
  readonly byIndex: boolean;

  /** @param inner the length of the innermost sum */
  constructor(b: Operand, width: number, columns: number, inner: number) {
    super(b, 'b', width, columns);
    this.#b = b;
    this.#groups = width / 4;
    this.#columns = columns;
    this.#end = inner % unrollOf(inner, true) === 0 ? null : inner;
    this.#ahead = b.vector && b.along === 'inner';
    this.byIndex = inner % 4 === 0 && b.vector && b.along === 'outer' && !b.step && b.valid('', '') === null;
  }

  override get suffixes(): string[] {
    return times(this.#groups, (index) => `b${index}`);
  }

  override outer(first: string, whole: boolean): string {
    return this.suffixes
      .map((s, index) => {
        const at = `${first} + ${4 * index}u${this.byIndex ? '' : ' + lane'}`;
        return this.#b.outer(s, whole ? at : `min(${at}, ${this.#columns - (this.byIndex ? 4 : 1)}u)`);
      })
      .join('\n');
  }

  override readAhead(k: string): string {
    if (!this.#ahead && !this.byIndex) return '';
    const own = this.byIndex ? `(${k} + lane)` : k;
    return this.suffixes.map((s) => `let q${s} = ${readAt(this.#b, s, own)};`).join('\n');
  }

  override read(k: string, j: number): string {
    if (this.byIndex) {
      return this.suffixes
        .map((s) => XYZW.map((c, m) => `let v${s}_${m}_${j} = ${handed(`q${s}.${c}`, j)};`).join(' '))
        .join('\n');
    }
    const inside = this.#end === null ? null : `${k} < ${this.#end}u`;
    return this.suffixes
      .map((s) => {
        const own = this.#ahead ? `q${s}.${XYZW[j]}` : readAt(this.#b, s, k, inside, false);
        return [own, ...SWAPS.map((swap) => `${swap}(v${s}_0_${j})`)]
          .map((value, m) => `let v${s}_${m}_${j} = ${value};`)
          .join(' ');
      })
      .join('\n');
  }

  override entry(index: number, j: number): string {
    return `vb${index >> 2}_${index & 3}_${j}`;
  }
}

/** Workgroups beside those of the tiles, whose threads add up the columns of b. */
function columnSums(product: Product, size: number): { groups: number; text(tiles: number): string } {
  const { columnSum, columns, b } = product;
  if (!columnSum) return { groups: 0, text: () => '' };
  const wide = b.vector ? 4 : 1;
  const threads = columns / wide;
  return {
    groups: Math.ceil(threads / size),
    text: (tiles) => `let i = (number - ${tiles}u) * ${size}u + local;
if (i < ${threads}u) {
let column = i * ${wide}u;
${b.outer('b0', 'column')}
var sum = ${wide === 4 ? 'vec4f()' : '0.0'};
${loopsAround(product, 1, b.loop('b0'), `sum += ${readAt(b, 'b0', 'k')};`)}
${times(wide, (c) => columnSum(`(column + ${c}u)`, wide === 4 ? `sum.${XYZW[c]}` : 'sum')).join('\n')}
}`,
  };
}

function groupSize(threads: number): number {
  let size = 64;
  while (size > 4 && threads < 4 * size) size /= 2;
  return size;
}

/** Workgroups along x and y, and the expression of a workgroup's number; y counts the parts too. */
function spread(groups: number): [number, number, string] {
  const across = Math.min(groups, 65_535);
  const down = Math.ceil(groups / across);
  return [across, down, down === 1 ? 'group.x' : `group.x + (group.y % ${down}u) * ${across}u`];
}

/** Blocks of `tile` x `tile` outputs, 4 x 4 for each thread, over 16 steps of the inner index at a time. */
function tiledKernel(draft: Draft, product: Product, tile: number): Kernel {
  const { rows, columns, a, b, loops, inner, parts } = product;
  const depth = 16;
  const side = tile / 4;
  const size = side * side;
  const total = loops.reduce((all, { count }) => all * count, inner);
  const outermost = loops.length > 0 ? loops[0].count : inner;
  const each = partLength(product, outermost) * (total / outermost); // inner indices of one part
  const rowTiles = Math.ceil(rows / tile);
  const tiles = rowTiles * Math.ceil(columns / tile);
  const sums = columnSums(product, size);
  const [across, down, number] = spread(tiles + sums.groups);

  /** One number of an operand by its outer index and its place in the whole sum. */
  const load = (operand: Operand, name: string, limit: number) => {
    const decode = loops
      .map(({ name: loop, count }, index) => {
        const below = loops.slice(index + 1).reduce((all, next) => all * next.count, inner);
        return `let ${loop} = (place / ${below}u)${index === 0 ? '' : ` % ${count}u`};`;
      })
      .join(' ');
    const address = operand.address('t', 'k');
    const valid = operand.valid('t', 'k');
    return draft.define(
      name,
      `fn ${name}(outer: u32, place: u32, end: u32) -> f32 {
if (outer >= ${limit}u || place >= end) { return 0.0; }
${decode}
let k = place${loops.length === 0 ? '' : ` % ${inner}u`};
${operand.outer('t', 'outer')}
${operand.loop('t')}
${operand.step?.('k') ?? ''}
${valid ? `if (!(${valid})) { return 0.0; }` : ''}
let at = ${address};
return ${operand.array(false)}[at];
}`,
    );
  };
  const loadA = load(a, 'loadA', rows);
  const loadB = load(b, 'loadB', columns);
  const bring = (array: string, operand: Operand, function_: string, first: string) => {
    const along = operand.along === 'inner';
    const [outer, k] = along ? [`(e / ${depth}u)`, `(e % ${depth}u)`] : [`(e % ${tile}u)`, `(e / ${tile}u)`];
    return `for (var e = local; e < ${tile * depth}u; e += ${size}u) {
${array}[${k} * ${tile + 1}u + ${outer}] = ${function_}(${first} + ${outer}, base + ${k}, end);
}`;
  };
  const entries = (make: (r: number, c: number) => string) =>
    times(4, (r) => times(4, (c) => make(r, c)).join(' ')).join('\n');
  return draft.groups(
    product.label,
    [across, down * parts],
    size,
    `let part = group.y${down === 1 ? '' : ` / ${down}u`};
let number = ${number};
${sums.groups > 0 ? `if (number >= ${tiles}u) {\n${sums.text(tiles)}\nreturn;\n}` : ''}
let tileRow = (number % ${rowTiles}u) * ${tile}u;
let tileColumn = (number / ${rowTiles}u) * ${tile}u;
let threadRow = (local / ${side}u) * 4u;
let threadColumn = (local % ${side}u) * 4u;
let begin = part * ${each}u;
let end = min(${total}u, begin + ${each}u);
${entries((r, c) => `var s${r}_${c} = 0.0;`)}
for (var base = begin; base < end; base += ${depth}u) {
${bring('blockA', a, loadA, 'tileRow')}
${bring('blockB', b, loadB, 'tileColumn')}
workgroupBarrier();
for (var k = 0u; k < ${depth}u; k++) {
${times(4, (r) => `let a${r} = blockA[k * ${tile + 1}u + threadRow + ${r}u];`).join(' ')}
${times(4, (c) => `let b${c} = blockB[k * ${tile + 1}u + threadColumn + ${c}u];`).join(' ')}
${entries((r, c) => `s${r}_${c} += a${r} * b${c};`)}
}
workgroupBarrier();
}
let row = tileRow + threadRow;
let column = tileColumn + threadColumn;
${entries((r, c) => `if (row + ${r}u < ${rows}u && column + ${c}u < ${columns}u) { ${product.store(`(row + ${r}u)`, `(column + ${c}u)`, `s${r}_${c}`)} }`)}`,
    `var<workgroup> blockA: array<f32, ${depth * (tile + 1)}>;\nvar<workgroup> blockB: array<f32, ${depth * (tile + 1)}>;\n`,
  );
}
