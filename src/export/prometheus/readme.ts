// How to hand the files to Prometheus and Grafana, and the configuration with which they run as they lie in their folder.

import { writeYaml } from '../../base/yaml.ts';
import { code, count } from '../markdown.ts';
import type { Monitored } from './metrics.ts';

const PORT = 8000;

/** A whole configuration of Prometheus: it reads the files of this folder, served on this machine. */
export function writePrometheusConfig(): string {
  return writeYaml({
    global: { scrape_interval: '15s', evaluation_interval: '15s' },
    rule_files: ['alerts.yml'],
    scrape_configs: [
      { job_name: 'lathe', metrics_path: '/metrics.txt', static_configs: [{ targets: [`localhost:${PORT}`] }] },
    ],
  });
}

/** @param prom the name of the metrics in a folder of node_exporter */
export function writeMonitoringReadme({ model, version, batch }: Monitored, alerts: number, prom: string): string {
  const at = new Date(batch.createdAt).toISOString();
  return `# ${code(model)} in Prometheus and Grafana

The newest batch that ${code(version)} scored in Lathe, ${count(batch.rows, 'row')} on ${at}, and the rules of the model with the same
thresholds. No row of data is in here: figures, and the names of columns, categories and classes.

| file | what it is |
| --- | --- |
| \`metrics.txt\` | ${count(batch.figures.length + 1, 'figure')} in OpenMetrics, which Prometheus reads as its own text format too |
| \`alerts.yml\` | ${count(alerts, 'alerting rule')} |
| \`dashboard.json\` | a Grafana dashboard, with the thresholds as lines |
| \`prometheus.yml\` | a configuration with which Prometheus reads the first two |

## Try it

In this folder, in two terminals:

\`\`\`sh
python3 -m http.server ${PORT} --bind 127.0.0.1
\`\`\`

\`\`\`sh
prometheus --config.file=prometheus.yml
\`\`\`

The alerts are at http://localhost:9090/alerts.

## Keep it

- **A server of files**: put \`metrics.txt\` where Prometheus can fetch it, as \`text/plain\` or as \`application/openmetrics-text; version=1.0.0\`, and
  add the job of \`prometheus.yml\` to your own configuration.
- **node_exporter**: copy it into the folder of \`--collector.textfile.directory\`, under a name that ends in \`.prom\`; write it
  beside first, so that half a file is never read:

  \`\`\`sh
  cp metrics.txt "$FOLDER/${prom}.part" && mv "$FOLDER/${prom}.part" "$FOLDER/${prom}"
  \`\`\`

- **Rules**: add \`alerts.yml\` to \`rule_files\`; \`promtool check rules alerts.yml\` reads it.
- **Grafana**: Dashboards, New, Import, \`dashboard.json\`; choose your Prometheus as the data source.

Export \`metrics.txt\` again after each batch: it holds the newest. The time of that batch is \`lathe_batch_timestamp_seconds\`. Export \`alerts.yml\` again when
the rules change or another version takes over: bounds by deviations come from the reference of ${code(version)}, for batches of about
${count(batch.rows, 'row')}. A rule on several batches in a row waits for as long as they take (\`for\`), as a file does not remember earlier ones.
`;
}
