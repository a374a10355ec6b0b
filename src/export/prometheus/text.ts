// Names from the data inside what Prometheus and Grafana read: label values, expressions, templates. Each is text wherever
// it comes out.

import type { Figure } from '../../monitor/rules.ts';

export type Labels = Figure['labels'];

/** `{model="iris",column="a \"b\""}`; a backslash, a quote and a line feed are escaped, as the format asks. */
export function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
    return `${name}="${escaped}"`;
  });
  return `{${pairs.join(',')}}`;
}

/** The labels in an expression of PromQL, whose lexer takes U+FFFD for broken text unless it is escaped. */
export function selector(labels: Labels): string {
  return wellFormed(labelText(labels)).replaceAll('\ufffd', '\\ufffd');
}

export function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}

/** Halves of surrogates as U+FFFD, which they become in a file anyway. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, '\ufffd');
}

/** A name inside a template of Prometheus, which labels and annotations of an alert are: it comes out as it is. */
export function literal(text: string): string {
  return wellFormed(text).replaceAll('{{', '{{"{{"}}');
}

/** A name inside an expression of a dashboard, where Grafana takes `$name`, `${name}` and `[[name]]` for variables. */
export function withoutVariables(expression: string): string {
  return expression.replaceAll('$', '\\x24').replaceAll('[[', '\\x5b\\x5b');
}

/** The label by which figures of a name differ, such as `column`; null where there is one of it. */
export function subjectLabel(name: Figure['name']): string | null {
  if (name.startsWith('lathe_column_')) return 'column';
  if (name === 'lathe_prediction_ratio') return 'class';
  return name.endsWith('_quality') ? 'metric' : null;
}
