// Plain JSON values as YAML: block style, two spaces, keys in their order. Written so that YAML 1.1 and 1.2 read the same:
// whatever one of them could take for something else than a string is quoted. Writing only.

export type YamlValue = string | number | boolean | null | YamlValue[] | { [key: string]: YamlValue };

/** @returns YAML that ends with a line break; null is an empty value. @throws TypeError on a number that is not finite */
export function writeYaml(value: YamlValue): string {
  return `${node(value, '').replace(/^\n/, '')}\n`;
}

/** What stands behind a key or a dash: a scalar on its line, or a block on lines of its own. */
function node(value: YamlValue, indent: string): string {
  if (typeof value !== 'object' || value === null) return scalar(value);
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return value.map((item) => `\n${indent}- ${inItem(item, `${indent}  `)}`).join('');
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return '{}';
  return entries.map(([key, field]) => `\n${indent}${scalar(key)}:${behindKey(field, indent)}`).join('');
}

/** The first line of a block stands beside its dash. */
function inItem(item: YamlValue, indent: string): string {
  return node(item, indent).replace(/^\n */, '');
}

function behindKey(field: YamlValue, indent: string): string {
  const text = node(field, `${indent}  `);
  return text === '' || text.startsWith('\n') ? text : ` ${text}`;
}

const PLAIN = /^[A-Za-z][\w./@-]*( [\w./@-]+)*$/;
const RESERVED = /^(true|false|yes|no|on|off|y|n|null)$/i;
/** Not printable in YAML, or a line break to one of its versions; JSON has escaped the others. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

function scalar(value: string | number | boolean | null): string {
  if (value === null) return '';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return number(value);
  return PLAIN.test(value) && !RESERVED.test(value) ? value : JSON.stringify(value).replace(UNPRINTABLE, escape);
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** YAML 1.1 takes `1e-7` for a string: a number with an exponent has a point. */
function number(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`${value} is no number for YAML`);
  return String(value).replace(/^(-?\d+)e/, '$1.0e');
}
