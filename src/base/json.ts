// JSON that is canonical, so that equal values have equal text and one hash: keys sorted, fields that are undefined left
// out. It keeps what JSON loses of numbers (NaN, infinities, -0), and lets a caller keep more. It hashes nothing.

/** Describes an object that JSON has no form for as `[name, JSON value]`, or gives undefined where it is plain. */
export type Tag = (value: object) => [name: string, value: unknown] | undefined;
/** Makes the object again of which a `Tag` gave this. */
export type Untag = (name: string, value: unknown) => unknown;

/** @throws TypeError on a function, a symbol, a bigint, or an object that is neither plain, an array nor tagged */
export function stringify(value: unknown, tag: Tag = () => undefined): string {
  switch (typeof value) {
    case 'number':
      if (Number.isFinite(value) && !Object.is(value, -0)) return String(value);
      return `{"$":["number","${Object.is(value, -0) ? '-0' : value}"]}`;
    case 'string':
      return JSON.stringify(value);
    case 'boolean':
      return String(value);
    case 'undefined':
      return 'null';
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? `[${value.map((item) => stringify(item, tag)).join()}]` : writeObject(value, tag);
    default:
      throw new TypeError(`a ${typeof value} has no JSON`);
  }
}

function writeObject(value: object, tag: Tag): string {
  const tagged = tag(value);
  if (tagged) return `{"$":${stringify(tagged, tag)}}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`a ${value.constructor?.name ?? 'strange object'} has no JSON`);
  }
  const fields = Object.keys(value)
    .sort()
    .map((key) => [key, (value as Record<string, unknown>)[key]] as const)
    .filter(([, field]) => field !== undefined);
  return `{${fields.map(([key, field]) => `${JSON.stringify(escape(key))}:${stringify(field, tag)}`).join()}}`;
}

/** The value whose text `stringify` gave. @throws SyntaxError where it is none */
export function parse(text: string, untag?: Untag): unknown {
  const value: unknown = JSON.parse(text);
  return text.includes('"$') ? restore(value, untag) : value; // most texts have no tag, and are done
}

function restore(value: unknown, untag: Untag | undefined): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => restore(item, untag));
  const entries = Object.entries(value);
  if (entries.length === 1 && entries[0][0] === '$') {
    const [name, content] = entries[0][1] as [string, unknown];
    if (name === 'number') return Number(content);
    if (untag) return untag(name, restore(content, untag));
    throw new SyntaxError(`unknown tag '${name}'`);
  }
  // fromEntries defines each key as it is, `__proto__` too
  return Object.fromEntries(entries.map(([key, field]) => [unescape(key), restore(field, untag)]));
}

/** A key of dollars alone gets one more, so that it is none of a tag. */
function escape(key: string): string {
  return /^\$+$/.test(key) ? `${key}$` : key;
}

function unescape(key: string): string {
  return /^\$\$+$/.test(key) ? key.slice(1) : key;
}
