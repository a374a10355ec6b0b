// The part of the lineage that is around one thing: what it came from and what came of it, in columns from data set to
// alert, as many of each as can be looked at. Pure.

import type { Lineage, LineageEdge, LineageKind, LineageNode } from '../../worker/api.ts';

/** Columns from left to right. An alias, a file and a batch all come of a version. */
export const COLUMNS: readonly { kind: LineageKind; name: string; one: string }[] = [
  { kind: 'dataset', name: 'Data sets', one: 'data set' },
  { kind: 'recipe', name: 'Recipes', one: 'recipe' },
  { kind: 'run', name: 'Runs', one: 'run' },
  { kind: 'version', name: 'Versions', one: 'version' },
  { kind: 'alias', name: 'Aliases', one: 'alias' },
  { kind: 'artifact', name: 'Files', one: 'file' },
  { kind: 'batch', name: 'Batches', one: 'batch' },
  { kind: 'alert', name: 'Alerts', one: 'alert' },
];

const ALWAYS: ReadonlySet<LineageKind> = new Set(['dataset', 'recipe', 'run', 'version']);

export interface LineageColumn {
  kind: LineageKind;
  name: string;
  nodes: LineageNode[];
  /** left out for want of room */
  more: number;
}

export interface LineageView {
  columns: LineageColumn[];
  /** between nodes that are shown */
  edges: (LineageEdge & { onPath: boolean })[];
}

/**
 * @param focus id of the node that is looked at
 * @param most nodes in a column; the focus and the newest come first
 */
export function viewAround(lineage: Lineage, focus: string, most: number): LineageView {
  const before = reach(lineage, focus, 'to', 'from');
  const after = reach(lineage, focus, 'from', 'to');
  const around = new Set([...before, ...after]);
  const columns = COLUMNS.map(({ kind, name }) => {
    const all = lineage.nodes.filter((node) => node.kind === kind && around.has(node.id));
    // what was made last is what one looks for; lineage comes in the order of making
    const newest = all.toReversed();
    const nodes = newest.slice(0, most);
    return { kind, name, nodes, more: newest.length - nodes.length };
  });
  const shown = new Set(columns.flatMap(({ nodes }) => nodes.map(({ id }) => id)));
  const edges = lineage.edges
    .filter(({ from, to }) => shown.has(from) && shown.has(to))
    .map((edge) => ({ ...edge, onPath: edge.from === focus || edge.to === focus }));
  // what every version has is there even if it is gone; the rest where there is some
  return { columns: columns.filter(({ kind, nodes }) => nodes.length > 0 || ALWAYS.has(kind)), edges };
}

/** Everything that is reached from `start` along the edges, itself included. */
function reach(lineage: Lineage, start: string, here: 'from' | 'to', there: 'from' | 'to'): Set<string> {
  const next = new Map<string, string[]>();
  for (const edge of lineage.edges) {
    const list = next.get(edge[here]);
    if (list) list.push(edge[there]);
    else next.set(edge[here], [edge[there]]);
  }
  const found = new Set([start]);
  const waiting = [start];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    for (const other of next.get(id) ?? []) {
      if (found.has(other)) continue;
      found.add(other);
      waiting.push(other);
    }
  }
  return found;
}
