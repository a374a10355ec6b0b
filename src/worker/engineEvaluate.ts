// How a version does on a part of its data, and the rows behind a figure.

import { UserError } from '../base/errors.ts';
import { tableToRows } from '../data/rows.ts';
import type { Part } from '../data/split.ts';
import { mostProbable } from '../evaluate/metrics.ts';
import type { Evaluation } from '../evaluate/report.ts';
import { findDataset } from '../store/datasets.ts';
import { readTrained, readVersion, type TrainedModel, type Version } from '../store/versions.ts';
import type { Example, ExamplePage, ExampleQuery } from './api.ts';
import type { Context, Predicted } from './context.ts';
import { imageItem, range } from './engineData.ts';
import { evaluateOutputs } from './evaluateOutputs.ts';
import { encodeRows, openLearningData, type LearningData } from './learningData.ts';
import { modelOutputs } from './modelOutputs.ts';

export async function evaluate(
  context: Context,
  versionId: string,
  options: { split?: Part } = {},
): Promise<Evaluation> {
  const { data, trained, predicted } = await predictPart(context, versionId, options.split ?? 'test');
  return evaluateOutputs(data, predicted.rows, predicted.outputs, trained.dummy);
}

export async function examples(context: Context, versionId: string, query: ExampleQuery = {}): Promise<ExamplePage> {
  const { split = 'test', order = 'index', offset = 0, limit = 50 } = query;
  const { version, data, predicted } = await predictPart(context, versionId, split);
  for (const label of [query.actual, query.predicted]) {
    if (label !== undefined && !version.labels.includes(label)) {
      throw new UserError('unknown', `class '${label}': version '${versionId}' has none of this name.`);
    }
  }
  const judged = judge(version, data, predicted).filter(
    ({ actual, predicted: said }) =>
      (query.actual === undefined || actual === query.actual) &&
      (query.predicted === undefined || said === query.predicted),
  );
  judged.sort(ORDERS[order]);
  const page = range(offset, limit, judged.length).map((i) => judged[i]);
  return { total: judged.length, examples: attachInputs(data, page) };
}

interface Judged {
  index: number;
  actual: string | number;
  predicted: string | number;
  confidence: number | null;
}

const ORDERS: Record<NonNullable<ExampleQuery['order']>, (a: Judged, b: Judged) => number> = {
  index: (a, b) => a.index - b.index,
  confident: (a, b) => (b.confidence ?? 0) - (a.confidence ?? 0) || a.index - b.index,
  error: (a, b) => residual(b) - residual(a) || a.index - b.index,
};

function residual({ actual, predicted }: Judged): number {
  return typeof actual === 'number' && typeof predicted === 'number' ? Math.abs(actual - predicted) : 0;
}

function judge({ labels }: Version, { target }: LearningData, { rows, outputs }: Predicted): Judged[] {
  if (target.kind === 'value') {
    return Array.from(rows, (index, i) => ({
      index,
      actual: target.values[index],
      predicted: outputs[i],
      confidence: null,
    }));
  }
  const said = mostProbable(outputs, labels.length);
  return Array.from(rows, (index, i) => {
    const best = said[i];
    const confidence = outputs[i * labels.length + best];
    return { index, actual: labels[target.classes[index]], predicted: labels[best], confidence };
  });
}

function attachInputs(data: LearningData, page: Judged[]): Example[] {
  if (data.kind === 'images') {
    return page.map((each) => ({ ...each, image: imageItem(data.dataset, data.content, each.index) }));
  }
  const rows = tableToRows(
    data.table,
    page.map(({ index }) => index),
  );
  return page.map((each, i) => ({ ...each, row: rows[i] }));
}

export interface PredictedPart {
  version: Version;
  trained: TrainedModel;
  data: LearningData;
  predicted: Predicted;
}

/** What a version says of a part of its data, or of `rows`. @throws UserError where the data is gone or the part empty */
export async function predictPart(
  context: Context,
  versionId: string,
  part: Part,
  rows?: Int32Array,
): Promise<PredictedPart> {
  const version = await readVersion(context.workspace, versionId);
  const trained = await readTrained(context.workspace, version);
  const data = await openKeptData(context, version);
  const index = rows ?? trained.split[part];
  if (index.length === 0) {
    throw new UserError('missing', `${part} part of version '${versionId}': the recipe's split gives it no rows.`);
  }
  const predict = async (): Promise<Predicted> => {
    const x = await encodeRows(context, data, trained.preparation, index);
    return { rows: index, outputs: await modelOutputs(context, trained, version.backend, x, index.length) };
  };
  const predicted = rows ? await predict() : await context.predictions.get(`${version.runId} ${part}`, predict);
  return { version, trained, data, predicted };
}

export async function openKeptData(
  context: Context,
  { id, recipe, datasetId, datasetName }: Version,
): Promise<LearningData> {
  if (!(await findDataset(context.workspace, datasetId))) {
    throw new UserError(
      'missing',
      `data set '${datasetName}' of version '${id}': it was removed. Import the same files again; predicting goes on without it.`,
    );
  }
  return openLearningData(context, recipe);
}
