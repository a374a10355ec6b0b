// The architectures in words: what each is good for.

import type { Architecture } from '../../model/architectures.ts';
import { formatQuantity } from '../parts/format.ts';

export const ARCHITECTURE_NAMES: Record<Architecture, { name: string; meaning: string }> = {
  convolutions: { name: 'Convolutions and pools', meaning: 'Quick to train; good for small, simple images.' },
  residual: {
    name: 'Residual network',
    meaning: 'Deeper, in blocks that add to their input: for images that a plain one confuses. Slower.',
  },
  depthwise: { name: 'Depthwise stack', meaning: 'As MobileNet: few weights for its depth, so a small file.' },
  perceptron: { name: 'Perceptron', meaning: 'Two dense layers, as wide as the data is worth.' },
  convolutions1d: { name: 'Convolutions', meaning: 'Finds short patterns wherever they are. Quick to train.' },
  lstm: {
    name: 'LSTM',
    meaning: 'Keeps a memory from step to step: for what depends on steps far apart. Slower.',
  },
  linear: { name: 'Linear', meaning: 'One weight for each input.' },
};

/** Such as `About 23,000 parameters.` */
export function formatSize(parameters: number): string {
  return `About ${formatQuantity(Number(parameters.toPrecision(2)), 'parameter')}.`;
}
