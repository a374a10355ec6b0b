// Alerts of Lathe as .ci/monitoring.py compares them with those that fire.

import { alertName } from '../../../src/export/prometheus/alertRules.ts';
import type { Alert } from '../../../src/monitor/rules.ts';

export function expectedAlerts(alerts: readonly Pick<Alert, 'rule' | 'labels'>[]): string {
  const said = alerts.map(({ rule, labels: { column, class: label, metric } }) => ({
    alert: alertName(rule.id),
    label: column ?? label ?? metric ?? '',
  }));
  return JSON.stringify(said);
}
