// What a monitored model says to Prometheus: its newest figures in the text format that OpenMetrics shares, its rules as
// alerting rules with the same thresholds, and a Grafana dashboard over both. Text only; nothing is sent anywhere.

import {
  boundsOf,
  type Figure,
  figureKey,
  FIGURES,
  type FigureName,
  type Rule,
  type Spread,
} from '../monitor/rules.ts';

export interface MonitoredModel {
  /** `iris@3` */
  version: string;
  model: string;
}

/**
 * One gauge a figure, the newest batch's; readable by Prometheus and as OpenMetrics.
 * @param timestampSeconds of the batch; null leaves it to the scrape
 */
export function writeMetrics(
  { model, version }: MonitoredModel,
  figures: readonly Figure[],
  timestampSeconds: number | null = null,
): string {
  const lines: string[] = [];
  for (const [name, help] of Object.entries(FIGURES)) {
    const own = figures.filter((figure) => figure.name === name);
    if (own.length === 0) continue;
    lines.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} gauge`);
    for (const { labels, value } of own) {
      const time = timestampSeconds === null ? '' : ` ${timestampSeconds * 1000}`;
      lines.push(`${name}${labelText({ model, version, ...labels })} ${numberText(value)}${time}`);
    }
  }
  return `${lines.join('\n')}\n# EOF\n`;
}

/**
 * The rules as a Prometheus rule file.
 * @param reference spread by `figureKey`; a rule by deviations has one alert for each figure of it
 * @param batchSeconds how often a batch comes, for rules that want several in a row
 */
export function writeAlertRules(
  { model, version }: MonitoredModel,
  rules: readonly Rule[],
  figures: readonly Figure[],
  reference: ReadonlyMap<string, Spread>,
  batchSeconds: number,
): string {
  const lines = ['groups:', `  - name: ${quote(`lathe ${model}`)}`, '    rules:'];
  const alerts = rules.filter(({ enabled }) => enabled).flatMap((rule) => expressions(rule));
  if (alerts.length === 0) return `groups: []\n`;
  for (const { rule, expr, about } of alerts) {
    lines.push(
      `      - alert: ${quote(alertName(rule.id))}`,
      `        expr: ${quote(expr)}`,
      '        labels:',
      `          severity: ${quote(rule.severity)}`,
      `          model: ${quote(literal(model))}`,
      '        annotations:',
      `          summary: ${quote(literal(`${rule.name}: ${model}`))}`,
      `          description: ${quote(`${literal(`${FIGURES[rule.figure]} ${about}`)} It is {{ $value }}.`)}`,
    );
  }
  return `${lines.join('\n')}\n`;

  function expressions(rule: Rule): { rule: Rule; expr: string; about: string }[] {
    const own = { model, version, ...rule.labels };
    if (rule.condition.kind !== 'deviations') {
      const { low, high } = boundsOf(rule.condition, undefined);
      return [{ rule, ...comparison(rule, own, low, high) }];
    }
    // each figure has bounds of its own
    return figures
      .filter(({ name, labels }) => name === rule.figure && contains(labels, rule.labels))
      .flatMap((figure) => {
        const spread = reference.get(figureKey(figure));
        if (!spread) return [];
        const { low, high } = boundsOf(rule.condition, spread);
        return [{ rule, ...comparison(rule, { ...own, ...figure.labels }, low, high) }];
      });
  }

  function comparison(rule: Rule, labels: Record<string, string>, low: number | null, high: number | null) {
    const series = `${rule.figure}${selector(labels)}`;
    const window = `[${Math.max(1, Math.round(rule.forBatches * batchSeconds))}s]`;
    const held = (over: 'min' | 'max') => (rule.forBatches > 1 ? `${over}_over_time(${series}${window})` : series);
    const above = high === null ? null : `${held('min')} > ${numberText(high)}`;
    const below = low === null ? null : `${held('max')} < ${numberText(low)}`;
    const expr = [above, below].filter((part) => part !== null).join(' or ');
    const [from, to] = [low === null ? null : numberText(low), high === null ? null : numberText(high)];
    const about =
      from && to ? `Expected from ${from} to ${to}.` : to ? `Expected up to ${to}.` : `Expected from ${from} on.`;
    return { expr, about };
  }
}

const PANEL = { width: 12, height: 8, columns: 2 };

/** A Grafana dashboard (schema 39): one panel a figure that there is, with the rules' thresholds as lines. */
export function writeDashboard({ model }: MonitoredModel, figures: readonly Figure[], rules: readonly Rule[]): string {
  const names = (Object.keys(FIGURES) as FigureName[]).filter((name) => figures.some((figure) => figure.name === name));
  const datasource = { type: 'prometheus', uid: '${datasource}' };
  const panels = names.map((name, i) => {
    const bounds = rules
      .filter((rule) => rule.enabled && rule.figure === name && rule.condition.kind !== 'deviations')
      .map(({ condition }) => condition as { kind: 'above' | 'below'; value: number });
    const base = bounds.some(({ kind }) => kind === 'below') ? 'red' : 'green';
    const steps = bounds
      .toSorted((a, b) => a.value - b.value)
      .map(({ kind, value }) => ({ color: kind === 'above' ? 'red' : 'green', value }));
    return {
      id: i + 1,
      title: name.replace(/^lathe_/, '').replaceAll('_', ' '),
      description: FIGURES[name],
      type: 'timeseries',
      datasource,
      gridPos: {
        x: (i % PANEL.columns) * PANEL.width,
        y: Math.floor(i / PANEL.columns) * PANEL.height,
        w: PANEL.width,
        h: PANEL.height,
      },
      targets: [
        {
          refId: 'A',
          datasource,
          expr: withoutVariables(`${name}${selector({ model })}`),
          legendFormat: legendOf(name),
        },
      ],
      fieldConfig: {
        defaults: {
          unit: name.endsWith('_ratio') ? 'percentunit' : 'short',
          custom: { thresholdsStyle: { mode: steps.length > 0 ? 'line' : 'off' } },
          thresholds: { mode: 'absolute', steps: [{ color: base, value: null }, ...steps] },
        },
        overrides: [],
      },
    };
  });
  const dashboard = {
    title: `Lathe: ${model}`,
    uid: null,
    schemaVersion: 39,
    editable: true,
    tags: ['lathe'],
    time: { from: 'now-30d', to: 'now' },
    templating: { list: [{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' }] },
    panels,
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;

  function legendOf(name: FigureName): string {
    const labels = new Set(
      figures.filter((figure) => figure.name === name).flatMap((figure) => Object.keys(figure.labels)),
    );
    return ['version', ...labels].map((label) => `{{${label}}}`).join(' ');
  }
}

function contains(labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}

/** `{model="iris",column="a \"b\""}`; a backslash, a quote and a line feed are escaped, as the format asks. */
function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\r', ' ');
    return `${name}="${escaped}"`;
  });
  return `{${pairs.join(',')}}`;
}

/** The labels in an expression of PromQL, whose lexer takes U+FFFD for broken text unless it is escaped. */
function selector(labels: Readonly<Record<string, string>>): string {
  return wellFormed(labelText(labels)).replaceAll('\ufffd', '\\ufffd');
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}

/** JSON's strings are YAML's, but for what YAML takes as an escape only, and halves of surrogates, which it has no form for. */
function quote(text: string): string {
  return JSON.stringify(wellFormed(text)).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Halves of surrogates as U+FFFD, which they become in a file anyway. */
function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, '\ufffd');
}

/** A name inside a template of Prometheus, which labels and annotations of an alert are: it comes out as it is. */
function literal(text: string): string {
  return text.replaceAll('{{', '{{"{{"}}');
}

/** A name inside an expression of a dashboard, where Grafana takes `$name`, `${name}` and `[[name]]` for variables. */
function withoutVariables(expression: string): string {
  return expression.replaceAll('$', '\\x24').replaceAll('[[', '\\x5b\\x5b');
}

/** `LatheDriftColumn` */
function alertName(id: string): string {
  const words = id.split(/[^A-Za-z0-9]+/).filter(Boolean);
  return `Lathe${words.map((word) => word[0].toUpperCase() + word.slice(1)).join('')}`;
}
