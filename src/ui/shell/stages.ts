// The stages of a model's life in the order of the rail, and the hash of each: `#/train`.

export const STAGES = [
  { id: 'data', name: 'Data' },
  { id: 'train', name: 'Train' },
  { id: 'evaluate', name: 'Evaluate' },
  { id: 'versions', name: 'Versions' },
  { id: 'export', name: 'Export' },
  { id: 'predict', name: 'Predict' },
] as const;

export type Stage = (typeof STAGES)[number]['id'];

/** The stage that a hash names; `data` for any other. */
export function stageOfHash(hash: string): Stage {
  const name = hash.replace(/^#\/?/, '').split('/')[0];
  return STAGES.find((stage) => stage.id === name)?.id ?? 'data';
}
