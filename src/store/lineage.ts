// The lineage: what came of what, as a graph. Data set -> recipe -> run -> version -> alias, artifact and batch -> alert; and
// round again: a batch and its alerts -> the data set that took its rows in, a version -> the recipe that starts from its
// weights. It is read from the records, where each refers to what it came of; nothing of it is kept by itself.

import type { Recipe } from '../model/recipe.ts';
import type { AliasMove } from './aliasHistory.ts';
import type { Records } from './kinds.ts';
import type { Workspace } from './workspace.ts';

export type LineageKind = 'dataset' | 'recipe' | 'run' | 'version' | 'alias' | 'artifact' | 'batch' | 'alert';

export interface LineageNode {
  /** `<kind>:<key>` */
  id: string;
  kind: LineageKind;
  /** data sets and recipes: SHA-256; runs: number; versions: `<model>@<number>`; aliases: `<model>@<alias>`; artifacts: SHA-256; batches: id; alerts: `<batch> <alert>` */
  key: string;
  name: string;
  /** what tells it from others of its name; '' where nothing does */
  detail: string;
  /** something refers to it, and it is not kept any more */
  missing: boolean;
  /** of an alias: where it has stood, the oldest first */
  moves?: AliasMove[];
}

export interface LineageEdge {
  /** ids of nodes; `to` came of `from` */
  from: string;
  to: string;
  /** it was so once: an alias has moved on from the version */
  past?: true;
}

export interface Lineage {
  /** of each kind in the order in which they were made */
  nodes: LineageNode[];
  edges: LineageEdge[];
}

const KINDS = ['dataset', 'recipe', 'run', 'version', 'model', 'artifact', 'batch'] as const;
export type LineageRecords = { [K in (typeof KINDS)[number]]: Map<string, Records[K]> };

export async function readLineage(ws: Workspace): Promise<Lineage> {
  return traceLineage((await ws.maps(...KINDS)) as LineageRecords);
}

/** Pure: the records of each kind by key, in the order in which they were made. */
export function traceLineage(kept: LineageRecords): Lineage {
  const nodes = new Map<string, LineageNode>();
  const edges: LineageEdge[] = [];
  const add = (kind: LineageKind, key: string, name: string, detail: string, missing = false) => {
    const id = `${kind}:${key}`;
    if (!nodes.has(id)) nodes.set(id, { id, kind, key, name, detail, missing });
    return id;
  };
  for (const [id, { name, rows, kind }] of kept.dataset) {
    add('dataset', id, name, `${rows} ${kind === 'table' ? 'rows' : 'images'}`);
  }
  for (const [id, recipe] of kept.recipe) {
    const from = add('dataset', recipe.dataset, `data set ${short(recipe.dataset)}`, '', true);
    edges.push({ from, to: add('recipe', id, `recipe ${short(id)}`, describe(recipe)) });
  }
  for (const [id, { recipeId, state, datasetName }] of kept.run) {
    const from = add('recipe', recipeId, `recipe ${short(recipeId)}`, '', true);
    edges.push({ from, to: add('run', id, `run ${id}`, state) });
    nameMissing(nodes, kept.recipe.get(recipeId), datasetName);
  }
  for (const { id, runId, note } of kept.version.values()) {
    const from = add('run', String(runId), `run ${runId}`, '', true);
    edges.push({ from, to: add('version', id, id, note) });
  }
  traceAliases(kept, nodes, edges, add);
  for (const [sha256, { runId, fileName }] of kept.artifact) {
    const version = kept.version.get(String(runId))?.id;
    const from = version ? `version:${version}` : add('run', String(runId), `run ${runId}`, '', true);
    edges.push({ from, to: add('artifact', sha256, fileName, `SHA-256 ${short(sha256)}`) });
  }
  for (const [id, { runId, name, rows, labelled, alerts }] of kept.batch) {
    const version = kept.version.get(String(runId))?.id;
    const from = version ? `version:${version}` : add('run', String(runId), `run ${runId}`, '', true);
    const batch = add('batch', id, name, `${rows} rows${labelled > 0 ? `, ${labelled} labelled` : ''}`);
    edges.push({ from, to: batch });
    for (const alert of alerts) {
      const subject = Object.values(alert.labels).join(', ');
      const seen = alert.acknowledged ? ', seen to' : '';
      const to = add('alert', `${id} ${alert.id}`, subject ? `${alert.rule.name}: ${subject}` : alert.rule.name, `${alert.rule.severity}${seen}`); // prettier-ignore
      edges.push({ from: batch, to });
    }
  }
  traceUpdates(kept, edges, add);
  return { nodes: [...nodes.values()], edges };
}

type Add = (kind: LineageKind, key: string, name: string, detail: string, missing?: boolean) => string;

/** An alias with every version that it stands on or has stood on, as far as they are kept. */
function traceAliases(
  { model, version }: LineageRecords,
  nodes: Map<string, LineageNode>,
  edges: LineageEdge[],
  add: Add,
) {
  const kept = new Set([...version.values()].map(({ id }) => id));
  for (const { name: own, aliases, history = [] } of model.values()) {
    for (const { name, number } of aliases) {
      const from = add('version', `${own}@${number}`, `${own}@${number}`, '', true);
      const to = add('alias', `${own}@${name}`, name, own);
      edges.push({ from, to });
      const moves = history.filter(({ alias }) => alias === name);
      if (moves.length > 0) nodes.get(to)!.moves = moves;
      const before = new Set(moves.flatMap(({ from, to }) => [from, to]));
      for (const earlier of before) {
        const id = `${own}@${earlier}`;
        if (earlier !== number && kept.has(id)) edges.push({ from: `version:${id}`, to, past: true });
      }
    }
  }
}

/** What goes round: rows of batches that came into data sets, and weights that a recipe starts from. */
function traceUpdates({ dataset, recipe, version, batch }: LineageRecords, edges: LineageEdge[], add: Add) {
  for (const [id, { origin }] of dataset) {
    if (!origin) continue;
    const to = `dataset:${id}`;
    edges.push({ from: add('dataset', origin.dataset, `data set ${short(origin.dataset)}`, '', true), to });
    for (const { id: taken } of origin.batches) {
      edges.push({ from: add('batch', taken, `batch ${short(taken)}`, '', true), to });
      for (const alert of batch.get(taken)?.alerts ?? []) edges.push({ from: `alert:${taken} ${alert.id}`, to });
    }
  }
  for (const [id, { start }] of recipe) {
    const began = start && [...version.values()].find(({ trained }) => trained === start.trained);
    if (began) edges.push({ from: `version:${began.id}`, to: `recipe:${id}` });
  }
}

/** A data set that is gone has the name that its runs remember. */
function nameMissing(nodes: Map<string, LineageNode>, recipe: Recipe | undefined, name: Records['run']['datasetName']) {
  const node = recipe && nodes.get(`dataset:${recipe.dataset}`);
  if (node?.missing) node.name = name;
}

function describe({ task, target, model, start }: Recipe): string {
  return `${model.kind}, ${task} of ${target}${start ? ', fine-tuned' : ''}`;
}

function short(sha256: string): string {
  return sha256.slice(0, 8);
}
