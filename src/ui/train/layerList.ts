// A list of layers as it is edited: what fits after it, and the list with a layer added, moved or changed. Pure.

import type { LayerSpec, ModelKind } from '../../model/spec.ts';
import { type LayerKind, LAYERS, type Rank } from './layers.ts';

/** The axes after a layer; `rank` are those before it. */
export function rankAfter(layer: LayerSpec, rank: Rank): Rank {
  if (layer.kind === 'reshape') return Math.max(1, Math.min(3, layer.shape.length)) as Rank;
  if (layer.kind === 'concatenate') return layer.branches.length > 0 ? rankAfterAll(layer.branches[0], rank) : rank;
  if ('returnSequences' in layer && layer.returnSequences) return 2;
  return LAYERS[layer.kind].gives ?? rank;
}

export function rankAfterAll(layers: readonly LayerSpec[], rank: Rank): Rank {
  return layers.reduce((now, layer) => rankAfter(layer, now), rank);
}

/**
 * The layers that fit after those of a list, in the order they are offered.
 * @param rank the axes that the list ends with
 * @param first whether the list is the model's own and begins with a row of numbers, where an embedding can be put
 */
export function layerKindsOf(model: ModelKind, rank: Rank, first: boolean): LayerKind[] {
  return (Object.keys(LAYERS) as LayerKind[]).filter((kind) => {
    const { takes, mlp } = LAYERS[kind];
    if (model === 'mlp' && !mlp) return false;
    if (kind === 'embedding') return first;
    if (kind === 'flatten') return rank > 1;
    return takes === null || takes === rank;
  });
}

/** The list with the layer at `from` moved to `to`. */
export function moved<T>(layers: readonly T[], from: number, to: number): T[] {
  const rest = layers.filter((_, i) => i !== from);
  return [...rest.slice(0, to), layers[from], ...rest.slice(to)];
}

/** The list with a new layer at its end; an embedding comes first. */
export function withLayer(layers: readonly LayerSpec[], layer: LayerSpec): LayerSpec[] {
  return layer.kind === 'embedding' ? [layer, ...layers] : [...layers, layer];
}

/** The layer with one field set; an undefined value takes the field away. */
export function withField(layer: LayerSpec, key: string, value: unknown): LayerSpec {
  const next: Record<string, unknown> = { ...layer, [key]: value };
  if (value === undefined) delete next[key];
  return next as unknown as LayerSpec;
}
