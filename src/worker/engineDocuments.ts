// What tells of a version and scores nothing: the model card, the report, TensorBoard's event file. There is no runtime to
// run them, so it is their figures that are checked: worked out again from the data, or read back from the file.

import { UserError } from '../base/errors.ts';
import type { Evaluation } from '../evaluate/report.ts';
import type { ReportInput } from '../export/report/report.ts';
import type { ScalarEvent } from '../export/tensorboard.ts';
import { sha256 } from '../store/hash.ts';
import { readLineage, type LineageNode } from '../store/lineage.ts';
import { readLog } from '../store/logs.ts';
import { recipeIdOf } from '../store/recipes.ts';
import { readTrained, type Version } from '../store/versions.ts';
import type { DocumentFormat, Verification } from './api.ts';
import type { Context } from './context.ts';
import { evaluate } from './engineEvaluate.ts';
import { exportInput } from './exportInput.ts';

/** Beyond it a figure is another one; relative above 1. */
const TOLERANCE = 1e-4;

export interface Document {
  bytes: Uint8Array;
  type: string;
  fileName: string;
  checks: Verification[];
}

/** @param name for files of this version, without an ending @throws UserError where figures are not what they were */
type Write = (context: Context, version: Version, name: string) => Promise<Document>;

export const DOCUMENTS: Record<DocumentFormat, Write> = {
  async modelCard(context, version, name) {
    const checks = [checkFigures(version, await evaluation(context, version))];
    const { writeHubCard } = await import('../export/hubCard.ts');
    const trained = await readTrained(context.workspace, version);
    const text = writeHubCard(exportInput(version, trained));
    return { bytes: utf8(text), type: 'text/markdown', fileName: `${name}-model-card.md`, checks };
  },

  async report(context, version, name) {
    const evaluated = await evaluation(context, version);
    const checks = [checkFigures(version, evaluated)];
    const { writeReport } = await import('../export/report/report.ts');
    const text = writeReport(await reportInput(context, version, evaluated));
    return { bytes: utf8(text), type: 'text/html', fileName: `${name}-report.html`, checks };
  },

  async tensorboard(context, version, name) {
    const log = await readLog(context.workspace, version.runId);
    if (log.length === 0) {
      throw new UserError(
        'missing',
        `log of version '${version.id}': its run was removed, so there are no curves to write.`,
      );
    }
    const { writeRunEvents, runEvents } = await import('../export/runEvents.ts');
    const { recipe, createdAt, durationMs, bestEpoch, metrics } = version;
    const facts = { task: recipe.task, startedAt: createdAt - durationMs, log, bestEpoch, metrics };
    const bytes = writeRunEvents(facts);
    const checks = [await checkEvents(bytes, runEvents(facts))];
    const fileName = `events.out.tfevents.${Math.floor(facts.startedAt / 1000)}.${name}`;
    return { bytes, type: 'application/octet-stream', fileName, checks };
  },
};

/** Of the test part, worked out anew; null where the recipe gives it no rows. */
async function evaluation(context: Context, { id, split }: Version): Promise<Evaluation | null> {
  return split.test === 0 ? null : evaluate(context, id, { split: 'test' });
}

function checkFigures(version: Version, evaluated: Evaluation | null): Verification {
  const runtime = 'Lathe';
  if (!evaluated) return { runtime, what: 'no test part, so there are no figures to check', rows: 0, maxAbsDiff: 0 };
  let worst = 0;
  for (const [key, kept] of Object.entries(version.metrics)) {
    const again = evaluated.metrics[key];
    const difference = Math.abs(again - kept) / Math.max(1, Math.abs(kept));
    if (!(difference <= TOLERANCE)) {
      throw new UserError(
        'invalid',
        `figure '${key}' of version '${version.id}': ${kept} when it was trained and ${again} now, so no document is offered. Train it again on this machine`,
      );
    }
    worst = Math.max(worst, difference);
  }
  return { runtime, what: 'every figure worked out again from the test part', rows: evaluated.rows, maxAbsDiff: worst };
}

/** A scalar is a float32: that rounding is no difference. */
async function checkEvents(bytes: Uint8Array, written: ScalarEvent[]) {
  const { decodeEvents } = await import('../export/readTensorboard.ts');
  const read = decodeEvents(bytes);
  const same =
    read.length === written.length &&
    written.every(({ step, scalars }, i) => {
      const tags = Object.keys(scalars);
      const found = read[i].scalars;
      return (
        read[i].step === step &&
        Object.keys(found).length === tags.length &&
        tags.every((tag) => Object.is(found[tag], Math.fround(scalars[tag])))
      );
    });
  if (!same) throw new Error('the event file does not say what was written into it');
  const check: Verification = {
    runtime: 'Lathe',
    what: 'the file read back with its checksums',
    rows: written.length,
    unit: 'epoch',
    maxAbsDiff: 0,
  };
  return check;
}

async function reportInput(context: Context, version: Version, evaluated: Evaluation | null): Promise<ReportInput> {
  const { workspace } = context;
  const input = exportInput(version, await readTrained(workspace, version));
  const { writeOnnx } = await import('../export/onnx.ts');
  const onnx = await sha256(writeOnnx(input) as Uint8Array<ArrayBuffer>);
  return {
    ...input,
    writtenAt: new Date(workspace.now()).toISOString(),
    aliases: version.aliases,
    tags: version.tags,
    log: await readLog(workspace, version.runId),
    evaluation: evaluated,
    hashes: { recipe: await recipeIdOf(version.recipe), weights: version.weightsSha256, onnx },
    lineage: await lineageOf(context, version),
  };
}

const KINDS: Record<LineageNode['kind'], string> = {
  dataset: 'Data set',
  recipe: 'Recipe',
  run: 'Run',
  version: 'Version',
  alias: 'Alias',
  artifact: 'Exported file',
  batch: 'Batch',
  alert: 'Alert',
};

/** Nobody has named these: the lineage calls them by their kind and their number. */
const UNNAMED = /^(recipe (?=[0-9a-f]{8}$)|run (?=\d+$))/;

/** What the version came of and what came of it, in order. */
async function lineageOf({ workspace }: Context, { id }: Version): Promise<ReportInput['lineage']> {
  const { nodes, edges } = await readLineage(workspace);
  const own = `version:${id}`;
  const reached = new Set([own]);
  // edges run from the data set on: upwards from the version, then down from it alone
  for (let grew = true; grew;) {
    grew = false;
    for (const { from, to } of edges) {
      if (reached.has(to) && !reached.has(from)) grew = Boolean(reached.add(from));
    }
  }
  // what it scored and what was seen in that is not told to whom the version is handed
  const kindOf = new Map(nodes.map(({ id: node, kind }) => [node, kind]));
  for (const { from, to, past } of edges) {
    if (from === own && !past && ['alias', 'artifact'].includes(kindOf.get(to)!)) reached.add(to);
  }
  const hashed = new Set(['dataset', 'recipe', 'artifact']);
  return nodes
    .filter(({ id: node, kind }) => reached.has(node) && kind !== 'alert')
    .map(({ kind, name, detail, key }) => ({
      kind: KINDS[kind],
      name: name.replace(UNNAMED, ''),
      detail: kind === 'artifact' ? '' : detail,
      hash: hashed.has(kind) ? key : null,
    }));
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
