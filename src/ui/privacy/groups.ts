// The requests of a page by what they were for, and by whose host they went to. Pure.

import type { Seen, SeenRequest } from '../../worker/requests.ts';

const SUBJECTS: [subject: string, path: RegExp][] = [
  ['Samples', /\/samples\//],
  ['Code', /\.(m?js|wasm)$/],
  ['Styles', /\.css$/],
  ['Pictures', /\.(svg|png|ico)$/],
  ['Lists', /\.(json|webmanifest)$/],
  ['The page itself', /\/(index\.html)?$/],
];

export interface Group {
  subject: string;
  by: SeenRequest['by'];
  requests: number;
  bytes: number;
  /** how many each answered */
  from: Record<SeenRequest['from'], number>;
}

/**
 * Those to other hosts, and those to the page's own. What the page made itself (`blob:`, `data:`) is no request, nor is
 * what was refused, though browsers write some of it down as if it had been asked.
 */
export function splitByHost({ requests, refusals }: Seen, host: string) {
  const refused = new Map<string, number>();
  for (const { by, url } of refusals) refused.set(`${by} ${url}`, (refused.get(`${by} ${url}`) ?? 0) + 1);
  const isRefused = ({ by, url, bytes }: SeenRequest) => {
    const left = refused.get(`${by} ${url}`) ?? 0;
    refused.set(`${by} ${url}`, left - 1);
    return left > 0 && bytes === 0;
  };
  const asked = requests
    .filter((request) => !isRefused(request))
    .map((request) => ({ request, url: new URL(request.url) }));
  const real = asked.filter(({ url }) => url.protocol !== 'blob:' && url.protocol !== 'data:');
  return {
    own: real.filter(({ url }) => url.host === host).map(({ request }) => request),
    others: real.filter(({ url }) => url.host !== host).map(({ request }) => request),
  };
}

const ASKERS: SeenRequest['by'][] = ['page', 'engine', 'offline copy'];

/** By who asked, the largest first. */
export function groupRequests(requests: readonly SeenRequest[]): Group[] {
  const groups = new Map<string, Group>();
  for (const { url, by, from, bytes } of requests) {
    const { pathname } = new URL(url);
    const subject = SUBJECTS.find(([, path]) => path.test(pathname))?.[0] ?? 'Other files';
    const key = `${subject} ${by}`;
    let group = groups.get(key);
    if (!group) {
      group = { subject, by, requests: 0, bytes: 0, from: { host: 0, cache: 0, 'offline copy': 0 } };
      groups.set(key, group);
    }
    group.requests++;
    group.bytes += bytes;
    group.from[from]++;
  }
  return [...groups.values()].sort((a, b) => ASKERS.indexOf(a.by) - ASKERS.indexOf(b.by) || b.bytes - a.bytes);
}
