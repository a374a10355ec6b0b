// `promtool` checks what is left here, and a real Prometheus fires the alerts: .ci/monitoring.py.

import { describe, expect, it } from 'vitest';
import { writeMonitoring, type MonitoringInput } from '../../../src/export/prometheus/monitoring.ts';
import { presetRules } from '../../../src/monitor/presets.ts';
import { type Figure, figureKey, type Rule } from '../../../src/monitor/rules.ts';
import { keepMonitoring } from './keepMonitoring.ts';

const FIGURES: Figure[] = [
  { name: 'lathe_batch_rows', labels: {}, value: 500 },
  { name: 'lathe_column_drift_p_value', labels: { column: 'age' }, value: 1e-9 },
  { name: 'lathe_column_drift_p_value', labels: { column: '<img onerror=x> "ü"\\\n' }, value: 0.7 },
  { name: 'lathe_column_missing_ratio', labels: { column: 'age' }, value: 0.5 },
  { name: 'lathe_drifted_columns_ratio', labels: {}, value: 0.5 },
  { name: 'lathe_estimated_quality', labels: { metric: 'accuracy' }, value: NaN },
];
const RULES: Rule[] = [
  ...presetRules('accuracy'),
  { ...presetRules('accuracy')[1], id: 'drift-lasting', forBatches: 3 },
];
const INPUT: MonitoringInput = {
  model: 'prices "2026"\\new\n{{ $labels }}',
  version: 'prices@3',
  batch: { createdAt: 1_780_000_000_500, rows: 500, figures: FIGURES },
  rules: RULES,
  spread: new Map([
    [figureKey(FIGURES[3]), { mean: 0.1, std: 0.02 }],
    [figureKey(FIGURES[5]), { mean: 0.9, std: 0.01 }],
    // the newest batch has no labels yet; the next one may
    [figureKey({ name: 'lathe_quality', labels: { metric: 'accuracy' } }), { mean: 0.9, std: 0.02 }],
  ]),
  batchSeconds: 3600,
};
const files = writeMonitoring(INPUT);
const [metrics, rules] = [String(files.openMetrics.bytes), String(files.alertRules.bytes)];

it('writes each figure once, with help, type and unit, and escaped labels', () => {
  expect(metrics).toContain('# TYPE lathe_column_missing_ratio gauge\n# UNIT lathe_column_missing_ratio ratio\n');
  expect(metrics).toContain('column="<img onerror=x> \\"ü\\"\\\\\\n"} 0.7\n');
  expect(metrics).toContain('metric="accuracy"} NaN\n');
  expect(metrics).toContain('version="prices@3"} 1780000000.5\n');
  expect(metrics.endsWith('\n# EOF\n')).toBe(true);
  expect(metrics.split('\n').filter((line) => line.startsWith('# HELP lathe_column_drift'))).toHaveLength(1);
});

describe('alerting rules', () => {
  it('have the thresholds of the page’s rules, those of deviations for each figure of the reference', () => {
    expect(rules).toContain('< 0.05');
    expect(rules).toMatch(/lathe_column_missing_ratio\{.*column=.*age.* > 0\.16 or /);
    expect(rules).toMatch(/lathe_quality\{.*version=.*\} > 0\.96 or .* < 0\.84/);
  });

  it('that want three batches in a row wait until the third has been there for half its time', () => {
    expect(rules.match(/ for: "\d+s"/g)).toEqual([' for: "9000s"']);
  });

  it('of none are an empty file, and one that is switched off is left out', () => {
    const none = (own: Rule[]) => writeMonitoring({ ...INPUT, rules: own }).alertRules.bytes;
    expect(none([])).toBe('groups: []\n');
    expect(none(RULES.map((rule) => ({ ...rule, enabled: false })))).toBe('groups: []\n');
  });

  it('take no name from the data for a template', () => {
    expect(rules).toContain('model: "prices \\"2026\\"\\\\new\\n{{\\"{{\\"}} $labels }}"');
  });
});

describe('the dashboard', () => {
  const dashboard = JSON.parse(String(files.dashboard.bytes));
  const steps = (title: string) =>
    dashboard.panels.find((panel: { title: string }) => panel.title === title).fieldConfig.defaults.thresholds.steps;

  it('has one panel a figure, with the bounds as lines in the colour of what is broken beyond them', () => {
    expect(dashboard.panels).toHaveLength(5);
    expect(steps('column drift p value')).toEqual([
      { color: 'orange', value: null },
      { color: 'green', value: 0.05 },
    ]);
    expect(steps('estimated quality')).toEqual([
      { color: 'red', value: null },
      { color: 'green', value: 0.87 },
      { color: 'red', value: 0.93 },
    ]);
  });

  it('draws no bounds that hold for one of several figures alone', () => {
    const labels = { column: 'wage' };
    const spread = new Map([...INPUT.spread, [figureKey({ name: 'lathe_column_missing_ratio', labels }), { mean: 0, std: 0.1 }]]); // prettier-ignore
    const { panels } = JSON.parse(String(writeMonitoring({ ...INPUT, spread }).dashboard.bytes));
    const missing = panels.find(({ title }: { title: string }) => title === 'column missing ratio');
    expect(missing.fieldConfig.defaults.thresholds.steps).toEqual([{ color: 'green', value: null }]);
  });

  it('has its panels side by side, none over another, each asking the data source that is chosen', () => {
    const places = dashboard.panels.map(({ gridPos: { x, y } }: { gridPos: { x: number; y: number } }) => `${x} ${y}`);
    expect(new Set(places).size).toBe(dashboard.panels.length);
    expect(dashboard.templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
    for (const { datasource, targets } of dashboard.panels) {
      expect(datasource.uid).toBe('${datasource}');
      expect(targets[0].expr).toMatch(/^lathe_\w+\{model="/);
    }
  });
});

it('leaves the files for Prometheus’ own tools', () => keepMonitoring('prices', INPUT));
