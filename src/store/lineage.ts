// The lineage: what came of what, as a graph. Data set -> recipe -> run -> version -> alias and artifact. It is read from
// the records, where each refers to what it came of; nothing of it is kept by itself.

import type { Recipe } from '../model/recipe.ts';
import type { Records } from './kinds.ts';
import type { Workspace } from './workspace.ts';

export type LineageKind = 'dataset' | 'recipe' | 'run' | 'version' | 'alias' | 'artifact';

export interface LineageNode {
  /** `<kind>:<key>` */
  id: string;
  kind: LineageKind;
  /** data sets and recipes: SHA-256; runs: number; versions: `<model>@<number>`; aliases: `<model>@<alias>`; artifacts: SHA-256 */
  key: string;
  name: string;
  /** what tells it from others of its name; '' where nothing does */
  detail: string;
  /** something refers to it, and it is not kept any more */
  missing: boolean;
}

export interface Lineage {
  /** of each kind in the order in which they were made */
  nodes: LineageNode[];
  /** ids of nodes; `to` came of `from` */
  edges: { from: string; to: string }[];
}

export async function readLineage(ws: Workspace): Promise<Lineage> {
  const kept = await ws.maps('dataset', 'recipe', 'run', 'version', 'model', 'artifact');
  const nodes = new Map<string, LineageNode>();
  const edges: Lineage['edges'] = [];
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
  for (const { name: model, aliases } of kept.model.values()) {
    for (const { name, number } of aliases) {
      const from = add('version', `${model}@${number}`, `${model}@${number}`, '', true);
      edges.push({ from, to: add('alias', `${model}@${name}`, name, model) });
    }
  }
  for (const [sha256, { runId, fileName }] of kept.artifact) {
    const version = kept.version.get(String(runId))?.id;
    const from = version ? `version:${version}` : add('run', String(runId), `run ${runId}`, '', true);
    edges.push({ from, to: add('artifact', sha256, fileName, `SHA-256 ${short(sha256)}`) });
  }
  return { nodes: [...nodes.values()], edges };
}

/** A data set that is gone has the name that its runs remember. */
function nameMissing(nodes: Map<string, LineageNode>, recipe: Recipe | undefined, name: Records['run']['datasetName']) {
  const node = recipe && nodes.get(`dataset:${recipe.dataset}`);
  if (node?.missing) node.name = name;
}

function describe({ task, target, model }: Recipe): string {
  return `${model.kind}, ${task} of ${target}`;
}

function short(sha256: string): string {
  return sha256.slice(0, 8);
}
