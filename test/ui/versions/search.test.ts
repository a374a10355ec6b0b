import { describe, expect, it } from 'vitest';
import { parseSearch } from '../../../src/ui/versions/search.ts';
import type { Version } from '../../../src/worker/api.ts';

const version = (id: string, more: Partial<Version> = {}): Version =>
  ({
    id,
    model: id.split('@')[0],
    number: Number(id.split('@')[1]),
    note: '',
    tags: [],
    aliases: [],
    datasetName: 'iris.csv',
    datasetId: 'abc123',
    recipe: {
      task: 'multiclass',
      target: 'species',
      model: { kind: 'mlp' },
      training: { optimizer: { kind: 'adam' } },
    },
    labels: ['setosa', 'virginica'],
    backend: 'webgpu',
    adapter: 'SwiftShader',
    metrics: { accuracy: 0.9, logLoss: 0.3 },
    parameters: 1234,
    epochs: 3,
    durationMs: 2000,
    split: { train: 7, validation: 2, test: 1 },
    createdAt: Date.parse('2026-05-04T12:00:00Z'),
    runId: 1,
    ...more,
  }) as unknown as Version;

const VERSIONS = [
  version('iris@1', { tags: ['review'], metrics: { accuracy: 0.85 }, runId: 1 }),
  version('iris@2', { aliases: ['champion'], note: 'with Wider layers', metrics: { accuracy: 0.95 }, runId: 2 }),
  version('house prices@1', { metrics: { r2: 0.7 }, parameters: 9, createdAt: Date.parse('2026-06-01'), runId: 3 }),
];
const METRICS = new Set(['accuracy', 'r2', 'logLoss']);

function find(query: string): string[] {
  const { matches } = parseSearch(query, METRICS);
  return VERSIONS.filter(matches).map(({ id }) => id);
}

describe('a search for versions', () => {
  it.each([
    ['', ['iris@1', 'iris@2', 'house prices@1']],
    ['wider', ['iris@2']],
    ['iris@1', ['iris@1']],
    ['"house prices"', ['house prices@1']],
    ['house iris', ['house prices@1']], // the data set is iris.csv
    ['tag:review', ['iris@1']],
    ['-tag:review model:iris', ['iris@2']],
    ['alias:champ', ['iris@2']],
    ['model:"house prices"', ['house prices@1']],
    ['accuracy>0.9', ['iris@2']],
    ['accuracy>=85%', ['iris@1', 'iris@2']],
    ['R2<1', ['house prices@1']],
    ['-accuracy>0.9', ['iris@1', 'house prices@1']],
    ['parameters<10', ['house prices@1']],
    ['number=2', ['iris@2']],
    ['made>2026-05-04', ['house prices@1']],
    ['made=2026-05-04', ['iris@1', 'iris@2']],
    ['made<=2026-05-04', ['iris@1', 'iris@2']],
    ['nothing of this', []],
  ])('finds by %j', (query, ids) => expect(find(query)).toEqual(ids));

  it.each([
    ['colour:red', "'colour:' is no field"],
    ['beauty>0.9', "'beauty' is no figure of a version"],
    ['accuracy>high', "'high' in 'accuracy>high' is no number"],
    ['made>soon', "'soon' is no day"],
    ['constructor:x', "'constructor:' is no field"],
    ['toString>1', "'toString' is no figure"],
  ])('says what it does not understand in %j, and excludes nothing for it', (query, problem) => {
    expect(parseSearch(query, METRICS).problems[0]).toContain(problem);
    expect(find(query)).toHaveLength(3);
  });

  it('takes a version that lacks the figure for one that does not match', () => {
    expect(find('r2<1')).toEqual(['house prices@1']);
  });
});
