// The curves of a training as they grow: epochs for the lines, batches for the faint line behind them. Typed arrays
// that double, never a reactive array, so that a long training costs the page no more than a short one.

import type { EpochLog, StepProgress } from '../../train/events.ts';

/** Points that are only ever appended. `x` and `y` are views of the points so far. */
export class GrowingLine {
  #x: Float64Array;
  #y: Float64Array;
  #length = 0;
  readonly #most: number;

  /** @param most points kept; beyond it, neighbours are averaged in pairs */
  constructor(most = 16384) {
    this.#most = most;
    this.#x = new Float64Array(256);
    this.#y = new Float64Array(256);
  }

  get length(): number {
    return this.#length;
  }

  get x(): Float64Array {
    return this.#x.subarray(0, this.#length);
  }

  get y(): Float64Array {
    return this.#y.subarray(0, this.#length);
  }

  push(x: number, y: number): void {
    if (this.#length === this.#most) this.#halve();
    if (this.#length === this.#x.length) {
      this.#x = grown(this.#x);
      this.#y = grown(this.#y);
    }
    this.#x[this.#length] = x;
    this.#y[this.#length] = y;
    this.#length++;
  }

  #halve(): void {
    const half = this.#length >> 1;
    for (let i = 0; i < half; i++) {
      this.#x[i] = (this.#x[2 * i] + this.#x[2 * i + 1]) / 2;
      this.#y[i] = (this.#y[2 * i] + this.#y[2 * i + 1]) / 2;
    }
    this.#length = half;
  }
}

function grown(values: Float64Array): Float64Array {
  const larger = new Float64Array(values.length * 2);
  larger.set(values);
  return larger;
}

/** All curves of one training. */
export class History {
  readonly loss = new GrowingLine();
  readonly valLoss = new GrowingLine();
  readonly metric = new GrowingLine();
  readonly valMetric = new GrowingLine();
  readonly batchLoss = new GrowingLine();

  static of(log: readonly EpochLog[]): History {
    const history = new History();
    for (const epoch of log) history.addEpoch(epoch);
    return history;
  }

  addEpoch(log: EpochLog): void {
    this.loss.push(log.epoch, log.loss);
    this.metric.push(log.epoch, log.metric);
    if (log.valLoss !== null) this.valLoss.push(log.epoch, log.valLoss);
    if (log.valMetric !== null) this.valMetric.push(log.epoch, log.valMetric);
  }

  /** The mean loss of the batches so far, at the fraction of the epoch that is done. */
  addStep(step: StepProgress): void {
    const stepsPerEpoch = step.steps / step.epochs || 1;
    const x = step.step / stepsPerEpoch;
    if (Number.isFinite(step.loss)) this.batchLoss.push(x, step.loss);
  }

  /** The epoch of the least validation loss, or of the least training loss where there is no validation; 0 before the first. */
  get bestEpoch(): number {
    const line = this.valLoss.length > 0 ? this.valLoss : this.loss;
    let best = -1;
    for (let i = 0; i < line.length; i++) {
      if (Number.isFinite(line.y[i]) && (best < 0 || line.y[i] < line.y[best])) best = i;
    }
    return best < 0 ? 0 : line.x[best];
  }
}
