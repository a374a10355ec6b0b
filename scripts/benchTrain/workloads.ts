// What is trained in the training bench: networks, batch sizes, and data from a seed.

import { createRandom } from '../../src/base/random.ts';
import type { LayerSpec, Network } from '../../src/model/spec.ts';

export interface Workload {
  name: string;
  network: Network;
  batch: number;
  /** steps of one epoch at most; trainers that are slow are given fewer */
  steps: number;
}

const relu = 'relu' as const;
const dense = (units: number): LayerSpec => ({ kind: 'dense', units, activation: relu });
const conv = (filters: number, more: object = {}): LayerSpec => ({
  kind: 'conv2d',
  filters,
  kernelSize: 3,
  activation: relu,
  ...more,
});
const pool: LayerSpec = { kind: 'maxPool2d', poolSize: 2 };
const normalised = (layer: LayerSpec): LayerSpec[] => [
  { ...layer, activation: 'linear' } as LayerSpec,
  { kind: 'batchNorm' },
  { kind: 'activation', activation: relu },
];
const separable = (filters: number, strides: number): LayerSpec[] => [
  ...normalised({ kind: 'depthwiseConv2d', kernelSize: 3, strides, padding: 'same', activation: relu }),
  ...normalised(conv(filters, { kernelSize: 1 })),
];
const same = { padding: 'same' };

export const WORKLOADS: Workload[] = [
  {
    name: 'logistic 30-2',
    network: { inputShape: [30], layers: [], head: { kind: 'softmax', units: 2 } },
    batch: 32,
    steps: 64,
  },
  {
    name: 'MLP 20-64-64-3',
    network: { inputShape: [20], layers: [dense(64), dense(64)], head: { kind: 'softmax', units: 3 } },
    batch: 32,
    steps: 64,
  },
  {
    name: 'MLP 784-512-512-10',
    network: { inputShape: [784], layers: [dense(512), dense(512)], head: { kind: 'softmax', units: 10 } },
    batch: 128,
    steps: 8,
  },
  {
    name: 'CNN 28x28x1',
    network: {
      inputShape: [28, 28, 1],
      layers: [conv(8), pool, conv(16), pool, { kind: 'flatten' }, { kind: 'dropout', rate: 0.25 }],
      head: { kind: 'softmax', units: 10 },
    },
    batch: 64,
    steps: 8,
  },
  {
    name: 'CNN 32x32x3',
    network: {
      inputShape: [32, 32, 3],
      layers: [
        conv(32, same),
        conv(32, same),
        pool,
        conv(64, same),
        conv(64, same),
        pool,
        { kind: 'flatten' },
        dense(128),
      ],
      head: { kind: 'softmax', units: 10 },
    },
    batch: 64,
    steps: 2,
  },
  {
    name: 'depthwise stack 32x32x3',
    network: {
      inputShape: [32, 32, 3],
      layers: [
        ...normalised(conv(16, { ...same, strides: 2 })),
        ...separable(32, 1),
        ...separable(64, 2),
        ...separable(64, 1),
        ...separable(128, 2),
        { kind: 'globalAveragePool2d' },
      ],
      head: { kind: 'softmax', units: 10 },
    },
    batch: 64,
    steps: 4,
  },
];

/** Rows that a network can learn a little from: [rows, ...inputShape] and class indices. */
export function workloadData({ network, batch, steps }: Workload): { x: Float32Array; y: Float32Array; rows: number } {
  const random = createRandom(1);
  const rows = batch * steps;
  const width = network.inputShape.reduce((all, size) => all * size, 1);
  const classes = network.head.kind === 'softmax' ? network.head.units : 2;
  const x = Float32Array.from({ length: rows * width }, () => random.normal());
  const y = Float32Array.from({ length: rows }, (_, row) => {
    const score = x[row * width] + x[row * width + 1] * x[row * width + 2];
    return Math.min(classes - 1, Math.max(0, Math.floor((score + 1.5) * (classes / 3))));
  });
  return { x, y, rows };
}
