// Leaves what is written for Prometheus to .ci/monitoring.py, with the alerts that Lathe itself raises for the batch.

import { writeZip } from '../../../src/data/formats/zip.ts';
import { alertName } from '../../../src/export/prometheus/alertRules.ts';
import { type MonitoringInput, writeMonitoring } from '../../../src/export/prometheus/monitoring.ts';
import { type Alert, raiseAlerts } from '../../../src/monitor/rules.ts';
import { keepArtifact } from '../runtimes.ts';

export async function keepMonitoring(name: string, input: MonitoringInput): Promise<void> {
  const { others, ...single } = writeMonitoring(input);
  keepArtifact(`${name}-monitoring.zip`, await writeZip([...Object.values(single), ...others]));
  keepAlerts(name, raiseAlerts(input.rules, [{ batch: 1, ...input.batch }], input.spread));
}

/** What must fire, as .ci/monitoring.py compares it. */
export function keepAlerts(name: string, alerts: readonly Pick<Alert, 'rule' | 'labels'>[]): void {
  const said = alerts.map(({ rule, labels: { column, class: label, metric } }) => ({
    alert: alertName(rule.id),
    label: column ?? label ?? metric ?? '',
  }));
  keepArtifact(`${name}-monitoring.json`, new TextEncoder().encode(JSON.stringify(said)));
}
