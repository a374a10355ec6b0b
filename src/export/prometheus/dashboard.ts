// A Grafana dashboard over a model's metrics: one panel for each figure that there is, with the rules' bounds as lines.

import { type Figure, FIGURES, type FigureName, type Severity } from '../../monitor/rules.ts';
import type { Bound } from './bounds.ts';
import type { Monitored } from './metrics.ts';
import { selector, withoutVariables } from './text.ts';

const SCHEMA = 39; // of Grafana 11; later ones carry it over
const PANEL = { width: 12, height: 8, columns: 2 };
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const COLOURS: Record<Severity, string> = { critical: 'red', warning: 'orange', info: 'blue' };

/** @param bounds those by deviations are drawn where there is one of them for a figure's name */
export function writeDashboard({ model, batch }: Monitored, bounds: readonly Bound[]): string {
  const names = (Object.keys(FIGURES) as FigureName[]).filter((name) =>
    batch.figures.some((figure) => figure.name === name),
  );
  const dashboard = {
    id: null,
    uid: null,
    title: `Lathe: ${model}`,
    tags: ['lathe'],
    schemaVersion: SCHEMA,
    version: 1,
    editable: true,
    timezone: 'browser',
    time: { from: 'now-30d', to: 'now' },
    refresh: '1m',
    annotations: { list: [] },
    templating: {
      list: [
        {
          name: 'datasource',
          label: 'Data source',
          type: 'datasource',
          query: 'prometheus',
          refresh: 1,
          regex: '',
          hide: 0,
          includeAll: false,
          multi: false,
          options: [],
          current: {},
        },
      ],
    },
    panels: names.map((name, i) => panel(name, i, model, batch.figures, bounds)),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

function panel(name: FigureName, place: number, model: string, figures: readonly Figure[], bounds: readonly Bound[]) {
  const labels = new Set(
    figures.filter((figure) => figure.name === name).flatMap((figure) => Object.keys(figure.labels)),
  );
  const steps = thresholds(drawn(bounds.filter(({ rule }) => rule.figure === name)));
  return {
    id: place + 1,
    title: name.replace(/^lathe_/, '').replaceAll('_', ' '),
    description: FIGURES[name],
    type: 'timeseries',
    datasource: DATASOURCE,
    gridPos: {
      x: (place % PANEL.columns) * PANEL.width,
      y: Math.floor(place / PANEL.columns) * PANEL.height,
      w: PANEL.width,
      h: PANEL.height,
    },
    targets: [
      {
        refId: 'A',
        datasource: DATASOURCE,
        editorMode: 'code',
        expr: withoutVariables(`${name}${selector({ model })}`),
        legendFormat: ['version', ...labels].map((label) => `{{${label}}}`).join(' '),
        range: true,
      },
    ],
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
      tooltip: { mode: 'multi', sort: 'none' },
    },
    fieldConfig: {
      defaults: {
        unit: /(?<!error)_ratio$/.test(name) ? 'percentunit' : 'short',
        custom: { lineInterpolation: 'stepAfter', thresholdsStyle: { mode: steps.length > 1 ? 'dashed' : 'off' } },
        color: { mode: 'palette-classic' },
        thresholds: { mode: 'absolute', steps },
      },
      overrides: [],
    },
  };
}

/** A panel has one set of lines: bounds that each figure has for itself would be taken for those of all. */
function drawn(bounds: readonly Bound[]): Bound[] {
  const alone = ({ rule }: Bound) => bounds.filter((other) => other.rule.id === rule.id).length === 1;
  return bounds.filter((bound) => !bound.ofVersion || alone(bound));
}

/** From each value on, the colour of the most severe rule that is broken there. */
function thresholds(bounds: readonly Bound[]): { color: string; value: number | null }[] {
  const ends = bounds.flatMap(({ low, high }) => [low, high]).filter((end) => end !== null);
  const values = [...new Set(ends)].sort((a, b) => a - b);
  const colour = (value: number): string => {
    const broken = bounds.filter(({ low, high }) => (low !== null && value < low) || (high !== null && value > high));
    const worst = (Object.keys(COLOURS) as Severity[]).find((severity) => broken.some(({ rule }) => rule.severity === severity)); // prettier-ignore
    return worst ? COLOURS[worst] : 'green';
  };
  const inside = values.map((value, i) => (i + 1 < values.length ? (value + values[i + 1]) / 2 : Infinity));
  return [{ color: colour(-Infinity), value: null }, ...values.map((value, i) => ({ color: colour(inside[i]), value }))]; // prettier-ignore
}
