// Two versions held against each other: figures, flipped rows, worse parts, costs; the gate between them; and the champion
// that is promoted through it or rolled back.

import { UserError } from '../base/errors.ts';
import { findFlips, findMoves, mcNemar, type Flip } from '../evaluate/compare.ts';
import { type Evidence, type GateOutcome, type GateRule, judgeGate, presetGate, type RowsEvidence } from '../evaluate/gate.ts'; // prettier-ignore
import { mostProbable } from '../evaluate/metrics.ts';
import { compareFigures, type PairedFigure, type Said } from '../evaluate/paired.ts';
import type { Column } from '../data/table.ts';
import { findWorseSlices, type WorseSlice } from '../monitor/slices.ts';
import { CHAMPION, type GateDigest, numberOf } from '../store/aliasHistory.ts';
import { alreadyChampion, promote as promoteVersion, rollBack as rollBackChampion } from '../store/aliases.ts';
import { type BatchFacts, listBatches, readBatch } from '../store/batches.ts';
import { changeModel, readModel } from '../store/models.ts';
import { versionId } from '../store/versionId.ts';
import { listVersions, readVersion, type Version } from '../store/versions.ts';
import type { FlippedRow, Lathe } from './api.ts';
import { batchRowsOf, type ComparedRows, heldOutRows, openPair, type Pair } from './comparedRows.ts';
import type { Context } from './context.ts';
import { measureCosts, type Costs } from './costs.ts';
import { range } from './engineData.ts';
import { judgingMetric } from './subject.ts';

type Answer<Verb extends keyof Lathe> = (context: Context, ...args: Parameters<Lathe[Verb]>) => ReturnType<Lathe[Verb]>;

/** Two versions on some rows; what is kept in memory of it. */
export interface Compared {
  rows: ComparedRows;
  figures: PairedFigure[];
  /** predicted classes [rows]; of values null */
  said: { first: Int32Array; second: Int32Array } | null;
  flips: Flip[];
  /** [rows] loss of each: 1 where a class is wrong, or the absolute error */
  loss: { first: Float64Array; second: Float64Array };
  /** what the rows are like; the actual class is one of them */
  columns: Column[];
}

const HELD_OUT = 'heldOut';
/** Above this chance a part of the rows is not held against a version. */
const LEVEL = 0.05;

export const compare: Answer<'compare'> = async (context, firstId, secondId, query = {}) => {
  const pair = await openPair(context, firstId, secondId);
  const compared = await compareOn(context, pair, query.batch);
  const { rows, figures, said, flips, loss, columns } = compared;
  const count = (kind: Flip['kind']) => flips.filter((flip) => flip.kind === kind).length;
  const right = (each: Float64Array) => each.map((value) => 1 - value);
  return {
    first: pair.first.version.id,
    second: pair.second.version.id,
    rows: rows.index.length,
    leftOut: rows.leftOut,
    doubt: rows.doubt,
    labels: rows.labels,
    figures,
    mcNemar: said && mcNemar(right(loss.first), right(loss.second)),
    flips: { broken: count('broken'), fixed: count('fixed'), bothWrong: count('bothWrong'), moved: count('moved') },
    slices: findWorseSlices(columns, differences(loss)),
    gate: (await judgePair(context, pair)).gate,
  };
};

export const flippedRows: Answer<'flippedRows'> = async (context, firstId, secondId, query = {}) => {
  const { kind, offset = 0, limit = 25 } = query;
  const pair = await openPair(context, firstId, secondId);
  const { rows, said, flips } = await compareOn(context, pair, query.batch);
  const asked = kind ? flips.filter((flip) => flip.kind === kind) : flips;
  const page = range(offset, limit, asked.length).map((i) => asked[i]);
  const { labels, actual, first, second, index } = rows;
  const inputs = rows.show(Int32Array.from(page, ({ row }) => index[row]));
  const at = (outputs: Float32Array, row: number, c: number) => outputs[row * labels.length + c];
  return {
    total: asked.length,
    rows: page.map(({ row, kind: own }, i): FlippedRow => ({
      index: index[row],
      kind: own,
      first: said ? labels[said.first[row]] : first[row],
      second: said ? labels[said.second[row]] : second[row],
      firstConfidence: said && at(first, row, said.first[row]),
      secondConfidence: said && at(second, row, said.second[row]),
      actual: said ? labels[actual[row]] : actual[row],
      ...inputs[i],
    })),
  };
};

export const judge: Answer<'judge'> = async (context, firstId, secondId) => {
  const pair = await openPair(context, firstId, secondId);
  const { gate, costs, batch } = await judgePair(context, pair);
  const { measured, ...each } = costs;
  return {
    first: pair.first.version.id,
    second: pair.second.version.id,
    gate,
    costs: each,
    measured,
    batch: batch && { id: batch.id, name: batch.name },
  };
};

export const gate: Answer<'gate'> = async ({ workspace }, model) => {
  const version = (await listVersions(workspace)).findLast((each) => each.model === model);
  if (!version) throw new UserError('unknown', `model '${model}': it has no version.`);
  return gateOf({ workspace }, version);
};

export const setGate: Answer<'setGate'> = async ({ workspace }, model, rules) => {
  if (rules) checkGate(rules);
  await changeModel(workspace, model, ({ gate: _before, ...record }) => (rules ? { ...record, gate: rules } : record));
};

export const promote: Answer<'promote'> = async (context, id, { note = '', despite = false } = {}) => {
  const { workspace } = context;
  const { model, number, id: own } = await readVersion(workspace, id);
  const against = numberOf(await readModel(workspace, model), CHAMPION);
  if (against === number) throw alreadyChampion(own);
  const said = note.trim();
  if (despite && said === '') {
    throw new UserError('missing', `note: say why '${own}' is promoted despite its gate. It goes into the history.`);
  }
  const outcome = against === null ? null : await askGate(context, versionId(model, against), own, despite);
  if (outcome?.result === 'fail' && !despite) {
    throw new UserError(
      'invalid',
      `version '${own}': its gate says no (${digestOf(outcome).failed.join(', ')}). Look at the comparison with '${versionId(model, against!)}', or promote it despite that, with a note.`,
    );
  }
  const digest = outcome ? { gate: digestOf(outcome) } : {};
  await promoteVersion(workspace, { model, number }, { against, note: said || undefined, ...digest });
  return readVersion(workspace, own);
};

/** What the gate says; null where two versions cannot be compared at all and somebody promotes despite that. */
async function askGate(context: Context, champion: string, id: string, despite: boolean): Promise<GateOutcome | null> {
  try {
    return (await judgePair(context, await openPair(context, champion, id))).gate;
  } catch (error) {
    if (despite && error instanceof UserError) return null;
    throw error;
  }
}

export const rollBack: Answer<'rollBack'> = async ({ workspace }, model) => {
  await rollBackChampion(workspace, model);
  return readVersion(workspace, `${model}@${CHAMPION}`);
};

function digestOf({ result, checks }: GateOutcome): GateDigest {
  const idsOf = (wanted: GateOutcome['result']) =>
    checks.filter((check) => check.result === wanted).map(({ rule }) => rule.id);
  return { result, passed: idsOf('pass'), failed: idsOf('fail'), unknown: idsOf('unknown') };
}

/** @param batch id, or held-out rows; left out: those */
async function compareOn(context: Context, pair: Pair, batch: string = HELD_OUT): Promise<Compared> {
  const { first, second } = pair;
  const facts = batch === HELD_OUT ? null : await readBatch(context.workspace, batch);
  if (facts) await checkOwn(context, pair, facts);
  // a batch that got other labels has another report
  return context.comparisons.get(`${first.version.runId} ${second.version.runId} ${facts?.report ?? HELD_OUT}`, () =>
    (facts ? batchRowsOf(context, pair, batch) : heldOutRows(context, pair)).then((rows) => work(pair, rows)),
  );
}

async function checkOwn({ workspace }: Context, { first, second }: Pair, { runId, name }: BatchFacts): Promise<void> {
  const model = (await workspace.read('version', String(runId)))?.model;
  if (model !== first.version.model && model !== second.version.model) {
    throw new UserError('invalid', `batch '${name}': it is of another model than the two versions.`);
  }
}

async function work({ second }: Pair, rows: ComparedRows): Promise<Compared> {
  const { labels, actual, first: a, second: b } = rows;
  const classes = labels.length;
  const saidOf = (outputs: Float32Array): Said =>
    actual instanceof Int32Array
      ? { kind: 'classes', classes, actual, probabilities: outputs }
      : { kind: 'value', actual, predicted: outputs };
  const said = classes > 0 ? { first: mostProbable(a, classes), second: mostProbable(b, classes) } : null;
  const lossOf = (predicted: ArrayLike<number>) =>
    Float64Array.from(actual, (value, i) => (said ? Number(predicted[i] !== value) : Math.abs(predicted[i] - value)));
  return {
    rows,
    figures: compareFigures(saidOf(a), saidOf(b), second.version.recipe.seed),
    said,
    flips: said ? findFlips(said.first, said.second, actual) : findMoves(a, b),
    loss: { first: lossOf(said?.first ?? a), second: lossOf(said?.second ?? b) },
    columns: [...(await rows.columns()), ...classColumn(second.version.recipe.target, rows)],
  };
}

/** The actual class, so that a class on which a version does worse is found too. */
function classColumn(name: string, { labels, actual }: ComparedRows): Column[] {
  return actual instanceof Int32Array ? [{ name, type: 'category', codes: actual, categories: labels }] : [];
}

function differences({ first, second }: Compared['loss']): Float64Array {
  return second.map((value, i) => value - first[i]);
}

async function judgePair(
  context: Context,
  pair: Pair,
): Promise<{ gate: GateOutcome; costs: Costs; batch: BatchFacts | null }> {
  const { first, second } = pair;
  const rules = await gateOf(context, second.version);
  const batch = await newestLabelled(context, second.version);
  const key = `${first.version.runId} ${second.version.runId}`;
  const costs = await context.costs.get(key, () => measureCosts(context, pair));
  if (costs.first.latencyMs === null) context.costs.forget(key); // it is measured once there is time for it
  const [a, b] = [costs.first.latencyMs, costs.second.latencyMs];
  const evidence: Evidence = {
    heldOut: await evidenceOf(() => compareOn(context, pair)),
    newestBatch: batch
      ? await evidenceOf(() => compareOn(context, pair, batch.id))
      : `model '${second.version.model}' has no batch with labels yet`,
    weightBytes: costs.second.weightBytes,
    latencyFactor: a === null || b === null ? costs.measured : b / a,
  };
  return { gate: judgeGate(rules, evidence), costs, batch };
}

/** What the rules see of a comparison; where there are no rows to compare, why. */
async function evidenceOf(work: () => Promise<Compared>): Promise<RowsEvidence> {
  try {
    const { rows, figures, loss, columns } = await work();
    const known = new Map<number, WorseSlice[]>();
    return {
      figures,
      worseSlices(leastRows) {
        if (!known.has(leastRows)) {
          const all = findWorseSlices(columns, differences(loss), { leastRows, most: Infinity });
          known.set(
            leastRows,
            all.filter(({ pValue }) => pValue < LEVEL),
          );
        }
        return known.get(leastRows)!;
      },
      loss: loss.first.reduce((sum, value) => sum + value, 0) / rows.index.length,
      isValue: rows.labels.length === 0,
    };
  } catch (error) {
    if (error instanceof UserError && error.code === 'missing') return error.message;
    throw error;
  }
}

async function newestLabelled({ workspace }: Context, { model }: Version): Promise<BatchFacts | null> {
  const own = (await listVersions(workspace)).filter((version) => version.model === model);
  const batches = await listBatches(workspace, new Set(own.map(({ runId }) => runId)));
  return batches.findLast(({ labelled, outputs }) => labelled > 0 && outputs !== null) ?? null;
}

async function gateOf({ workspace }: Pick<Context, 'workspace'>, version: Version): Promise<GateRule[]> {
  return (await readModel(workspace, version.model)).gate ?? presetGate(judgingMetric(version));
}

/** @throws UserError that names the rule and what is wrong with it */
function checkGate(rules: readonly GateRule[]): void {
  const ids = new Set<string>();
  for (const rule of rules) {
    const fail = (what: string) => {
      throw new UserError('invalid', `rule '${rule.id}': ${what}.`);
    };
    if (ids.has(rule.id)) fail('another one has this id too');
    ids.add(rule.id);
    if (rule.kind === 'uplift' && !Number.isFinite(rule.least)) fail('its least uplift is no number');
    if (rule.kind === 'slice' && !(rule.leastRows >= 2 && rule.mostWorse >= 0)) {
      fail('a part of the rows has 2 at least, and may be worse by 0 or more');
    }
    if (rule.kind === 'size' && !(rule.mostBytes > 0)) fail('its size must be above 0');
    if (rule.kind === 'latency' && !(rule.mostFactor > 0)) fail('its factor must be above 0');
    if (!['uplift', 'slice', 'size', 'latency'].includes(rule.kind)) fail(`there is no rule of kind '${rule.kind}'`);
  }
}
