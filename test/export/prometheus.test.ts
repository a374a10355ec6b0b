// `promtool` checks the same files in .ci/oracle.py, and a real Prometheus fires the alert.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeAlertRules, writeDashboard, writeMetrics } from '../../src/export/prometheus.ts';
import { type Figure, figureKey, presetRules, type Rule } from '../../src/monitor/rules.ts';

const MODEL = { model: 'prices "2026"\\new\n{{ $labels }}', version: 'prices@3' };
const FIGURES: Figure[] = [
  { name: 'lathe_batch_rows', labels: {}, value: 500 },
  { name: 'lathe_column_drift_p_value', labels: { column: 'age' }, value: 1e-9 },
  { name: 'lathe_column_drift_p_value', labels: { column: '<img onerror=x> "ü"\\\n' }, value: 0.7 },
  { name: 'lathe_column_missing_ratio', labels: { column: 'age' }, value: 0.5 },
  { name: 'lathe_drifted_columns_ratio', labels: {}, value: 0.5 },
  { name: 'lathe_estimated_quality', labels: { metric: 'accuracy' }, value: NaN },
];
const REFERENCE = new Map([
  [figureKey(FIGURES[3]), { mean: 0.1, std: 0.02 }],
  [figureKey(FIGURES[5]), { mean: 0.9, std: 0.01 }],
]);
const RULES: Rule[] = [
  ...presetRules('accuracy'),
  { ...presetRules('accuracy')[1], id: 'drift-lasting', forBatches: 3 },
];

const metrics = writeMetrics(MODEL, FIGURES);
const rules = writeAlertRules(MODEL, RULES, FIGURES, REFERENCE, 3600);

it('writes each figure once, with a help line, a type and escaped labels', () => {
  expect(metrics).toContain('# TYPE lathe_column_drift_p_value gauge\n');
  expect(metrics).toContain('column="<img onerror=x> \\"ü\\"\\\\\\n"} 0.7\n');
  expect(metrics).toContain('metric="accuracy"} NaN\n');
  expect(metrics.endsWith('# EOF\n')).toBe(true);
  expect(metrics.split('\n').filter((line) => line.startsWith('# HELP lathe_column_drift'))).toHaveLength(1);
});

describe('alerting rules', () => {
  it('have the thresholds of the page’s rules, those of deviations for each figure', () => {
    expect(rules).toContain('< 0.05');
    expect(rules).toContain('> 0.16 or');
    expect(rules).toContain('min_over_time(');
    expect(rules).toContain('[10800s]');
  });

  it('of none are an empty file, and one that is switched off is left out', () => {
    expect(writeAlertRules(MODEL, [], FIGURES, REFERENCE, 60)).toBe('groups: []\n');
    const off = RULES.map((rule) => ({ ...rule, enabled: false }));
    expect(writeAlertRules(MODEL, off, FIGURES, REFERENCE, 60)).toBe('groups: []\n');
  });

  it('take no name from the data for a template', () => {
    expect(rules).toContain('model: "prices \\"2026\\"\\\\new\\n{{\\"{{\\"}} $labels }}"');
  });
});

it('draws one panel a figure, with the threshold as a line', () => {
  const dashboard = JSON.parse(writeDashboard(MODEL, FIGURES, RULES));
  expect(dashboard.panels).toHaveLength(5);
  const drift = dashboard.panels.find(({ title }: { title: string }) => title === 'column drift p value');
  expect(drift.fieldConfig.defaults.thresholds.steps).toEqual([
    { color: 'red', value: null },
    { color: 'green', value: 0.05 },
  ]);
});

it('leaves the files for Prometheus’ own tools', () => {
  const folder = process.env.LATHE_ARTIFACTS;
  if (!folder) return;
  mkdirSync(join(folder, 'prometheus'), { recursive: true });
  writeFileSync(join(folder, 'prometheus', 'metrics.txt'), metrics);
  writeFileSync(join(folder, 'prometheus', 'rules.yml'), rules);
});
