// Stops Lathe's worker before each write to IndexedDB and OPFS and asks the test's server what to do, so that a fault can
// be put at exactly the n-th write. The worker is started from a Blob; the script goes before its text.

/** An init script for the page. The question is synchronous, as some of the writes are. */
export function gateScript(address: string): string {
  return prologue(`(${gateWrites.toString()})(${JSON.stringify(address)});`);
}

/** An init script for the page that has its worker run `source` before anything else. */
export function prologue(source: string): string {
  return `(${prefixWorkers.toString()})(${JSON.stringify(source)});`;
}

function prefixWorkers(source: string): void {
  const Native = Blob;
  globalThis.Blob = class extends Native {
    constructor(parts: BlobPart[] = [], options?: BlobPropertyBag) {
      const isWorker =
        options?.type === 'text/javascript' && typeof parts[0] === 'string' && /\bimport\b/.test(parts[0]);
      super(isWorker ? [`${source}\n`, ...parts] : parts, options);
    }
  };
}

function gateWrites(address: string): void {
  const ask = (what: string) => {
    const request = new XMLHttpRequest();
    request.open('GET', `${address}?what=${encodeURIComponent(what)}`, false);
    request.send();
    if (request.responseText) throw new DOMException(`injected at ${what}`, request.responseText);
  };
  const gate = (type: { name: string; prototype: object }, names: string[], promised: boolean) => {
    const prototype = type.prototype as Record<string, (...args: unknown[]) => unknown>;
    for (const name of names) {
      const native = prototype[name];
      prototype[name] = function (this: { name?: string }, ...args) {
        const creates = !name.startsWith('get') || (args[1] as { create?: boolean } | undefined)?.create;
        try {
          if (creates) ask(`${type.name}.${name} ${this.name ?? ''}`.trim());
        } catch (error) {
          if (promised) return Promise.reject(error);
          throw error;
        }
        return native.apply(this, args);
      };
    }
  };
  gate(IDBDatabase, ['createObjectStore', 'deleteObjectStore'], false);
  gate(IDBObjectStore, ['add', 'put', 'delete', 'clear', 'createIndex', 'deleteIndex'], false);
  gate(IDBCursor, ['update', 'delete'], false);
  gate(FileSystemDirectoryHandle, ['getFileHandle', 'removeEntry'], true); // a folder that was made is no harm
  gate(FileSystemFileHandle, ['createWritable', 'createSyncAccessHandle'], true);
  gate(FileSystemWritableFileStream, ['write', 'truncate', 'close'], true);
}
