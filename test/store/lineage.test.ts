import { expect, test } from 'vitest';
import type { Records } from '../../src/store/kinds.ts';
import { traceLineage, type LineageRecords } from '../../src/store/lineage.ts';
import { recipe } from './fixtures.ts';

/** Records with no more than the lineage reads. */
const kept = {
  dataset: new Map([
    ['d1', { name: 'stream', kind: 'table', rows: 100 }],
    ['d2', { name: 'stream + 1 batch', kind: 'table', rows: 150, origin: { dataset: 'd1', rows: 100, batches: [{ id: 'b1', rows: 50 }, { id: 'gone', rows: 0 }] } }], // prettier-ignore
  ]),
  recipe: new Map([
    ['r1', { ...recipe, dataset: 'd1' }],
    ['r2', { ...recipe, dataset: 'd2', start: { trained: 't1', frozen: [] } }],
  ]),
  run: new Map([
    ['1', { recipeId: 'r1', state: 'finished', datasetName: 'stream' }],
    ['2', { recipeId: 'r2', state: 'finished', datasetName: 'stream + 1 batch' }],
  ]),
  version: new Map([
    ['1', { id: 'm@1', runId: 1, note: '', trained: 't1' }],
    ['2', { id: 'm@2', runId: 2, note: '', trained: 't2' }],
  ]),
  model: new Map([
    [
      'm',
      {
        name: 'm',
        aliases: [{ name: 'champion', number: 2 }],
        history: [
          { alias: 'champion', from: null, to: 1, at: 1, why: 'set' },
          { alias: 'challenger', from: null, to: 2, at: 2, why: 'set' },
          { alias: 'champion', from: 1, to: 2, at: 3, why: 'promoted' },
        ],
      },
    ],
  ]),
  artifact: new Map(),
  batch: new Map([
    ['b1', { runId: 1, name: 'november', rows: 60, labelled: 50, alerts: [{ id: 'drift x', rule: { name: 'Drift', severity: 'critical' }, labels: { column: 'x' }, acknowledged: null }] }], // prettier-ignore
  ]),
} as unknown as { [K in keyof LineageRecords]: Map<string, Partial<Records[K]>> } as LineageRecords;

test('The lineage goes round: a version scores a batch, its alert leads to more data, and that to the next version', () => {
  const { nodes, edges } = traceLineage(kept);
  const path = ['dataset:d1', 'recipe:r1', 'run:1', 'version:m@1', 'batch:b1', 'alert:b1 drift x', 'dataset:d2', 'recipe:r2', 'run:2', 'version:m@2', 'alias:m@champion']; // prettier-ignore
  for (let i = 1; i < path.length; i++) expect(edges).toContainEqual({ from: path[i - 1], to: path[i] });
  expect(edges).toContainEqual({ from: 'dataset:d1', to: 'dataset:d2' });
  expect(edges).toContainEqual({ from: 'batch:b1', to: 'dataset:d2' });
  expect(edges).toContainEqual({ from: 'version:m@1', to: 'recipe:r2' });
  const named = (id: string) => nodes.find((node) => node.id === id)!;
  expect(named('alert:b1 drift x')).toMatchObject({ name: 'Drift: x', detail: 'critical' });
  expect(named('batch:b1')).toMatchObject({ name: 'november', detail: '60 rows, 50 labelled' });
  expect(named('batch:gone')).toMatchObject({ missing: true });
});

test('An alias has its moves, and a line from where it stood before', () => {
  const { nodes, edges } = traceLineage(kept);
  const champion = nodes.find(({ id }) => id === 'alias:m@champion')!;
  expect(champion.moves!.map(({ to, why }) => [to, why])).toEqual([[1, 'set'], [2, 'promoted']]); // prettier-ignore
  expect(edges).toContainEqual({ from: 'version:m@1', to: 'alias:m@champion', past: true });
  expect(nodes.some(({ id }) => id === 'alias:m@challenger')).toBe(false);
});
