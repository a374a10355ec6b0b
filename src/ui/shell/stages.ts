// Where one can be, and the hash of each: the stages of a model's life in the order of the rail (`#/train`), the places
// beside them that are about Lathe itself, and pages that a stage leads to, about what their hash names (`#/compare/<first>/<second>`).

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

/** Each belongs to a stage, which the rail marks. */
export const PAGES = [
  { id: 'compare', name: 'Compare', of: 'versions' },
  { id: 'update', name: 'Update', of: 'monitor' },
] as const;

export type Stage = (typeof STAGES)[number]['id'];
export type Place = (typeof PLACES)[number]['id'];
export type Page = (typeof PAGES)[number]['id'];
export type Route = Stage | Place | Page;

const ROUTES = [...STAGES, ...PLACES, ...PAGES];

/** What a hash names; `data` for any other. */
export function routeOfHash(hash: string): Route {
  const name = hash.replace(/^#\/?/, '').split('/')[0];
  return ROUTES.find(({ id }) => id === name)?.id ?? 'data';
}

/** What a hash says after the name of the page: `#/compare/iris@1/iris@2` gives the two ids. */
export function subjectsOfHash(hash: string): string[] {
  return hash.replace(/^#\/?/, '').split('/').slice(1).filter(Boolean).map(decode); // prettier-ignore
}

export function hashOf(route: Route, ...subjects: string[]): string {
  return `#/${[route, ...subjects.map(encodeURIComponent)].join('/')}`;
}

/** A hash that somebody typed may be none that can be decoded. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The stage that the rail marks, where one is on it or on a page that it leads to. */
export function stageOf(route: Route): Route {
  return PAGES.find(({ id }) => id === route)?.of ?? route;
}

export function nameOfRoute(route: Route): string {
  return ROUTES.find(({ id }) => id === route)!.name;
}
