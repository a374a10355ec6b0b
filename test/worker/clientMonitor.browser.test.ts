import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, expect, test } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import type { VersionDetail } from '../../src/worker/api.ts';
import { readCsv } from '../../src/data/formats/csv.ts';
import { tableToRows, takeRows } from '../../src/data/rows.ts';
import { createProfiler, type ProfileLayout } from '../../src/monitor/profile.ts';
import { figureKey } from '../../src/monitor/rules.ts';
import type { Version } from '../../src/worker/api.ts';
import { rowsOf } from '../../src/worker/readBatchFiles.ts';
import { clientOn, csv, errorOf, removeDatabase } from './clients.ts';

const DATABASE = 'client monitor test';
const client = clientOn(DATABASE);
const { lathe } = client;

afterAll(async () => {
  client.close();
  await removeDatabase(DATABASE);
});

/** Two classes by x and y, with a category that says nothing. @param shift added to x in every row */
function stream(rows: number, seed: number, { shift = 0, labelled = true, unseen = false } = {}): File {
  const random = createRandom(seed);
  const lines = Array.from({ length: rows }, (_, i) => {
    const [x, y] = [random.normal() + shift, random.normal()];
    const kind = x + y + 0.3 * random.normal() > 0 ? 'high' : 'low';
    const colour = unseen && i % 10 === 0 ? 'mauve' : ['red', 'green', 'blue'][random.below(3)];
    return [i, x.toFixed(4), y.toFixed(4), colour, ...(labelled ? [kind] : [])].join();
  });
  return csv('stream.csv', [`id,x,y,colour${labelled ? ',kind' : ''}`, ...lines].join('\n'));
}

/** Profiles of parts of the rows, as predictors of the version save them. */
async function profilesOf(version: Version, text: string, cuts: number[]): Promise<File[]> {
  const { columns } = (await readCsv(new Blob([text]), { types: { colour: 'category' } })).table;
  const rows = tableToRows({ rows: rowsOf(columns), columns }, [...Array(rowsOf(columns)).keys()]);
  const said = await lathe.predict(version.id, rows);
  const outputs = Float32Array.from(said.flatMap((own) => ('label' in own ? version.labels.map((label) => own.probabilities[label]) : []))); // prettier-ignore
  const layout: ProfileLayout = {
    model: { id: version.id, fingerprint: version.weightsSha256! },
    columns: [
      { kind: 'number', name: 'x' },
      { kind: 'number', name: 'y' },
      { kind: 'category', name: 'colour', known: ['blue', 'green', 'red'] },
    ],
    outputs: { kind: 'classes', labels: version.labels },
  };
  return cuts.slice(1).map((to, k) => {
    const index = Int32Array.from({ length: to - cuts[k] }, (_, i) => cuts[k] + i);
    const profiler = createProfiler(layout);
    const part = takeRows({ rows: rows.length, columns }, index);
    profiler.add({ rows: part.rows, columns: part.columns, outputs: outputs.subarray(2 * cuts[k], 2 * to), at: 1000 + cuts[k] + to }); // prettier-ignore
    return new File([JSON.stringify(profiler.profile(), null, 1)], `part-${k}.json`);
  });
}

/** Profiles of a version against its rows: merged they say what the rows say, and no row counts twice. */
async function tryProfiles(version: Version): Promise<void> {
  const text = await stream(300, 9, { shift: 0.8, labelled: false, unseen: true }).text();
  const rows = await lathe.scoreBatch(version.id, [csv('rows.csv', text)]);
  const parts = await profilesOf(version, text, [0, 90, 91, 300]);
  const merged = await lathe.scoreBatch(version.id, parts);
  const [whole] = await profilesOf(version, text, [0, 300]);
  const one = await lathe.scoreBatch(version.id, [whole]);
  expect(merged).toMatchObject({ kind: 'profile', rows: 300, labelled: 0, name: '3 profiles', repairs: [] });
  expect(merged.profiles).toMatchObject([{ name: 'part-0.json', rows: 90 }, { rows: 1 }, { rows: 209 }]);
  expect(merged.figures).toEqual(one.figures);
  const byKey = new Map(rows.figures.map((figure) => [figureKey(figure), figure.value]));
  for (const figure of merged.figures)
    expect(figure.value, figureKey(figure)).toBeCloseTo(byKey.get(figureKey(figure))!, 6);
  expect(merged.figures.map(({ name }) => name)).toEqual(expect.arrayContaining(['lathe_entropy_mean', 'lathe_confidence_mean', 'lathe_column_unseen_ratio'])); // prettier-ignore
  expect(merged.alerts.map(({ rule, labels }) => [rule.id, labels])).toEqual(expect.arrayContaining([['drift-column', { column: 'x' }]])); // prettier-ignore
  const { report } = await lathe.batch(merged.id);
  expect(report).toMatchObject({ domain: null, duplicates: null, quality: null, slices: [] });
  expect(report.limits![0]).toMatch(/the worst slices and the quality to be expected need the rows themselves/);
  expect(report.distributions.map(({ column }) => column).sort()).toEqual(['colour', 'x', 'y']);
  await expect(lathe.batchRows(merged.id)).rejects.toThrow(
    /^missing rows of batch '3 profiles': a profile was sent back/,
  );
  expect((await lathe.testBatch(merged.id)).figures).toEqual(merged.figures);

  const changed = async (name: string, change: (text: string) => string) =>
    new File([change(await whole.text())], name);
  const grown = await changed('grown.json', (json) => json.replace(/"lastAt": \d+/, '"lastAt": 9999'));
  expect((await lathe.scoreBatch(version.id, [grown])).repairs[0].message).toMatch(/'grown.json' seems to go on with one that batch 'part-0' has/); // prettier-ignore
  for (const [files, message] of [
    [[whole], /^invalid profile 'part-0.json': it was taken in already, with batch 'part-0'/],
    [[await changed('a.json', (json) => json.replace('9', '9')), parts[1]], /taken in already/],
    [
      [await changed('b.json', (json) => json.slice(0, -40))],
      /^invalid profile 'b.json': it is no JSON, or is cut off/,
    ],
    [
      [await changed('c.json', (json) => json.replace('"rows": 300', '"rows": 301'))],
      /^invalid profile 'c.json': it is damaged/,
    ],
    [
      [await changed('d.json', (json) => json.replace(version.weightsSha256!, 'ab'.repeat(32)))],
      /^invalid profile 'd.json': it is of 'stream@1', and not of version 'stream@1'. No version that is kept here has its weights/,
    ],
    [[csv('rows.csv', text), whole], /^invalid choice of files: 'part-0.json' is a profile, and 'rows.csv' is none/],
  ] as [File[], RegExp][]) {
    await expect(lathe.scoreBatch(version.id, files)).rejects.toThrow(message);
  }
  const fresh = await changed('e.json', (json) => json.replace(/"firstAt": \d+/, '"firstAt": 7'));
  await expect(lathe.scoreBatch(version.id, [fresh, new File([fresh], 'f.json')])).rejects.toThrow(/'f.json': it says the same as 'e.json'/); // prettier-ignore
  for (const { id, name } of await lathe.batches('stream')) if (name !== 'stream') await lathe.removeBatch(id);
}

test('A batch like the training data raises no alert; a shifted one raises it on the column that shifted', async () => {
  const dataset = await lathe.importFiles([stream(600, 1)]);
  const recipe = await lathe.suggestRecipe(dataset.id, { target: 'kind' });
  recipe.backend = 'cpu';
  recipe.training.epochs = 15;
  recipe.columns = recipe.columns.map((column) => (column.name === 'id' ? { ...column, role: 'ignore' } : column));
  const version = await lathe.train(recipe, { model: 'stream' });

  const quiet = await lathe.scoreBatch(version.id, [stream(400, 2)]);
  expect(quiet).toMatchObject({ versionId: version.id, rows: 400, labelled: 400, kind: 'table' });
  expect(quiet.alerts.map(({ id }) => id)).toEqual([]);

  // the same rows in other formats are the same batch, but for their name
  const lines = (await stream(400, 2).text()).split('\n').map((line) => line.split(','));
  const cells = (name: string, place: number) => lines.slice(1).map((row) => (name === 'x' || name === 'y' ? Number(row[place]) : row[place])); // prettier-ignore
  const columns = lines[0].map((name, place) => ({ name, data: cells(name, place) }));
  const objects = lines.slice(1).map((_, i) => JSON.stringify(Object.fromEntries(columns.map(({ name, data }) => [name, data[i]])))); // prettier-ignore
  for (const file of [
    new File([objects.join('\n')], 'stream.jsonl'),
    new File([parquetWriteBuffer({ columnData: columns })], 'stream.parquet'),
  ]) {
    const again = await lathe.scoreBatch(version.id, [file]);
    expect(again.figures).toEqual(quiet.figures);
    if (again.id !== quiet.id) await lathe.removeBatch(again.id); // `id` has another type
  }

  await tryProfiles(version);

  const phases = new Set<string>();
  const shifted = await lathe.scoreBatch(
    'stream@latest',
    [stream(400, 3, { shift: 1.5, labelled: false, unseen: true })],
    {
      onProgress: ({ phase }) => phases.add(phase),
    },
  );
  expect([...phases]).toEqual(expect.arrayContaining(['scoring', 'testing', 'saving']));
  const drifted = shifted.alerts.filter(({ rule }) => rule.id === 'drift-column').map(({ labels }) => labels.column);
  expect(drifted).toEqual(expect.arrayContaining(['x']));
  expect(drifted).not.toContain('y');
  expect(shifted.alerts.find(({ rule }) => rule.id === 'unseen')?.labels).toEqual({ column: 'colour' });
  expect(shifted.labelled).toBe(0);

  const { report } = await lathe.batch(shifted.id);
  expect(report.distributions.map(({ column }) => column)).toEqual(['x', 'y', 'colour']);
  expect(report.predictions.map(({ column }) => column)).toContain('prediction');
  expect(report.estimate?.metrics.accuracy).toBeGreaterThan(0.7);
  expect(Object.keys(report.effects)).toContain('x');
  const top = await lathe.batchRows(shifted.id, { order: 'shifted', column: 'x', limit: 5 });
  expect(top.total).toBe(400);
  for (const { row } of top.rows) expect(Number(row!.x)).toBeGreaterThan(1.5);

  // the labels come later, in another order, with a key
  const truth = await stream(400, 3, { shift: 1.5, unseen: true }).text();
  const [header, ...rows] = truth.split('\n').map((line) => line.split(','));
  const labels = [[header[0], header[4]], ...rows.map((row) => [row[0], row[4]]).reverse()];
  const joined = await lathe.labelBatch(shifted.id, [csv('labels.csv', labels.map((row) => row.join()).join('\n'))]);
  expect(joined).toMatchObject({ id: shifted.id, labelled: 400 });
  const known = joined.figures.find(({ name, labels: own }) => name === 'lathe_quality' && own.metric === 'accuracy')!;
  expect(Math.abs(known.value - report.estimate!.metrics.accuracy)).toBeLessThan(0.08);

  const alert = joined.alerts[0];
  const seen = await lathe.acknowledge(joined.id, alert.id, 'new customers in the north');
  expect(seen.alerts[0].acknowledged).toMatchObject({ note: 'new customers in the north' });
  expect((await lathe.batches('stream')).map(({ rows: count, labelled }) => [count, labelled])).toEqual([
    [400, 400],
    [400, 400],
  ]);

  // old rows and labelled new ones, the oldest batch first
  const all = await lathe.combine(dataset.id, [shifted.id, quiet.id]);
  expect(all).toMatchObject({ name: 'stream + 2 batches', rows: 1400, kind: 'table' });
  expect(all.origin).toEqual({
    dataset: dataset.id,
    rows: 600,
    batches: [quiet, shifted].map(({ id }) => ({ id, rows: 400 })),
  });
  expect(await lathe.combine(dataset.id, [quiet.id, shifted.id])).toEqual(all);
  const ends = await Promise.all([599, 600, 1000].map((offset) => lathe.rows(all.id, { offset, limit: 1 })));
  expect(ends.map(({ rows: [row] }) => row.id)).toEqual(['599', '0', '0']);
  expect(Number(ends[2].rows[0].x)).toBeCloseTo(
    Number((await lathe.batchRows(shifted.id, { limit: 1 })).rows[0].row!.x),
  );
  const unlabelled = await lathe.scoreBatch(version.id, [stream(200, 5, { labelled: false })]);
  await expect(lathe.combine(dataset.id, [unlabelled.id])).rejects.toThrow(/labels of batch 'stream': it has none/);
  await expect(lathe.combine(all.id, [quiet.id])).rejects.toThrow(/has its rows already/);
  await lathe.removeBatch(unlabelled.id);

  // compared as somebody wishes, and by a challenger in the shadow
  const second = await lathe.train({ ...recipe, training: { ...recipe.training, epochs: 1 } }, { model: 'stream' });
  await lathe.setAlias('stream', 'challenger', second.number);
  await lathe.setMonitorSettings('stream', { method: 'psi', columns: [{ column: 'y', method: 'ks' }], shadow: true });
  const again = await lathe.testBatch(shifted.id);
  expect(again.alerts.find(({ id }) => id === alert.id)?.acknowledged?.note).toBe('new customers in the north');
  const { report: wished } = await lathe.batch(again.id);
  expect(wished.drift.columns.map(({ method }) => method)).toEqual(['psi', 'ks', 'psi']);
  expect(wished.shadow).toMatchObject({ versionId: second.id, problem: null });
  expect(wished.shadow!.outputs).toBeUndefined();
  expect(wished.shadow!.quality!.rows).toBe(400);
  expect(again.figures.some(({ name }) => name === 'lathe_challenger_agreement_ratio')).toBe(true);
  // a column of words where numbers were is told, and the batch is scored all the same
  const words = (await stream(60, 5).text()).replace(/^(\d+),[^,]*/gm, '$1,much');
  const odd = await lathe.scoreBatch(version.id, [csv('odd.csv', words)]);
  expect((await lathe.batch(odd.id)).report.schema).toEqual([{ kind: 'type', column: 'x', was: 'number', now: 'unreadable' }]); // prettier-ignore
  await lathe.removeBatch(odd.id);

  const rules = await lathe.rules('stream');
  await lathe.setRules(
    'stream',
    rules.map((rule) => ({ ...rule, enabled: rule.id === 'unseen' })),
  );
  const third = await lathe.scoreBatch(version.id, [stream(300, 4, { shift: 1.5, labelled: false })]);
  expect(third.alerts).toEqual([]);
  await expect(lathe.setRules('stream', [{ ...rules[0], forBatches: 0 }])).rejects.toThrow(/1 batch in a row or more/);
  await expect(lathe.scoreBatch(version.id, [csv('other.csv', 'a,b\n1,2\n3,4')])).rejects.toThrow(
    /none is one that version/,
  );

  await lathe.removeBatch(third.id);
  expect(await lathe.batches('stream')).toHaveLength(2);
  await lathe.removeVersion(version.id);
  await expect(lathe.batch(shifted.id)).rejects.toThrow(/not kept/);
});

/** Two classes by x and y; in the west it is the other way round, which a linear model cannot learn with the rest. */
function regions(name: string, rows: number, seed: number): File {
  const random = createRandom(seed);
  const lines = Array.from({ length: rows }, () => {
    const [x, y] = [random.normal(), random.normal()];
    const region = ['north', 'south', 'east', 'west'][random.below(4)];
    const kind = (region === 'west' ? -1 : 1) * (x + y) > 0 ? 'high' : 'low';
    return [x.toFixed(4), y.toFixed(4), region, kind].join();
  });
  return csv(name, ['x,y,region,kind', ...lines].join('\n'));
}

async function trainRegions(dataset: string, change: { epochs: number; seed?: number }): Promise<VersionDetail> {
  const recipe = await lathe.suggestRecipe(dataset, { target: 'kind', seed: change.seed ?? 1 });
  recipe.backend = 'cpu';
  recipe.training.epochs = change.epochs;
  recipe.training.earlyStopping = null;
  return lathe.train(recipe, { model: 'regions' });
}

test('Two versions are compared on rows that neither learned from, and the better one passes the gate', async () => {
  const dataset = await lathe.importFiles([regions('regions.csv', 500, 1)]);
  const poor = await trainRegions(dataset.id, { epochs: 1 });
  const good = await trainRegions(dataset.id, { epochs: 40 });
  await lathe.promote(poor.id); // there is no other to hold it against

  const held = await lathe.compare('regions@champion', good.id);
  expect(held).toMatchObject({ first: poor.id, second: good.id, rows: good.split.test, leftOut: 0, doubt: null });
  const accuracy = held.figures.find(({ metric }) => metric === 'accuracy')!;
  expect(accuracy.first.value).toBeCloseTo(poor.metrics.accuracy, 9);
  expect(accuracy.second.value).toBeCloseTo(good.metrics.accuracy, 9);
  expect(accuracy.difference.low).toBeGreaterThan(0);
  const { onlyFirst, onlySecond, pValue } = held.mcNemar!;
  expect([held.flips.broken, held.flips.fixed]).toEqual([onlyFirst, onlySecond]);
  expect(pValue).toBeLessThan(0.05);

  const fixed = await lathe.flippedRows(poor.id, good.id, { kind: 'fixed', limit: 3 });
  expect(fixed.total).toBe(onlySecond);
  for (const { first, second, actual, row } of fixed.rows) {
    expect([second, row!.kind]).toEqual([actual, actual]);
    expect(first).not.toBe(actual);
  }

  const verdict = await lathe.judge(poor.id, good.id);
  expect(verdict.gate.result).toBe('unknown'); // no batch has labels
  expect(verdict.gate.checks.map(({ rule, result }) => [rule.id, result])).toEqual([
    ['uplift-held-out', 'pass'],
    ['uplift-batch', 'unknown'],
    ['slices', 'pass'],
  ]);
  expect(verdict.costs.second.parameters).toBe(good.parameters);
  expect(verdict.costs.second.onnxBytes).toBeGreaterThan(verdict.costs.second.weightBytes);
  expect(verdict.costs.second.latencyMs).toBeGreaterThan(0);

  // another split: only the rows that are in both test parts are unseen
  const other = await trainRegions(dataset.id, { epochs: 1, seed: 2 });
  const both = await lathe.compare(other.id, good.id);
  expect(both.rows).toBeLessThan(good.split.test);
  expect(both.rows + both.leftOut).toBe(good.split.test);

  const batch = await lathe.scoreBatch(good.id, [regions('later.csv', 200, 5)]);
  expect(await lathe.compare(poor.id, good.id, { batch: batch.id })).toMatchObject({ rows: 200, gate: { result: 'pass' } }); // prettier-ignore

  // what was put together with the batch is known again, row by row
  const grown = await lathe.combine(dataset.id, [batch.id]);
  const recipe = { ...good.recipe, dataset: grown.id, split: { ...good.recipe.split, segments: [500, 200] } };
  const next = await lathe.train({ ...recipe, training: { ...recipe.training, epochs: 5 } }, { model: 'regions' });
  expect(await lathe.compare(good.id, next.id)).toMatchObject({ rows: next.split.test, leftOut: 0, doubt: null });
  const onBatch = await lathe.compare(good.id, next.id, { batch: batch.id });
  expect(onBatch.rows + onBatch.leftOut).toBe(200);
  expect(onBatch.rows).toBe(next.split.test - good.split.test);
});

test('A version that the gate refuses is promoted with a note alone, and rolled back', async () => {
  const [poor, good] = ['regions@1', 'regions@2'];
  await lathe.promote(good);
  const refused = await errorOf(lathe.promote(poor));
  expect(refused).toMatchObject({ code: 'invalid' });
  expect(refused.message).toContain('its gate says no (uplift-held-out');
  expect((await errorOf(lathe.promote(poor, { despite: true }))).message).toMatch(/^missing note/);
  await lathe.promote(poor, { despite: true, note: 'it is small' });
  expect((await lathe.rollBack('regions')).id).toBe(good);
  const { history } = (await lathe.models()).find(({ name }) => name === 'regions')!;
  expect(history!.map(({ alias, from, to, why, note, gate }) => [alias, from, to, why, note, gate?.result])).toEqual([
    ['champion', null, 1, 'promoted', undefined, undefined],
    ['champion', 1, 2, 'promoted', undefined, 'pass'],
    ['champion', 2, 1, 'promoted', 'it is small', 'fail'],
    ['champion', 1, 2, 'rolledBack', undefined, undefined],
  ]);
});

test('The rules of the gate are the model’s own, and wrong ones are refused', async () => {
  const presets = await lathe.gate('regions');
  const size = presets.find(({ kind }) => kind === 'size')!;
  await lathe.setGate('regions', [{ ...size, enabled: true, kind: 'size', mostBytes: 10 }]);
  expect((await lathe.judge('regions@1', 'regions@2')).gate.checks).toMatchObject([{ rule: { id: 'size' }, result: 'fail' }]); // prettier-ignore
  await expect(lathe.setGate('regions', [{ ...size, kind: 'size', mostBytes: -1 }])).rejects.toThrow(/above 0/);
  await lathe.setGate('regions', null);
  expect(await lathe.gate('regions')).toEqual(presets);
  expect(await errorOf(lathe.compare('regions@1', 'regions@1'))).toMatchObject({ code: 'invalid' });
});
