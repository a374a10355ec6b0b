// What restoring comes to beside what is there: the same ids in an empty place, nothing where all is there already, and
// both kept where something else has the id.

import { expect, test } from 'vitest';
import { stringify } from '../../src/base/json.ts';
import { emptyMaps, lineageOf, type RecordMaps } from '../../src/store/backupScope.ts';
import { KINDS } from '../../src/store/kinds.ts';
import { planRestore, type RestorePlan } from '../../src/store/restorePlan.ts';
import { addCutRun, addDataset, addVersion, emptyKept, lineOf, smallKept } from './backups.ts';

/** What is there afterwards. */
function apply(here: RecordMaps, { puts }: RestorePlan): RecordMaps {
  const after = emptyMaps();
  for (const kind of KINDS) {
    const all = after[kind] as Map<string, unknown>;
    for (const [key, value] of [...here[kind], ...puts[kind]]) all.set(key, value);
  }
  return after;
}

const textOf = (records: RecordMaps) => stringify(KINDS.map((kind) => [...records[kind]].sort()));
const ids = (items: { id: string }[]) => items.map(({ id }) => id);

test('in an empty place everything gets the ids that it had', async () => {
  const { records } = await smallKept();
  const plan = planRestore(records, emptyMaps(), 0);
  const cut = { ...records.run.get('4')!, state: 'interrupted' as const }; // what ran elsewhere runs no more
  expect(textOf(apply(emptyMaps(), plan))).toBe(textOf({ ...records, run: new Map(records.run).set('4', cut) }));
  expect(plan.renamed).toEqual([]);
  expect(plan.same).toEqual([]);
  expect(ids(plan.added)).toEqual([...records.dataset.keys(), '1', '2', '3', '4', 'a@1', 'b@1', 'a@2', 'a', 'b', '4']);
});

test('what is there already is left as it is, and told', async () => {
  const { records } = await smallKept();
  const here = apply(emptyMaps(), planRestore(records, emptyMaps(), 0));
  here.version.set('1', { ...here.version.get('1')!, note: 'changed since' });
  here.model.set('a', { ...here.model.get('a')!, aliases: [] });
  const plan = planRestore(records, here, 4);
  expect(textOf(plan.puts)).toBe(textOf(emptyMaps()));
  expect(plan.added).toEqual([]);
  expect(plan.renamed).toEqual([]);
  expect(plan.same).toHaveLength(2 + 4 + 3 + 2 + 1);
});

test('what was removed since comes back under its id, and its aliases with it', async () => {
  const { records } = await smallKept();
  const here = apply(emptyMaps(), planRestore(records, emptyMaps(), 0));
  here.version.delete('3');
  here.run.delete('3');
  here.model.set('a', { name: 'a', lastNumber: 5, aliases: [{ name: 'best', number: 1 }] });
  const plan = planRestore(records, here, 9, 77);
  expect(ids(plan.added)).toEqual(['3', 'a@2']);
  const expected = [{ name: 'best', number: 1 }, { name: 'champion', number: 2 }]; // prettier-ignore
  const history = [{ alias: 'champion', from: null, to: 2, at: 77, why: 'restored' }];
  expect(plan.puts.model.get('a')).toEqual({ name: 'a', lastNumber: 5, aliases: expected, history });
});

test('an alias that was moved here stays where it is', async () => {
  const { records } = await smallKept();
  const here = apply(emptyMaps(), planRestore(records, emptyMaps(), 0));
  here.version.delete('3');
  here.model.set('a', { name: 'a', lastNumber: 2, aliases: [{ name: 'champion', number: 1 }] });
  const plan = planRestore(records, here, 9);
  expect(plan.puts.model.get('a')!.aliases).toEqual([{ name: 'champion', number: 1 }]);
});

test('the same number with another content: both are kept, the runs renumbered, the versions under another name', async () => {
  const { records } = await smallKept();
  const other = await emptyKept();
  const dataset = await addDataset(other, 'x,y\n5,6\n');
  await addVersion(other, 'a', dataset, 10);
  await addVersion(other, 'c', dataset, 11);
  const plan = planRestore(records, other.records, 2);
  expect(plan.renamed).toEqual([
    { kind: 'run', from: '1', to: '5' },
    { kind: 'run', from: '2', to: '6' },
    { kind: 'model', from: 'a', to: 'a (2)' },
  ]);
  const after = apply(other.records, plan);
  expect([...after.version.values()].map(({ id, runId }) => [id, runId])).toEqual([
    ['a@1', 1],
    ['c@1', 2],
    ['a (2)@1', 5],
    ['b@1', 6],
    ['a (2)@2', 3],
  ]);
  expect(after.run.get('5')).toEqual({ ...records.run.get('1'), id: 5 });
  expect(after.model.get('a')).toEqual(other.records.model.get('a'));
  expect(after.model.get('a (2)')).toEqual({
    name: 'a (2)',
    lastNumber: 2,
    aliases: [{ name: 'champion', number: 2 }],
  });
  expect(after.model.get('b')).toEqual(records.model.get('b'));
  expect(after.checkpoint.get('4')).toEqual(records.checkpoint.get('4'));
  for (const version of after.version.values()) {
    expect(after.run.get(String(version.runId))?.recipeId).toBe(version.recipeId);
    expect(after.recipe.has(version.recipeId)).toBe(true);
    expect(after.model.has(version.model)).toBe(true);
  }

  const again = planRestore(records, after, 6);
  expect(textOf(again.puts)).toBe(textOf(emptyMaps()));
  expect(again.renamed).toEqual([]);
  expect(again.added).toEqual([]);
});

test('a name that a renamed model would get is not taken from another', async () => {
  const { records } = await smallKept();
  const other = await emptyKept();
  const dataset = await addDataset(other, 'x,y\n5,6\n');
  await addVersion(other, 'a', dataset, 10);
  await addVersion(other, 'a (2)', dataset, 11);
  expect(planRestore(records, other.records, 2).renamed.at(-1)).toEqual({ kind: 'model', from: 'a', to: 'a (3)' });
});

test('a model that has another name here meanwhile is the same, and no empty one comes', async () => {
  const { records } = await smallKept();
  const here = apply(emptyMaps(), planRestore(records, emptyMaps(), 0));
  here.model.set('z', { ...here.model.get('b')!, name: 'z' });
  here.model.delete('b');
  here.version.set('2', { ...here.version.get('2')!, model: 'z', id: 'z@1' });
  const plan = planRestore(records, here, 4);
  expect(textOf(plan.puts)).toBe(textOf(emptyMaps()));
});

test('a run that went on since the backup stays; one that was finished when it was made comes back finished', async () => {
  const kept = await emptyKept();
  const run = await addCutRun(kept, await addDataset(kept, 'x,y\n1,2\n'), 1);
  const last = lineOf(1);
  const later = {
    ...emptyMaps(),
    ...kept.records,
    run: new Map([['1', { ...run, state: 'finished' as const, last }]]),
    log: new Map([['1', { runId: 1, epochs: [last] }]]),
  };
  const same = planRestore(kept.records, later, 1);
  expect([same.added, same.puts.log.size]).toEqual([[], 0]);
  const plan = planRestore(later, kept.records, 1);
  expect(ids(plan.added)).toEqual(['1']);
  expect([...plan.puts.log.values()]).toEqual([{ runId: 1, epochs: [last] }]);
});

test('a log comes under the number that its run gets, and back to a run that has lost it here', async () => {
  const { records } = await smallKept();
  const other = await emptyKept();
  await addVersion(other, 'c', await addDataset(other, 'x,y\n5,6\n'), 10);
  const plan = planRestore(records, other.records, 1);
  const place = plan.renamed.find(({ kind, from }) => kind === 'run' && from === '1')!.to;
  expect(plan.puts.log.get(place)).toEqual({ runId: Number(place), epochs: [lineOf(1)] });
  const here = apply(emptyMaps(), planRestore(records, emptyMaps(), 0));
  here.log.delete('1');
  const again = planRestore(records, here, 4);
  expect([again.added, [...again.puts.log]]).toEqual([[], [['1', { runId: 1, epochs: [lineOf(1)] }]]]);
});

test("a version whose run is lost here, and is not the backup's, keeps its number", async () => {
  const { records } = await smallKept();
  const other = await emptyKept();
  await addVersion(other, 'c', await addDataset(other, 'x,y\n5,6\n'), 10);
  other.records.run.clear();
  const plan = planRestore(records, other.records, 1);
  expect(plan.renamed).toEqual([{ kind: 'run', from: '1', to: '5' }]);
  expect(apply(other.records, plan).version.get('1')!.id).toBe('c@1');
});

test('the content of a data set that was lost here comes back, and what was corrected here stays', async () => {
  const { records } = await smallKept();
  const here = apply(emptyMaps(), planRestore(records, emptyMaps(), 0));
  const [id, dataset] = [...here.dataset][0];
  here.dataset.set(id, { ...dataset, name: 'my name', content: null });
  const plan = planRestore(records, here, 4);
  expect(ids(plan.added)).toEqual([id]);
  expect(plan.puts.dataset.get(id)).toEqual({ ...dataset, name: 'my name' });
});

test('one model of a backup brings its lineage alone', async () => {
  const { records } = await smallKept();
  const plan = planRestore(lineageOf(records, ['b']), emptyMaps(), 0);
  expect(ids(plan.added)).toEqual([[...records.dataset.keys()][1], '2', 'b@1', 'b']);
  expect(plan.puts.recipe.size).toBe(1);
});

test('what is known of an exported file comes along, with its run under whatever number', async () => {
  const { records } = await smallKept();
  const other = await emptyKept();
  await addVersion(other, 'c', await addDataset(other, 'x,y\n5,6\n'), 10);
  const artifact = { runId: 1, format: 'onnx', fileName: 'a.onnx', sizeBytes: 1, createdAt: 1 };
  records.artifact.set('f1', { ...artifact, sha256: 'f1' });
  records.artifact.set('f2', { ...artifact, sha256: 'f2', runId: 99 });
  const { puts } = planRestore(records, other.records, 1);
  expect([...puts.artifact.values()].map(({ runId }) => runId)).toEqual([5, 99]);
  other.records.run.set('99', { ...records.run.get('1')!, id: 99, startedAt: 5 });
  expect([...planRestore(records, other.records, 99).puts.artifact.keys()]).toEqual(['f1']);
});
