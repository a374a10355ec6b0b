// Leaves what is written for Prometheus to .ci/monitoring.py, with the alerts that Lathe itself raises for the batch.

import { writeZip } from '../../../src/data/formats/zip.ts';
import { type MonitoringInput, writeMonitoring } from '../../../src/export/prometheus/monitoring.ts';
import { raiseAlerts } from '../../../src/monitor/rules.ts';
import { keepArtifact } from '../runtimes.ts';
import { expectedAlerts } from './expectedAlerts.ts';

export async function keepMonitoring(name: string, input: MonitoringInput): Promise<void> {
  const { others, ...single } = writeMonitoring(input);
  keepArtifact(`${name}-monitoring.zip`, await writeZip([...Object.values(single), ...others]));
  const alerts = raiseAlerts(input.rules, [{ batch: 1, ...input.batch }], input.spread);
  keepArtifact(`${name}-monitoring.json`, new TextEncoder().encode(expectedAlerts(alerts)));
}
