// The element by element operations that a training step is made of. Each loop is written out, and not made from a
// function that is passed in: only then does the engine compile it to arithmetic.

import type { Tf } from '../tf.ts';
import type { CpuKernel, Values } from './kernel.ts';

/** Writes a[i % a.length] op b[i % b.length] to `to`; the loops read a whole number of times through the shorter one. */
type Pairwise = (a: Values, b: Values, to: Values) => void;
type Single = (x: Values, to: Values) => void;

const add: Pairwise = (a, b, to) => {
  if (a.length === b.length) for (let i = 0; i < to.length; i++) to[i] = a[i] + b[i];
  else if (b.length === 1) for (let i = 0, y = b[0]; i < to.length; i++) to[i] = a[i] + y;
  else for (let i = 0; i < to.length; i += b.length) for (let j = 0; j < b.length; j++) to[i + j] = a[i + j] + b[j];
};

const subtract: Pairwise = (a, b, to) => {
  if (a.length === b.length) for (let i = 0; i < to.length; i++) to[i] = a[i] - b[i];
  else if (b.length === 1) for (let i = 0, y = b[0]; i < to.length; i++) to[i] = a[i] - y;
  else for (let i = 0; i < to.length; i += b.length) for (let j = 0; j < b.length; j++) to[i + j] = a[i + j] - b[j];
};

const multiply: Pairwise = (a, b, to) => {
  if (a.length === b.length) for (let i = 0; i < to.length; i++) to[i] = a[i] * b[i];
  else if (b.length === 1) for (let i = 0, y = b[0]; i < to.length; i++) to[i] = a[i] * y;
  else for (let i = 0; i < to.length; i += b.length) for (let j = 0; j < b.length; j++) to[i + j] = a[i + j] * b[j];
};

const divide: Pairwise = (a, b, to) => {
  if (a.length === b.length) for (let i = 0; i < to.length; i++) to[i] = a[i] / b[i];
  else if (b.length === 1) for (let i = 0, y = b[0]; i < to.length; i++) to[i] = a[i] / y;
  else for (let i = 0; i < to.length; i += b.length) for (let j = 0; j < b.length; j++) to[i + j] = a[i + j] / b[j];
};

const rectify: Single = (x, to) => {
  for (let i = 0; i < to.length; i++) to[i] = x[i] < 0 ? 0 : x[i]; // NaN stays NaN
};

const squareRoot: Single = (x, to) => {
  for (let i = 0; i < to.length; i++) to[i] = Math.sqrt(x[i]);
};

const square: Single = (x, to) => {
  for (let i = 0; i < to.length; i++) to[i] = x[i] * x[i];
};

export function elementwiseKernels(tf: Tf): CpuKernel[] {
  return [
    pairwise(tf.Add, add),
    pairwise(tf.Sub, subtract),
    pairwise(tf.Multiply, multiply),
    pairwise(tf.RealDiv, divide),
    single(tf.Relu, rectify),
    single(tf.Sqrt, squareRoot),
    single(tf.Square, square),
    {
      name: tf.Step,
      inputs: ['x'],
      takes: (_, { alpha }) => !alpha,
      run: ([x], [shape]) => {
        const values = new Float32Array(x.length);
        for (let i = 0; i < x.length; i++) values[i] = x[i] > 0 ? 1 : x[i] <= 0 ? 0 : NaN;
        return { shape, values };
      },
    },
  ];
}

/** Takes equal shapes, one number on the right, or a vector along the last axis on the right. */
function pairwise(name: string, apply: Pairwise): CpuKernel {
  return {
    name,
    inputs: ['a', 'b'],
    takes: ([a, b]) =>
      (a.length === b.length && a.every((size, axis) => size === b[axis])) ||
      (b.length <= a.length && b.every((size) => size === 1)) ||
      (b.length === 1 && a.length > 1 && a[a.length - 1] === b[0]),
    run: ([a, b], [shape]) => {
      const values = new Float32Array(a.length);
      apply(a, b, values);
      return { shape, values };
    },
  };
}

function single(name: string, apply: Single): CpuKernel {
  return {
    name,
    inputs: ['x'],
    takes: () => true,
    run: ([x], [shape]) => {
      const values = new Float32Array(x.length);
      apply(x, values);
      return { shape, values };
    },
  };
}
