// Networks that between them have every layer with every option that matters. The TensorFlow.js learner and the exported
// files are each tested on all of them, the compiled trainer on all that it has.

import type { Activation, LayerSpec, RecurrentActivation } from '../src/model/spec.ts';

export interface LayerCase {
  name: string;
  /** without the batch */
  inputShape: number[];
  layers: LayerSpec[];
  /** rows that one needs; 6 where left out */
  rows?: number;
  batch?: number;
}

export const ACTIVATIONS: readonly Activation[] = [
  'linear',
  'relu',
  'elu',
  'selu',
  'tanh',
  'sigmoid',
  'softplus',
  'swish',
  'gelu',
];

const conv = (o: object = {}): LayerSpec => ({ kind: 'conv2d', filters: 4, kernelSize: 3, activation: 'tanh', ...o });
const dense = (units: number, activation: Activation): LayerSpec => ({ kind: 'dense', units, activation });
const flatten: LayerSpec = { kind: 'flatten' };

const DENSE: LayerCase[] = [
  { name: 'dense, alone', inputShape: [5], layers: [] },
  {
    name: 'dense, two of sizes that go and do not go in fours',
    inputShape: [8],
    layers: [dense(12, 'tanh'), dense(7, 'sigmoid')],
  },
  ...ACTIVATIONS.map((activation) => ({
    name: `dense with ${activation}`,
    inputShape: [6],
    layers: [dense(9, activation)],
  })),
  {
    name: 'dense, a batch shorter than the batch size',
    inputShape: [6],
    layers: [dense(8, 'relu')],
    rows: 70,
    batch: 64,
  },
];

const WINDOWS: [string, object, number[]][] = [
  ['valid', {}, [6, 7, 1]],
  ['valid, four channels', {}, [6, 7, 4]],
  ['same', { padding: 'same' }, [5, 6, 3]],
  ['stride 2, valid', { strides: 2 }, [7, 8, 4]],
  ['stride 2, same', { strides: 2, padding: 'same' }, [6, 7, 2]],
  ['dilation 2, valid', { dilation: 2 }, [8, 7, 4]],
  ['dilation 2, same', { dilation: 2, padding: 'same' }, [8, 7, 3]],
  ['1 x 1', { kernelSize: 1, filters: 5 }, [4, 4, 4]],
  ['1 x 1, stride 2', { kernelSize: 1, strides: 2 }, [5, 5, 4]],
  ['five filters of 2 x 2', { kernelSize: 2, filters: 5, padding: 'same' }, [5, 5, 2]],
];
const TRANSPOSED: [string, object][] = [
  ['valid', { kernelSize: 3, strides: 2 }],
  ['same', { kernelSize: 3, strides: 2, padding: 'same' }],
  ['same, kernel of 4', { kernelSize: 4, strides: 2, padding: 'same' }],
  ['same, kernel below stride', { kernelSize: 2, strides: 3, padding: 'same' }],
  ['valid, kernel below stride', { kernelSize: 2, strides: 3 }],
  ['stride 1', { kernelSize: 3 }],
];
const DEPTHWISE: [string, object, number][] = [
  ['same', {}, 4],
  ['three channels', {}, 3],
  ['stride 2', { strides: 2 }, 4],
  ['valid', { padding: 'valid' }, 8],
  ['multiplier 2', { multiplier: 2 }, 3],
  ['dilation 2', { dilation: 2 }, 4],
];

const CONVOLUTIONS: LayerCase[] = [
  ...WINDOWS.map(([name, o, inputShape]) => ({
    name: `convolution first, ${name}`,
    inputShape,
    layers: [conv(o), flatten],
  })),
  ...WINDOWS.map(([name, o, inputShape]) => ({
    name: `convolution second, ${name}`,
    inputShape,
    layers: [conv({ kernelSize: 1, filters: inputShape[2] }), conv(o), flatten],
  })),
  {
    name: 'convolutions in one dimension',
    inputShape: [12, 3],
    layers: [
      { kind: 'conv1d', filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' },
      { kind: 'conv1d', filters: 5, kernelSize: 3, strides: 2, activation: 'tanh' },
      { kind: 'conv1d', filters: 4, kernelSize: 2, dilation: 2, activation: 'tanh' },
      flatten,
    ],
  },
  ...TRANSPOSED.map(([name, o]): LayerCase => {
    const layer = (filters: number) => ({ kind: 'conv2dTranspose', activation: 'tanh', filters, ...o }) as LayerSpec;
    return { name: `transposed, ${name}`, inputShape: [3, 4, 4], layers: [layer(4), layer(3), flatten] };
  }),
  ...DEPTHWISE.map(([name, o, channels]): LayerCase => {
    const layer = { kind: 'depthwiseConv2d', kernelSize: 3, padding: 'same', activation: 'tanh', ...o } as LayerSpec;
    return {
      name: `depthwise, ${name}`,
      inputShape: [9, 7, channels],
      layers: [conv({ kernelSize: 1, filters: channels }), layer, flatten],
    };
  }),
  {
    name: 'depthwise first',
    inputShape: [6, 5, 4],
    layers: [{ kind: 'depthwiseConv2d', kernelSize: 3, activation: 'relu' }, flatten],
  },
  {
    name: 'separable',
    inputShape: [6, 6, 3],
    layers: [
      { kind: 'separableConv2d', filters: 5, kernelSize: 3, padding: 'same', activation: 'relu' },
      { kind: 'separableConv2d', filters: 4, kernelSize: 3, multiplier: 2, strides: 2, activation: 'tanh' },
      flatten,
    ],
  },
  {
    name: 'separable, dilation 2',
    inputShape: [7, 6, 3],
    layers: [
      { kind: 'separableConv2d', filters: 5, kernelSize: 3, padding: 'same', dilation: 2, activation: 'tanh' },
      flatten,
    ],
  },
];

const POOLS: [string, { poolSize: number; strides?: number; padding?: 'same' }][] = [
  ['2', { poolSize: 2 }],
  ['3 by 2, same', { poolSize: 3, strides: 2, padding: 'same' }],
  ['3 by 1', { poolSize: 3, strides: 1 }],
  ['2 by 3', { poolSize: 2, strides: 3 }],
];
const line: LayerSpec = { kind: 'conv1d', filters: 5, kernelSize: 2, activation: 'tanh' };

const POOLING: LayerCase[] = [
  ...(['maxPool2d', 'averagePool2d'] as const).flatMap((kind) =>
    POOLS.map(([name, o]) => ({
      name: `${kind} of ${name}`,
      inputShape: [8, 7, 2],
      layers: [conv({ kernelSize: 2 }), { kind, ...o }, flatten],
    })),
  ),
  ...(['maxPool1d', 'averagePool1d'] as const).flatMap((kind) =>
    POOLS.map(([name, o]) => ({
      name: `${kind} of ${name}`,
      inputShape: [9, 3],
      layers: [line, { kind, ...o }, flatten],
    })),
  ),
  ...(['globalAveragePool2d', 'globalMaxPool2d'] as const).map((kind) => ({
    name: kind,
    inputShape: [6, 5, 2],
    layers: [conv({ kernelSize: 2 }), { kind }],
  })),
  ...(['globalAveragePool1d', 'globalMaxPool1d'] as const).map((kind) => ({
    name: kind,
    inputShape: [9, 3],
    layers: [line, { kind }],
  })),
  { name: 'a pool of the input itself', inputShape: [6, 6, 1], layers: [{ kind: 'maxPool2d', poolSize: 2 }, flatten] },
];

const NORMALISATION: LayerCase[] = [
  {
    name: 'over the batch, flat',
    inputShape: [6],
    layers: [dense(8, 'linear'), { kind: 'batchNorm' }, { kind: 'activation', activation: 'relu' }],
    rows: 16,
  },
  {
    name: 'over the batch, of images, in parts',
    inputShape: [8, 8, 2],
    layers: [conv({ kernelSize: 1 }), { kind: 'batchNorm', momentum: 0.8 }, flatten],
    rows: 12,
  },
  {
    name: 'over the batch, of sequences',
    inputShape: [7, 3],
    layers: [line, { kind: 'batchNorm', epsilon: 0.01 }, flatten],
    rows: 12,
  },
  {
    name: 'over the batch, of the input itself',
    inputShape: [6],
    layers: [{ kind: 'batchNorm' }, dense(4, 'relu')],
    rows: 16,
  },
  { name: 'over the channels', inputShape: [6], layers: [dense(8, 'tanh'), { kind: 'layerNorm' }, dense(4, 'relu')] },
  {
    name: 'over the channels, of sequences',
    inputShape: [7, 3],
    layers: [line, { kind: 'layerNorm', epsilon: 0.01 }, flatten],
  },
  {
    name: 'over the channels, of images, in parts',
    inputShape: [8, 8, 2],
    layers: [conv({ kernelSize: 1, filters: 5 }), { kind: 'layerNorm' }, flatten],
    rows: 8,
  },
];

const REST: LayerCase[] = [
  {
    name: 'activation on activation',
    inputShape: [6],
    layers: [
      dense(8, 'tanh'),
      { kind: 'activation', activation: 'sigmoid' },
      { kind: 'activation', activation: 'swish' },
    ],
  },
  {
    name: 'residual',
    inputShape: [6, 6, 2],
    layers: [
      conv({ padding: 'same', activation: 'relu' }),
      { kind: 'residual', layers: [conv({ padding: 'same' }), conv({ padding: 'same', activation: 'linear' })] },
      { kind: 'activation', activation: 'tanh' },
      flatten,
    ],
  },
  {
    name: 'residual of the input itself',
    inputShape: [6],
    layers: [{ kind: 'residual', layers: [{ kind: 'activation', activation: 'tanh' }] }],
  },
  {
    name: 'residual whose layer does nothing',
    inputShape: [6],
    layers: [dense(5, 'tanh'), { kind: 'residual', layers: [{ kind: 'activation', activation: 'linear' }] }],
  },
  {
    name: 'branches side by side, one of them empty',
    inputShape: [6, 6, 3],
    layers: [
      conv({ kernelSize: 1 }),
      {
        kind: 'concatenate',
        branches: [
          [conv({ filters: 3, padding: 'same', activation: 'relu' })],
          [],
          [{ kind: 'maxPool2d', poolSize: 3, strides: 1, padding: 'same' }],
        ],
      },
      { kind: 'activation', activation: 'tanh' },
      flatten,
    ],
  },
  {
    name: 'branches of the input itself',
    inputShape: [5],
    layers: [{ kind: 'concatenate', branches: [[], [dense(3, 'tanh')], []] }],
  },
  {
    name: 'a residual in a branch in a residual',
    inputShape: [6],
    layers: [
      {
        kind: 'residual',
        layers: [
          {
            kind: 'concatenate',
            branches: [
              [dense(4, 'tanh'), { kind: 'residual', layers: [dense(4, 'sigmoid'), { kind: 'layerNorm' }] }],
              [{ kind: 'batchNorm' }],
            ],
          },
          dense(6, 'linear'),
        ],
      },
    ],
    rows: 12,
  },
  {
    name: 'reshape to an image',
    inputShape: [12],
    layers: [{ kind: 'reshape', shape: [3, 4, 1] }, conv({ kernelSize: 2 }), flatten],
  },
  {
    name: 'reshape between layers, to a sequence and back',
    inputShape: [4, 4, 2],
    layers: [
      conv({ kernelSize: 2, filters: 4 }),
      { kind: 'reshape', shape: [9, 4] },
      line,
      { kind: 'reshape', shape: [4, 5, 2] },
      conv({ kernelSize: 2, filters: 3 }),
      { kind: 'reshape', shape: [36] },
    ],
  },
  {
    name: 'embedding',
    inputShape: [7],
    layers: [
      { kind: 'embedding', vocabulary: 11, dimension: 10 },
      { kind: 'conv1d', filters: 4, kernelSize: 3, activation: 'tanh' },
      { kind: 'globalAveragePool1d' },
    ],
  },
];

const DROPOUT: LayerCase[] = [
  {
    name: 'dropout, after an activation and alone',
    inputShape: [6],
    layers: [
      { kind: 'dropout', rate: 0.2 },
      dense(16, 'relu'),
      { kind: 'dropout', rate: 0.5 },
      dense(16, 'tanh'),
      { kind: 'dropout', rate: 0.25 },
      { kind: 'dropout', rate: 0.25 },
      dense(16, 'gelu'),
      { kind: 'dropout', rate: 0.3 },
    ],
    rows: 24,
  },
  {
    name: 'residual whose branch begins with an activation and a dropout',
    inputShape: [6],
    layers: [
      dense(8, 'linear'),
      {
        kind: 'residual',
        layers: [
          { kind: 'activation', activation: 'relu' },
          { kind: 'dropout', rate: 0.3 },
        ],
      },
    ],
  },
  {
    name: 'dropout after branches',
    inputShape: [6],
    layers: [
      { kind: 'concatenate', branches: [[dense(6, 'tanh')], []] },
      { kind: 'dropout', rate: 0.2 },
    ],
  },
];

/** What the compiled trainer has. */
export const COMPILED_CASES: LayerCase[] = [
  ...DENSE,
  ...CONVOLUTIONS,
  ...POOLING,
  ...NORMALISATION,
  ...DROPOUT,
  ...REST,
];

const RECURRENT_ACTIVATIONS: RecurrentActivation[] = ['tanh', 'sigmoid', 'relu', 'elu', 'softplus', 'linear'];

const RECURRENT: LayerCase[] = [
  ...(['simpleRnn', 'lstm', 'gru'] as const).flatMap((kind): LayerCase[] => [
    { name: kind, inputShape: [7, 3], layers: [{ kind, units: 5 }] },
    {
      name: `${kind}, every step, on another`,
      inputShape: [6, 2],
      layers: [
        { kind, units: 4, returnSequences: true },
        { kind, units: 3 },
      ],
    },
    {
      name: `${kind}, backwards and every step`,
      inputShape: [6, 2],
      layers: [{ kind, units: 4, goBackwards: true, returnSequences: true }, flatten],
    },
    {
      name: `${kind} of one step and one unit`,
      inputShape: [1, 1],
      layers: [{ kind, units: 1, returnSequences: true }, flatten],
    },
    ...RECURRENT_ACTIVATIONS.slice(1).map((activation) => ({
      name: `${kind} with ${activation}`,
      inputShape: [5, 2],
      layers: [{ kind, units: 3, activation } as LayerSpec],
    })),
  ]),
  ...RECURRENT_ACTIVATIONS.filter((activation) => activation !== 'sigmoid' && activation !== 'linear').map(
    (recurrentActivation) => ({
      name: `gates with ${recurrentActivation}`,
      inputShape: [4, 2],
      layers: [
        { kind: 'lstm', units: 3, recurrentActivation, activation: 'elu', returnSequences: true },
        { kind: 'gru', units: 3, recurrentActivation, activation: 'linear' },
      ] as LayerSpec[],
    }),
  ),
  {
    name: 'both ways after an embedding and a convolution',
    inputShape: [9],
    layers: [
      { kind: 'embedding', vocabulary: 11, dimension: 4 },
      { kind: 'conv1d', filters: 5, kernelSize: 3, activation: 'relu' },
      {
        kind: 'concatenate',
        branches: [[{ kind: 'lstm', units: 4 }], [{ kind: 'lstm', units: 4, goBackwards: true }]],
      },
      { kind: 'dropout', rate: 0.2 },
    ],
  },
  {
    name: 'a residual of every step',
    inputShape: [5, 3],
    layers: [
      { kind: 'residual', layers: [{ kind: 'gru', units: 3, returnSequences: true }] },
      { kind: 'layerNorm' },
      flatten,
    ],
  },
];

export const LAYER_CASES: LayerCase[] = [...COMPILED_CASES, ...RECURRENT];
