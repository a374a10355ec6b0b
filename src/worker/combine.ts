// A data set that grew: the rows of one, then the labelled rows of batches that came after it, kept as any other.

import { UserError } from '../base/errors.ts';
import { stringify } from '../base/json.ts';
import { mendName } from '../base/name.ts';
import { appendRows, rowsWithValue, type Addition } from '../data/combine.ts';
import { writeCsv } from '../data/formats/csv.ts';
import { hasColor } from '../data/images.ts';
import { sortLabels } from '../data/labels.ts';
import { profileTable } from '../data/profile.ts';
import { createRepairLog, type RepairLog } from '../data/repairs.ts';
import { tableToRows } from '../data/rows.ts';
import type { ColumnSpec, Table } from '../data/table.ts';
import type { Recipe } from '../model/recipe.ts';
import { readBatchRows, type BatchContent, type BatchFacts } from '../store/batches.ts';
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
import { listVersions, type Version } from '../store/versions.ts';
import type { CallOptions, ImportProgress } from './api.ts';
import type { Context } from './context.ts';
import { decodeImage } from './decode.ts';
import { labelProfile } from './engineImport.ts';
import { typedTable } from './tables.ts';

/** A batch with the version that scored it. */
export interface ScoredBatch {
  facts: BatchFacts;
  version: Version;
}

type ImageBatch = BatchContent & { kind: 'images' };
type Grown = { detail: Omit<DatasetDetail, 'id'>; content: DatasetContent; rowsOf: number[] };

/**
 * These batches, the oldest first.
 * @throws UserError where there is none, or one is unknown, or they are of several models
 */
export async function openBatches({ workspace }: Context, ids: readonly string[]): Promise<ScoredBatch[]> {
  if (ids.length === 0) throw new UserError('missing', 'batches: none was given. Choose one that has labels.');
  const kept = new Map((await workspace.list('batch')).map((facts) => [facts.id, facts]));
  const unknown = ids.find((id) => !kept.has(id));
  if (unknown !== undefined) throw new UserError('unknown', `batch '${unknown}': it is not kept in this browser.`);
  const versions = new Map((await listVersions(workspace)).map((version) => [version.runId, version]));
  const chosen = new Set(ids);
  const batches = [...kept.values()].flatMap((facts) => {
    if (!chosen.has(facts.id)) return [];
    const version = versions.get(facts.runId);
    if (version) return [{ facts, version }];
    throw new UserError('missing', `version of batch '${facts.name}': it is gone. Restore a backup.`);
  });
  const [first] = batches;
  const stranger = batches.find(({ version }) => version.model !== first.version.model);
  if (stranger) throw ofAnotherModel(stranger, first.version.model);
  return batches;
}

export function ofAnotherModel({ facts, version }: ScoredBatch, model: string): UserError {
  return new UserError(
    'invalid',
    `batch '${facts.name}': it is of model '${version.model}', not of '${model}'. Choose batches of one model.`,
  );
}

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

/** @throws UserError where a batch is among what the data set was made of, as far as that is kept */
async function checkNew({ workspace }: Context, dataset: DatasetDetail, batches: ScoredBatch[]): Promise<void> {
  const inside = new Set<string>();
  for (let at: DatasetDetail | undefined = dataset; at?.origin; at = await findDataset(workspace, at.origin.dataset)) {
    for (const { id } of at.origin.batches) inside.add(id);
  }
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
  if (!spec) {
    throw new UserError(
      'invalid',
      `data set '${dataset.name}': it has no column '${target}', which the model predicts.`,
    );
  }
  const added = contents.map((content, i): Addition => {
    const { name } = batches[i].facts;
    if (content.kind !== 'table') throw wrongKind(name, 'a table');
    const truth = content.columns.find((column) => column.name === target);
    const rows = truth ? rowsWithValue(truth, spec.type) : new Int32Array();
    checkLabelled(name, rows.length, batches[i].facts.rows, repairs);
    return { name, columns: content.columns, rows };
  });
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
  const added = contents.map((content, i) => {
    const { name } = batches[i].facts;
    if (content.kind !== 'images') throw wrongKind(name, 'images');
    const rows = [...content.labels.keys()].filter((row) => content.labels[row] >= 0);
    checkLabelled(name, rows.length, batches[i].facts.rows, repairs);
    return { content, rows };
  });
  const labelOf = ({ labels, classes }: ImageBatch, row: number) => classes[labels[row]];
  const fresh = added.flatMap(({ content, rows }) => rows.map((row) => labelOf(content, row)));
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

/** @throws UserError where there is none */
function checkLabelled(name: string, labelled: number, rows: number, repairs: RepairLog): void {
  if (labelled === 0) {
    throw new UserError('missing', `labels of batch '${name}': it has none. Add them in Monitor, or leave it out.`);
  }
  repairs.add('unlabelledRows', rows - labelled, `'${name}'`);
}

function wrongKind(name: string, wanted: string): UserError {
  return new UserError('invalid', `batch '${name}': ${wanted} with rows is needed here. Leave it out.`);
}

async function idOf(origin: DatasetOrigin, classes: string[], content: DatasetContent): Promise<string> {
  if (content.kind === 'table') {
    const types = content.columns.map(({ type }) => type);
    return sha256(stringify({ origin, types, source: await sha256(content.source) }));
  }
  const { packed, names, labels } = content;
  return sha256(stringify({ origin, names, classes, labels: [...labels], packed: await sha256(packed) }));
}
