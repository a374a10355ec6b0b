// A trained network on the device, for those who only ask it: the forward pass of the training, without its buffers.

import { defaultLoss } from '../model/loss.ts';
import type { LossSpec } from '../model/recipe.ts';
import type { Network, Weight } from '../model/spec.ts';
import { checked, type Gpu } from './device.ts';
import { createObserver, type Observer } from './inference.ts';
import { DeviceMemory } from './memory.ts';
import { planInference } from './plan.ts';
import { createStepBuffer } from './tape.ts';
import { chooseVariant, type Tuning } from './tune.ts';
import { flattenWeights } from './weights.ts';

export interface PredictorInput {
  gpu: Gpu;
  network: Network;
  weights: Weight[];
  loss?: LossSpec;
  tuning?: Tuning;
}

/** @throws UserError where the network does not fit its input, or does not fit the device */
export async function compilePredictor(input: PredictorInput): Promise<Observer & { dispose(): void }> {
  const { gpu, network, tuning = {} } = input;
  const rows = network.inputShape.length === 1 ? 256 : 32;
  const plan = planInference(network, input.loss ?? defaultLoss(network.head), rows, (shape) =>
    chooseVariant(gpu, tuning, shape),
  );
  const memory = new DeviceMemory(gpu);
  try {
    await checked(gpu, () => {
      createStepBuffer(memory);
      for (const [name, size] of plan.buffers) if (size > 0) memory.make(name, 4 * size);
      memory.write('weights', flattenWeights(plan.graph, input.weights));
    });
  } catch (error) {
    memory.dispose();
    throw error;
  }
  return { ...createObserver(gpu, network.head, memory, plan.inference), dispose: () => memory.dispose() };
}
