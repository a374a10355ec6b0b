import { describe, expect, it } from 'vitest';
import { viewAround } from '../../../src/ui/versions/lineageView.ts';
import type { Lineage, LineageKind } from '../../../src/worker/api.ts';

const node = (kind: LineageKind, key: string) => ({
  id: `${kind}:${key}`,
  kind,
  key,
  name: key,
  detail: '',
  missing: false,
});
const edge = (from: string, to: string) => ({ from, to });

/** Two versions of one data set by two recipes; the second has an alias and a file. */
const LINEAGE: Lineage = {
  nodes: [
    node('dataset', 'd'),
    node('recipe', 'a'),
    node('recipe', 'b'),
    node('run', '1'),
    node('run', '2'),
    node('version', 'm@1'),
    node('version', 'm@2'),
    node('alias', 'm@champion'),
    node('artifact', 'f'),
  ],
  edges: [
    edge('dataset:d', 'recipe:a'),
    edge('dataset:d', 'recipe:b'),
    edge('recipe:a', 'run:1'),
    edge('recipe:b', 'run:2'),
    edge('run:1', 'version:m@1'),
    edge('run:2', 'version:m@2'),
    edge('version:m@2', 'alias:m@champion'),
    edge('version:m@2', 'artifact:f'),
  ],
};

const shown = (focus: string, most = 8) =>
  viewAround(LINEAGE, focus, most).columns.map(({ nodes }) => nodes.map(({ key }) => key));

describe('the lineage around a thing', () => {
  it('of a version is what it came from and what came of it, and no other version', () => {
    expect(shown('version:m@2')).toEqual([['d'], ['b'], ['2'], ['m@2'], ['m@champion'], ['f']]);
  });

  it('of a data set is everything that came of it, the newest first', () => {
    expect(shown('dataset:d')).toEqual([['d'], ['b', 'a'], ['2', '1'], ['m@2', 'm@1'], ['m@champion'], ['f']]);
  });

  it('of an alias goes back to the data and leaves the file out', () => {
    expect(shown('alias:m@champion')).toEqual([['d'], ['b'], ['2'], ['m@2'], ['m@champion']]);
  });

  it('shows as many as there is room for, says how many more there are, and draws no line into the void', () => {
    const view = viewAround(LINEAGE, 'dataset:d', 1);
    expect(view.columns[3]).toMatchObject({ nodes: [{ key: 'm@2' }], more: 1 });
    expect(view.edges).not.toContainEqual(expect.objectContaining({ to: 'version:m@1' }));
  });

  it('marks the lines that end at the thing itself', () => {
    const { edges } = viewAround(LINEAGE, 'version:m@2', 8);
    expect(edges.filter(({ onPath }) => onPath)).toHaveLength(3);
  });
});
