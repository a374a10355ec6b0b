// What the browser was asked to fetch, as the browser itself counts it: one watch in the page, one in each worker. It
// sees what a page may see, which is neither the browser's own traffic nor that of its extensions.

/** One request. */
export interface SeenRequest {
  /** who asked */
  by: 'page' | 'engine' | 'offline copy';
  url: string;
  /** what for, as the browser names it: `script`, `fetch`, `css`, `img`, … */
  kind: string;
  /** what answered: the host, the browser's cache, or the offline copy on this machine */
  from: 'host' | 'cache' | 'offline copy';
  /** length of what came, as it was sent; 0 where the browser does not say */
  bytes: number;
}

/** Something that the content security policy stopped before it was asked. */
export interface Refusal {
  by: SeenRequest['by'];
  /** as far as the browser tells it */
  url: string;
  /** `connect-src`, `img-src`, … */
  directive: string;
}

export interface Seen {
  requests: SeenRequest[];
  refusals: Refusal[];
}

/** Tells of every request and refusal of this page or worker, from its start on. */
export function watchRequests(by: SeenRequest['by'], tell: (seen: Seen) => void): void {
  new PerformanceObserver((list) => {
    const entries = list.getEntries() as PerformanceResourceTiming[];
    tell({ requests: entries.map((entry) => describe(by, entry)), refusals: [] });
  }).observe({ type: 'resource', buffered: true });
  if (by === 'page') {
    const [navigation] = performance.getEntriesByType('navigation') as PerformanceResourceTiming[];
    if (navigation) tell({ requests: [describe(by, navigation)], refusals: [] });
  }
  watchRefusals((url, directive) => tell({ requests: [], refusals: [{ by, url, directive }] }));
}

/** The reports know what was refused before; where a browser has none, the events since. */
function watchRefusals(tell: (url: string, directive: string) => void): void {
  if ('ReportingObserver' in globalThis) {
    const take = (reports: Report[]) => {
      for (const { body } of reports) {
        const { blockedURL, effectiveDirective } = body as { blockedURL?: string; effectiveDirective?: string };
        tell(blockedURL ?? '', effectiveDirective ?? '');
      }
    };
    new ReportingObserver(take, { types: ['csp-violation'], buffered: true }).observe();
  } else {
    addEventListener('securitypolicyviolation', (event) => {
      const { blockedURI, effectiveDirective } = event as SecurityPolicyViolationEvent;
      tell(blockedURI, effectiveDirective);
    });
  }
}

function describe(by: SeenRequest['by'], entry: PerformanceResourceTiming): SeenRequest {
  const { name, initiatorType, transferSize, encodedBodySize, workerStart } = entry;
  const { deliveryType } = entry as { deliveryType?: string };
  const isLocal = transferSize === 0 && encodedBodySize > 0;
  const isKept = deliveryType === 'cache-storage' || (isLocal && workerStart > 0);
  return {
    by,
    url: name.replace(/#.*/, ''), // it stays in the browser
    kind: initiatorType,
    from: isKept ? 'offline copy' : isLocal ? 'cache' : 'host',
    bytes: encodedBodySize,
  };
}

/** All that was seen, of the page and of every worker it had. */
export interface RequestLog {
  readonly seen: Seen;
  add(seen: Seen): void;
  /** Calls `listener` after each addition; gives the way to end that. */
  follow(listener: () => void): () => void;
}

export function createRequestLog(): RequestLog {
  const listeners = new Set<() => void>();
  const seen: Seen = { requests: [], refusals: [] };
  return {
    seen,
    add({ requests, refusals }) {
      seen.requests.push(...requests);
      seen.refusals.push(...refusals);
      for (const listener of listeners) listener();
    },
    follow(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
