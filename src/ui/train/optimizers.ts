// The optimisers and schedules in a person's words, each with its parameters and where they start. The form is drawn
// from these tables.

import type { OptimizerSpec, ScheduleSpec } from '../../model/recipe.ts';

export interface Parameter {
  key: string;
  name: string;
  hint?: string;
}

interface Words<Spec> {
  name: string;
  parameters: Parameter[];
  start: Spec;
}

const beta1 = { key: 'beta1', name: 'Beta 1', hint: 'Memory of the mean gradient.' };
const beta2 = { key: 'beta2', name: 'Beta 2', hint: 'Memory of its square.' };
const epsilon = { key: 'epsilon', name: 'Epsilon' };

/** The learning rate stands apart, as every optimiser has one. */
export const OPTIMIZERS: { [K in OptimizerSpec['kind']]: Words<Extract<OptimizerSpec, { kind: K }>> } = {
  adam: {
    name: 'Adam',
    parameters: [beta1, beta2, epsilon],
    start: { kind: 'adam', learningRate: 0.005, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  },
  adamw: {
    name: 'AdamW',
    parameters: [{ key: 'weightDecay', name: 'Weight decay' }, beta1, beta2, epsilon],
    start: { kind: 'adamw', learningRate: 0.005, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
  },
  rmsprop: {
    name: 'RMSProp',
    parameters: [{ key: 'decay', name: 'Decay', hint: 'Memory of the squared gradient.' }, epsilon],
    start: { kind: 'rmsprop', learningRate: 0.002, decay: 0.9, epsilon: 1e-7 },
  },
  momentum: {
    name: 'SGD with momentum',
    parameters: [{ key: 'momentum', name: 'Momentum' }],
    start: { kind: 'momentum', learningRate: 0.02, momentum: 0.9, nesterov: true },
  },
  sgd: { name: 'SGD', parameters: [], start: { kind: 'sgd', learningRate: 0.05 } },
};

const warmup = { key: 'warmupEpochs', name: 'Warm-up epochs', hint: 'Rises from zero over these.' };

export const SCHEDULES: { [K in ScheduleSpec['kind']]: Words<Extract<ScheduleSpec, { kind: K }>> } = {
  constant: { name: 'Constant', parameters: [warmup], start: { kind: 'constant', warmupEpochs: 0 } },
  cosine: {
    name: 'Cosine, falling to the end',
    parameters: [{ key: 'minFactor', name: 'Least factor' }, warmup],
    start: { kind: 'cosine', minFactor: 0.02, warmupEpochs: 0 },
  },
  step: {
    name: 'Steps',
    parameters: [{ key: 'everyEpochs', name: 'Every epochs' }, { key: 'factor', name: 'Times' }, warmup],
    start: { kind: 'step', everyEpochs: 20, factor: 0.5, warmupEpochs: 0 },
  },
  exponential: {
    name: 'Exponential',
    parameters: [{ key: 'factor', name: 'Times, each epoch' }, warmup],
    start: { kind: 'exponential', factor: 0.98, warmupEpochs: 0 },
  },
};
