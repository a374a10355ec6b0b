// The kinds of models, in a person's words, and which of them suit the data.

import type { ModelKind } from '../../model/spec.ts';

export const MODEL_NAMES: Record<ModelKind, { name: string; meaning: string }> = {
  linear: { name: 'Linear', meaning: 'One weight for each input: quick, easy to read, a good first try.' },
  mlp: { name: 'Multi-layer perceptron', meaning: 'Dense layers that find what several inputs mean together.' },
  cnn: { name: 'Convolutional network', meaning: 'Filters that find shapes wherever in the image they are.' },
  sequence: {
    name: 'Sequence network',
    meaning: 'Reads the columns in their order, as steps of a sequence: a signal, a series, a text.',
  },
};

/** The models that suit images, or a table; a sequence only where each column is a number. */
export function modelKindsOf(images: boolean, sequence: boolean): ModelKind[] {
  if (images) return ['cnn', 'mlp', 'linear'];
  return sequence ? ['mlp', 'sequence', 'linear'] : ['mlp', 'linear'];
}
