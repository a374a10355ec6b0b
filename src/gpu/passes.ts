// Which kernels make up a pass over a batch, in order: forward, loss, backward with the update, or forward alone. What
// a kernel says is in kernels/; here it is decided which, with which bindings, and how often the work is cut. The two
// directions of an operation belong side by side, and so this is one file.

import type { LossSpec } from '../model/recipe.ts';
import { isKernel, isTrained } from '../model/slots.ts';
import type { Head } from '../model/spec.ts';
import { weightOf, type Learning } from './frozen.ts';
import type { Graph, Operation, Tensor } from './graph.ts';
import { convForward, convInputGradient, convWeightGradient, type Convolution } from './kernels/conv.ts';
import { denseForward, denseInputGradient, denseWeightGradient } from './kernels/dense.ts';
import {
  depthwiseForward,
  depthwiseInputGradient,
  depthwiseParts,
  depthwiseWeightGradient,
} from './kernels/depthwise.ts';
import { addForward, addInputGradient, copyForward, copyInputGradient } from './kernels/elementwise.ts';
import { embeddingForward, embeddingGradient } from './kernels/embedding.ts';
import { lossKernel, scoredHead } from './kernels/loss.ts';
import {
  batchNormForward,
  batchNormGradient,
  fixedNormGradient,
  layerNormForward,
  layerNormGradient,
} from './kernels/norm.ts';
import { poolForward, poolInputGradient } from './kernels/pool.ts';
import { productKernel, type Product, type Variant } from './kernels/product.ts';
import { channelSums, partsOf, sumParts } from './kernels/reduce.ts';
import { defineGive, gradientOf, type Pass, type Turn } from './kernels/tail.ts';
import { clippedUpdate, defineUpdate, type UpdateRule } from './kernels/update.ts';
import { Draft, type Kernel } from './wgsl.ts';

/** A kernel of which there are variants. */
export interface ProductShape {
  /** what makes two products equally fast in the same variant */
  key: string;
  rows: number;
  columns: number;
  /** length of the sum, and in how many parts it is cut */
  depth: number;
  parts: number;
  /** only a thread that holds whole rows can store them */
  wholeRows: boolean;
}

/** Names a variant for a product. */
export type ChooseVariant = (shape: ProductShape) => Variant;

/** A kernel of a plan, and how it would be in another variant. */
export interface PlannedKernel {
  kernel: Kernel;
  product: { shape: ProductShape; make(variant: Variant): Kernel } | null;
}

/** About how many outputs of a product one thread takes. */
const OUTPUTS_PER_THREAD = 32;
/** Numbers that the parts of one gradient may take together. */
const MOST_PARTIAL = 1 << 23;

export interface PassInput {
  graph: Graph;
  head: Head;
  loss: LossSpec;
  /** null: nothing is learned */
  rule: UpdateRule | null;
  /** what is moved by it; null where nothing is learned */
  learning: Learning | null;
  /** name to numbers; `partial` grows as kernels ask for it */
  buffers: Map<string, number>;
  choose: ChooseVariant;
  /** how many threads keep the device busy: a sum for fewer outputs is cut into parts */
  threads: number;
  pass: Pass;
}

/** Writes the kernels of one pass. */
export class PassWriter {
  readonly kernels: PlannedKernel[] = [];
  readonly #o: PassInput;
  readonly #given = new Map<Tensor, number>();

  constructor(o: PassInput) {
    this.#o = o;
  }

  /** Forward, loss, and backward with the update. */
  step(): void {
    this.forward('score');
    for (const operation of this.#o.graph.operations.toReversed()) this.#backward(operation);
    const rule = this.#rule;
    if (rule.clipNorm === null) return;
    const { weights, parameters } = this.#o.graph;
    const kernels = weights.filter((weight) => isTrained(weight) && isKernel(weight) && this.#learning.moves(weight));
    const inKernel = kernels.map(({ offset, size }) => `(i >= ${offset}u && i < ${offset + size}u)`).join(' || ');
    this.#add(...clippedUpdate(() => this.#draft(), rule, parameters, inKernel || 'false'));
  }

  /** All operations, ending in sums of loss and metric, or in the logits. */
  forward(end: 'score' | 'predict'): void {
    const { operations, logits, tensors } = this.#o.graph;
    const { head, loss } = this.#o;
    const [source] = tensors;
    for (const operation of operations) {
      if (operation.kind === 'dense' && operation.output === logits && end === 'score') {
        const fused = (draft: Draft) => {
          const product = denseForward(draft, operation, this.#o.pass, false);
          return scoredHead(draft, product, head, loss, source, operation, this.#o.pass);
        };
        if (fused(this.#draft())) {
          this.#product((draft) => fused(draft)!);
          return;
        }
      }
      this.#forward(operation);
    }
    if (end === 'score') this.#add(lossKernel(this.#draft(), head, loss, source, logits.tensor, this.#o.pass));
  }

  #forward(operation: Operation): void {
    const pass = this.#o.pass;
    switch (operation.kind) {
      case 'dense':
        return this.#product((draft) => denseForward(draft, operation, pass));
      case 'conv':
      case 'convTranspose':
        return this.#product((draft) => convForward(draft, operation, pass));
      case 'depthwise':
        return this.#add(depthwiseForward(this.#draft(), operation, pass));
      case 'maxPool':
      case 'averagePool':
        return this.#add(poolForward(this.#draft(), operation, pass));
      case 'batchNorm': {
        const isFixed = this.#o.learning !== null && !this.#moves(operation);
        if (!isFixed) this.#needPartial(...this.#normPartial(operation));
        return this.#add(...batchNormForward(() => this.#draft(), operation, pass, isFixed));
      }
      case 'layerNorm':
        return this.#add(layerNormForward(this.#draft(), operation, pass));
      case 'copy':
        return this.#add(copyForward(this.#draft(), operation, pass));
      case 'add':
        return this.#add(addForward(this.#draft(), operation, pass));
      case 'embedding':
        return this.#add(embeddingForward(this.#draft(), operation, pass));
      default:
        operation satisfies never;
    }
  }

  /** The gradient by the input first: it needs the weights as they were. What only frozen layers lead to is passed over. */
  #backward(operation: Operation): void {
    const pass = this.#o.pass;
    const { tensor } = operation.input;
    const { tensors } = this.#learning;
    if (!tensors.has(operation.output.tensor)) return;
    const moves = this.#moves(operation);
    const turn = operation.kind === 'add' || !tensors.has(tensor) ? null : this.#turn(tensor);
    const give = (draft: Draft) => defineGive(draft, tensor, turn!);
    switch (operation.kind) {
      case 'dense':
        if (turn) this.#product((draft) => denseInputGradient(draft, operation, pass, give(draft)));
        if (!moves) return;
        return this.#product((draft) => denseWeightGradient(draft, operation, pass, this.#taker(draft, operation)));
      case 'conv':
      case 'convTranspose':
        if (turn) this.#product((draft) => convInputGradient(draft, operation, pass, give(draft)));
        if (moves) this.#convWeights(operation);
        return;
      case 'depthwise': {
        if (turn) this.#add(depthwiseInputGradient(this.#draft(), operation, pass, turn));
        if (!moves) return;
        const parts = depthwiseParts(operation, pass);
        const draft = this.#draft();
        const size = operation.kernel.size + (operation.bias?.size ?? 0);
        const take = parts === 1 ? this.#taker(draft, operation) : this.#partTaker(draft, size, parts);
        this.#add(depthwiseWeightGradient(draft, operation, pass, parts, take));
        if (parts > 1) this.#sumParts(operation, size, parts);
        return;
      }
      case 'maxPool':
      case 'averagePool':
        if (turn) this.#add(poolInputGradient(this.#draft(), operation, pass, turn));
        return;
      case 'batchNorm':
        if (!moves) {
          if (turn) this.#add(fixedNormGradient(this.#draft(), operation, pass, turn));
          return;
        }
        return this.#add(
          ...batchNormGradient(
            () => this.#draft(),
            operation,
            pass,
            turn,
            (d) => this.#update(d),
          ),
        );
      case 'layerNorm':
        if (moves) this.#needPartial(...this.#normPartial(operation));
        return this.#add(
          ...layerNormGradient(() => this.#draft(), operation, pass, turn, moves ? (d) => this.#update(d) : null),
        );
      case 'copy':
        if (turn) this.#add(copyInputGradient(this.#draft(), operation, pass, turn));
        return;
      case 'add':
        for (const summand of [operation.input.tensor, operation.other.tensor]) {
          if (!tensors.has(summand)) continue;
          this.#add(addInputGradient(this.#draft(), operation, pass, summand, this.#turn(summand)));
        }
        return;
      case 'embedding': {
        if (!moves) return;
        const draft = this.#draft();
        return this.#add(embeddingGradient(draft, operation, pass, this.#taker(draft, { kernel: operation.table })));
      }
      default:
        operation satisfies never;
    }
  }

  #convWeights(operation: Convolution): void {
    const { window, kernel, bias } = operation;
    const { filters, channels, kernelHeight, kernelWidth } = window;
    const outputs = kernelHeight * kernelWidth * channels * filters;
    const most = Math.max(1, Math.floor(MOST_PARTIAL / outputs));
    const wanted = Math.ceil(this.#o.threads / (outputs / OUTPUTS_PER_THREAD));
    const parts = Math.max(1, Math.min(this.#o.pass.rows, wanted, most));
    const forward = operation.kind === 'conv';
    const size = kernel.size + (forward ? bias.size : 0);
    this.#product((draft) =>
      convWeightGradient(
        draft,
        operation,
        this.#o.pass,
        parts,
        parts === 1 ? this.#taker(draft, operation) : this.#partTaker(draft, size, parts, 'part'),
      ),
    );
    if (parts > 1) this.#sumParts(operation, size, parts);
    if (!forward) this.#biasOfTransposed(operation);
  }

  #biasOfTransposed({ name, output, bias }: Convolution): void {
    const places = (this.#o.pass.rows * output.tensor.size) / bias.size;
    const parts = partsOf(places, bias.size);
    this.#needPartial(bias.size, parts);
    const sums = this.#draft();
    const last = parts === 1 ? sums : this.#draft();
    const terms = [`${sums.read(gradientOf(output.tensor))}[at]`];
    const finish = `${this.#update(last)}(${bias.offset}u + c, s0, false);`;
    const label = `${name} bias gradient`;
    this.#add(...channelSums(sums, last, { label, places, channels: bias.size, parts, terms, finish }));
  }

  /** Sums that were taken in parts are added up and go to the optimiser. */
  #sumParts(operation: { name: string; kernel: { offset: number; size: number } }, size: number, parts: number): void {
    const draft = this.#draft();
    this.#add(sumParts(draft, `${operation.name} weight sum`, size, parts, this.#taker(draft, operation)));
  }

  /** Hands a number of a layer's gradient, by its place, to the optimiser. */
  #taker(draft: Draft, { kernel }: { kernel: { offset: number; size: number } }) {
    const update = this.#update(draft);
    return (place: string, value: string) =>
      `${update}(${kernel.offset}u + ${place}, ${value}, ${place} < ${kernel.size}u);`;
  }

  #partTaker(draft: Draft, size: number, parts: number, part = 'part') {
    this.#needPartial(size, parts);
    const partial = draft.write('partial');
    return (place: string, value: string) => `${partial}[${part} * ${size}u + ${place}] = ${value};`;
  }

  #update(draft: Draft): string {
    return defineUpdate(draft, this.#rule);
  }

  #turn(tensor: Tensor): Turn {
    const given = this.#given.get(tensor) ?? 0;
    this.#given.set(tensor, given + 1);
    return { first: given === 0, last: given === tensor.readers - 1 };
  }

  #product(make: (draft: Draft) => Product): void {
    const build = (variant: Variant) => {
      const draft = this.#draft();
      return productKernel(draft, make(draft), variant);
    };
    const shape = shapeOf(make(this.#draft()));
    this.kernels.push({ kernel: build(this.#o.choose(shape)), product: { shape, make: build } });
  }

  #add(...kernels: Kernel[]): void {
    this.kernels.push(...kernels.map((kernel) => ({ kernel, product: null })));
  }

  get #rule(): UpdateRule {
    const { rule } = this.#o;
    if (!rule) throw new Error('a pass that learns needs an optimiser');
    return rule;
  }

  get #learning(): Learning {
    const { learning } = this.#o;
    if (!learning) throw new Error('a pass that learns needs to know what');
    return learning;
  }

  #moves(operation: Operation): boolean {
    const weight = weightOf(operation);
    return weight !== null && this.#learning.moves(weight);
  }

  #draft(): Draft {
    return new Draft(this.#o.buffers);
  }

  #normPartial({ output }: Operation): [number, number] {
    const channels = output.shape[output.shape.length - 1];
    return [2 * channels, partsOf((this.#o.pass.rows * output.tensor.size) / channels, channels)];
  }

  #needPartial(size: number, parts: number): void {
    if (parts > 1)
      this.#o.buffers.set('partial', Math.max(this.#o.buffers.get('partial')!, 4 * Math.ceil((size * parts) / 4)));
  }
}

/** Two products of one key take the same time in the same variant. */
function shapeOf(product: Product): ProductShape {
  const { rows, columns, loops, inner, a, b, parts, storeRow } = product;
  const operand = ({ vector, along }: Product['a']) => `${vector ? 'v' : 's'}${along[0]}`;
  const counts = [...loops.map(({ count }) => count), inner];
  return {
    key: [rows, columns, counts.join('*'), parts, operand(a), operand(b), storeRow ? 'rows' : ''].join(' '),
    rows,
    columns,
    depth: counts.reduce((all, count) => all * count, 1),
    parts,
    wholeRows: storeRow !== undefined,
  };
}
