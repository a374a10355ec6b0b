// A few results kept in memory, the least recently used forgotten first. A result that failed is not kept.

export interface Cache<T> {
  /** The kept result of this key, or that of `make`, which callers that come meanwhile share. */
  get(key: string, make: () => Promise<T>): Promise<T>;
  /** The kept result, or undefined. */
  peek(key: string): Promise<T> | undefined;
  /** Forgets the keys that begin with this. */
  forget(prefix: string): void;
}

export function createCache<T>(size: number): Cache<T> {
  const entries = new Map<string, Promise<T>>(); // oldest use first
  return {
    get(key, make) {
      const entry = entries.get(key) ?? make();
      entries.delete(key);
      entries.set(key, entry);
      if (entries.size > size) entries.delete(entries.keys().next().value as string);
      entry.catch(() => {
        if (entries.get(key) === entry) entries.delete(key);
      });
      return entry;
    },
    peek: (key) => entries.get(key),
    forget(prefix) {
      for (const key of entries.keys()) if (key.startsWith(prefix)) entries.delete(key);
    },
  };
}
