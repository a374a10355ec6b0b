// Where one can be, and the hash of each: the stages of a model's life in the order of the rail (`#/train`), and the places
// beside them that are about Lathe itself.

export const STAGES = [
  { id: 'data', name: 'Data' },
  { id: 'train', name: 'Train' },
  { id: 'evaluate', name: 'Evaluate' },
  { id: 'versions', name: 'Versions' },
  { id: 'export', name: 'Export' },
  { id: 'predict', name: 'Predict' },
  { id: 'monitor', name: 'Monitor' },
] as const;

export const PLACES = [
  { id: 'workspace', name: 'Workspace' },
  { id: 'privacy', name: 'What left this machine' },
  { id: 'about', name: 'What Lathe is made of' },
] as const;

export type Stage = (typeof STAGES)[number]['id'];
export type Place = (typeof PLACES)[number]['id'];
export type Route = Stage | Place;

/** What a hash names; `data` for any other. */
export function routeOfHash(hash: string): Route {
  const name = hash.replace(/^#\/?/, '').split('/')[0];
  return [...STAGES, ...PLACES].find(({ id }) => id === name)?.id ?? 'data';
}

export function nameOfRoute(route: Route): string {
  return [...STAGES, ...PLACES].find(({ id }) => id === route)!.name;
}
