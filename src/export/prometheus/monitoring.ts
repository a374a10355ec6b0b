// Everything that a monitored model says to others: each file by itself, or all of them as a zip.

import { fileName } from '../../base/fileName.ts';
import type { Rule, Spread } from '../../monitor/rules.ts';
import type { BundleFile } from '../bundle.ts';
import { writeAlertRules } from './alertRules.ts';
import { literalBounds } from './bounds.ts';
import { writeDashboard } from './dashboard.ts';
import { type Monitored, writeMetrics } from './metrics.ts';
import { writeMonitoringReadme, writePrometheusConfig } from './readme.ts';

export type MonitoringFormat = 'openMetrics' | 'alertRules' | 'dashboard' | 'all';

export interface MonitoringInput extends Monitored {
  rules: readonly Rule[];
  /** by `figureKey`: of a batch of this size, by the version's reference */
  spread: ReadonlyMap<string, Spread>;
  /** how often a batch comes */
  batchSeconds: number;
}

/** The files as they lie in a folder, by what they are. */
export function writeMonitoring(input: MonitoringInput): Record<Exclude<MonitoringFormat, 'all'>, BundleFile> & {
  others: BundleFile[];
} {
  const bounds = literalBounds(input.rules, input.spread);
  const prom = `lathe-${fileName(input.model, 'model')}.prom`;
  return {
    openMetrics: { name: 'metrics.txt', bytes: writeMetrics(input) },
    alertRules: { name: 'alerts.yml', bytes: writeAlertRules(input, bounds, input.batchSeconds) },
    dashboard: { name: 'dashboard.json', bytes: writeDashboard(input, bounds) },
    others: [
      { name: 'prometheus.yml', bytes: writePrometheusConfig() },
      { name: 'README.md', bytes: writeMonitoringReadme(input, bounds.length, prom) },
    ],
  };
}
