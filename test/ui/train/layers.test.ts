import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/model/shapes.ts';
import type { LayerSpec } from '../../../src/model/spec.ts';
import { layerKindsOf, rankAfter, withLayer } from '../../../src/ui/train/layerList.ts';
import { LAYERS, type LayerKind, type Rank } from '../../../src/ui/train/layers.ts';
import { depthOf, parseShape, shortName } from '../../../src/ui/train/shapes.ts';

const INPUTS: Record<Rank, number[]> = { 1: [12], 2: [8, 3], 3: [8, 8, 3] };
const after = (input: number[], layer: LayerSpec): number[] => {
  const layers = [layer, { kind: 'flatten' as const }];
  return inferShapes({ inputShape: input, layers, head: { kind: 'value' } })[0].shape;
};

describe('the layers on offer', () => {
  it.each([1, 2, 3] as const)('fit an input of %i axes as they start, and give the axes that are said', (rank) => {
    for (const kind of layerKindsOf('cnn', rank, rank === 1)) {
      const layer = LAYERS[kind].start(INPUTS[rank]);
      expect(after(INPUTS[rank], layer), kind).toHaveLength(rankAfter(layer, rank));
    }
  });

  it('are every kind, for one input or another', () => {
    const offered = ([1, 2, 3] as const).flatMap((rank) => layerKindsOf('cnn', rank, true));
    expect(new Set(offered)).toEqual(new Set(Object.keys(LAYERS)));
  });

  it('of a perceptron see no order', () => {
    const kinds: LayerKind[] = layerKindsOf('mlp', 1, false);
    expect(kinds).toContain('residual');
    expect(kinds.filter((kind) => /conv|pool|reshape/i.test(kind))).toEqual([]);
  });

  it('are put at the end, an embedding first', () => {
    const dense = LAYERS.dense.start([4]);
    const embedding = LAYERS.embedding.start([4]);
    expect(withLayer([dense], embedding)).toEqual([embedding, dense]);
    expect(withLayer([embedding], dense)).toEqual([embedding, dense]);
  });
});

describe('a list of layers in layers', () => {
  it('is shown by depth, each by its own name', () => {
    const names = ['0_dense', '2_residual/0_conv2d', '3_concatenate/1/0_residual/2_dense', 'head'];
    expect(names.map(depthOf)).toEqual([0, 1, 2, 0]);
    expect(names.map(shortName)).toEqual(['0_dense', '0_conv2d', '2_dense', 'head']);
    expect(shortName('3_concatenate/1/0_conv2d')).toBe('1/0_conv2d');
  });
});

describe('sizes', () => {
  it('are read as people write them', () => {
    for (const text of ['8 × 8 × 3', '8x8x3', '8, 8, 3', ' 8 8 3 ']) expect(parseShape(text)).toEqual([8, 8, 3]);
    expect(parseShape('8 × a')).toEqual([8, NaN]);
    expect(parseShape('')).toEqual([]);
  });
});
