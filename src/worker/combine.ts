// A data set that grew: the rows of one, then the labelled rows of batches that came after it, kept as any other.

import { UserError } from '../base/errors.ts';
import { stringify } from '../base/json.ts';
import { mendName } from '../base/name.ts';
import { appendRows, type Addition } from '../data/combine.ts';
import { writeCsv } from '../data/formats/csv.ts';
import { hasColor } from '../data/images.ts';
import { sortLabels } from '../data/labels.ts';
import { profileTable } from '../data/profile.ts';
import { createRepairLog, type RepairLog } from '../data/repairs.ts';
import { tableToRows } from '../data/rows.ts';
import type { ColumnSpec, Table } from '../data/table.ts';
import type { Recipe } from '../model/recipe.ts';
import { readBatchRows, type BatchContent } from '../store/batches.ts';
import {
  findDataset,
  readDataset,
  readImages,
  saveDataset,
  type DatasetContent,
  type DatasetDetail,
  type DatasetOrigin,
} from '../store/datasets.ts';
import { sha256 } from '../store/hash.ts';
import type { CallOptions, ImportProgress } from './api.ts';
import type { Context } from './context.ts';
import { decodeImage } from './decode.ts';
import { labelProfile } from './engineImport.ts';
import { labelledImages, labelledRows, type ScoredBatch } from './labelledRows.ts';
import { typedTable } from './tables.ts';

type Grown = { detail: Omit<DatasetDetail, 'id'>; content: DatasetContent; rowsOf: number[] };

/**
 * Keeps a data set of the rows of `datasetId` and of the labelled rows of batches; where it is kept already, gives that.
 * @param recipe says the types of the columns and which one is the target
 * @throws UserError where a batch has no labels, is in the data set already, or goes with it in no way; AbortError
 */
export async function combineRows(
  context: Context,
  datasetId: string,
  batches: ScoredBatch[],
  recipe: Recipe,
  { signal, onProgress }: CallOptions<ImportProgress> = {},
): Promise<DatasetDetail> {
  const { workspace } = context;
  const dataset = await readDataset(workspace, datasetId);
  await checkNew(context, dataset, batches);
  onProgress?.({ phase: 'reading', fraction: null, rows: 0 });
  const repairs = createRepairLog();
  const contents = await Promise.all(batches.map(({ facts }) => readBatchRows(workspace, facts)));
  signal?.throwIfAborted();
  const { detail, content, rowsOf } =
    dataset.kind === 'table'
      ? await growTable(context, dataset, batches, contents, recipe, repairs)
      : await growImages(context, dataset, batches, contents, repairs, { signal, onProgress });
  const origin: DatasetOrigin = {
    dataset: dataset.id,
    rows: dataset.rows,
    batches: batches.map(({ facts }, i) => ({ id: facts.id, rows: rowsOf[i] })),
  };
  signal?.throwIfAborted();
  const id = await idOf(origin, detail.classes, content);
  const kept = await findDataset(workspace, id);
  if (kept) return kept;
  onProgress?.({ phase: 'saving', fraction: null, rows: detail.rows });
  const grown: DatasetDetail = { ...detail, id, origin };
  await saveDataset(workspace, grown, content);
  return grown;
}

/** Ids of the batches that a data set, or one that it was made of, took in; as far as those are kept. */
export async function learnedBatches(
  { workspace }: Pick<Context, 'workspace'>,
  dataset: DatasetDetail,
): Promise<Set<string>> {
  const learned = new Set<string>();
  for (let at: DatasetDetail | undefined = dataset; at?.origin; at = await findDataset(workspace, at.origin.dataset)) {
    for (const { id } of at.origin.batches) learned.add(id);
  }
  return learned;
}

/** @throws UserError where a batch is among what the data set was made of, as far as that is kept */
async function checkNew({ workspace }: Context, dataset: DatasetDetail, batches: ScoredBatch[]): Promise<void> {
  const inside = await learnedBatches({ workspace }, dataset);
  const twice = batches.find(({ facts }) => inside.has(facts.id));
  if (!twice) return;
  throw new UserError(
    'invalid',
    `batch '${twice.facts.name}': data set '${dataset.name}' has its rows already. Choose batches that came after it.`,
  );
}

async function growTable(
  context: Context,
  dataset: DatasetDetail,
  batches: ScoredBatch[],
  contents: BatchContent[],
  { columns: wanted, target }: Recipe,
  repairs: RepairLog,
): Promise<Grown> {
  const asked = new Map(wanted.map((spec) => [spec.name, spec]));
  const columns: ColumnSpec[] = dataset.columns.map((spec) => asked.get(spec.name) ?? spec);
  const spec = columns.find(({ name }) => name === target);
  if (!spec) throw withoutTarget(dataset, target);
  const added = batches.map(({ facts }, i) => labelledRows(facts, contents[i], spec, repairs));
  const table = appendRows(await typedTable(context, dataset.id, columns), columns, added, repairs);
  const source = writeSource(table);
  const detail = describe(context, dataset, batches.length, {
    columns,
    rows: table.rows,
    sizeBytes: source.size,
    repairs: repairs.list(),
    profile: profileTable(table),
  });
  const content: DatasetContent = { kind: 'table', source, columns: table.columns };
  return { detail, content, rowsOf: added.map(({ rows }) => rows.length) };
}

function withoutTarget({ name }: DatasetDetail, target: string): UserError {
  return new UserError('invalid', `data set '${name}': it has no column '${target}', which the model predicts.`);
}

/**
 * What `combineRows` would have to predict, without the rest: the column of the target (images: of the labels), and how
 * many rows of it are new.
 * @throws UserError as `combineRows` does
 */
export async function combinedTarget(
  context: Context,
  batches: ScoredBatch[],
  { dataset: id, columns, target, task }: Recipe,
): Promise<{ table: Table; old: number; task: Recipe['task'] }> {
  const { workspace } = context;
  const dataset = await readDataset(workspace, id);
  await checkNew(context, dataset, batches);
  const contents = await Promise.all(batches.map(({ facts }) => readBatchRows(workspace, facts)));
  const repairs = createRepairLog(); // said when it is done
  const spec = columns.find(({ name }) => name === target) ?? { name: target, type: 'category', role: 'target' };
  const own = dataset.kind === 'table' ? await typedTable(context, id, columns) : await labelTable(workspace, dataset, target); // prettier-ignore
  const column = own.columns.find(({ name }) => name === target);
  if (!column) throw withoutTarget(dataset, target);
  const added = batches.map(({ facts }, i): Addition => {
    if (dataset.kind === 'table') return labelledRows(facts, contents[i], spec, repairs);
    const { labels } = labelledImages(facts, contents[i], repairs);
    const codes = Int32Array.from(labels.keys());
    return { name: facts.name, columns: [{ ...spec, type: 'category', codes, categories: labels }], rows: codes };
  });
  const table = appendRows({ rows: own.rows, columns: [column] }, [spec], added, repairs);
  return { table, old: own.rows, task };
}

async function labelTable(
  workspace: Context['workspace'],
  { id, classes }: DatasetDetail,
  name: string,
): Promise<Table> {
  const { labels } = await readImages(workspace, id);
  return { rows: labels.length, columns: [{ name, type: 'category', codes: labels, categories: classes }] };
}

/** The table as a file, to be read again where a person corrects a type. */
function writeSource(table: Table): Blob {
  const names = table.columns.map(({ name }) => name);
  function* lines() {
    for (let row = 0; row < table.rows; row++) {
      const [cells] = tableToRows(table, [row]);
      yield names.map((name) => cells[name]);
    }
  }
  return writeCsv(names, lines(), { forPeople: false });
}

async function growImages(
  { workspace, ...context }: Context,
  dataset: DatasetDetail,
  batches: ScoredBatch[],
  contents: BatchContent[],
  repairs: RepairLog,
  { signal, onProgress }: CallOptions<ImportProgress>,
): Promise<Grown> {
  const old = await readImages(workspace, dataset.id);
  const added = batches.map(({ facts }, i) => labelledImages(facts, contents[i], repairs));
  const fresh = added.flatMap((addition) => addition.labels);
  const classes = sortLabels(new Set([...dataset.classes, ...fresh]));
  const place = new Map(classes.map((label, i) => [label, i]));

  const files: Blob[] = [];
  const names = [...old.names];
  const offsets = [...old.offsets];
  const seen = { ...dataset.images! };
  for (const { content, rows } of added) {
    for (const row of rows) {
      signal?.throwIfAborted();
      const file = content.packed.slice(content.offsets[row], content.offsets[row + 1]);
      const image = await decodeImage(new File([file], content.names[row]));
      seen.minHeight = Math.min(seen.minHeight, image.height);
      seen.maxHeight = Math.max(seen.maxHeight, image.height);
      seen.minWidth = Math.min(seen.minWidth, image.width);
      seen.maxWidth = Math.max(seen.maxWidth, image.width);
      seen.color ||= hasColor(image);
      files.push(file);
      names.push(content.names[row]);
      offsets.push(offsets[offsets.length - 1] + file.size);
      if (files.length % 100 === 0) onProgress?.({ phase: 'parsing', fraction: files.length / fresh.length, rows: files.length }); // prettier-ignore
    }
  }
  const before = Int32Array.from(old.labels, (code) => (code < 0 ? -1 : place.get(dataset.classes[code])!));
  const labels = Int32Array.from([...before, ...fresh.map((label) => place.get(label)!)]);
  const packed = new Blob([old.packed, ...files]);
  const detail = describe({ workspace, ...context }, dataset, batches.length, {
    columns: [],
    rows: labels.length,
    sizeBytes: packed.size,
    repairs: repairs.list(),
    profile: [labelProfile(classes, labels)],
  });
  return {
    detail: { ...detail, classes, images: seen },
    content: { kind: 'images', packed, offsets: Float64Array.from(offsets), names, labels },
    rowsOf: added.map(({ rows }) => rows.length),
  };
}

function describe(
  { workspace }: Pick<Context, 'workspace'>,
  { name, kind, classes }: DatasetDetail,
  batches: number,
  facts: Pick<DatasetDetail, 'columns' | 'rows' | 'sizeBytes' | 'repairs' | 'profile'>,
): Omit<DatasetDetail, 'id'> {
  const grown = / \+ (\d+) batch(?:es)?$/.exec(name);
  const count = batches + Number(grown?.[1] ?? 0);
  const base = grown ? name.slice(0, grown.index) : name;
  const suffix = ` + ${count} batch${count === 1 ? '' : 'es'}`;
  return {
    name: mendName(`${base.slice(0, 200 - suffix.length)}${suffix}`, 'data'),
    kind,
    classes,
    createdAt: workspace.now(),
    ...facts,
  };
}

async function idOf(origin: DatasetOrigin, classes: string[], content: DatasetContent): Promise<string> {
  if (content.kind === 'table') {
    const types = content.columns.map(({ type }) => type);
    return sha256(stringify({ origin, types, source: await sha256(content.source) }));
  }
  const { packed, names, labels } = content;
  return sha256(stringify({ origin, names, classes, labels: [...labels], packed: await sha256(packed) }));
}
