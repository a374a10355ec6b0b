// The newest batch of a model as metrics: OpenMetrics 1.0, written so that Prometheus' own text format, which takes what
// it does not know for comments, reads the same. No sample has a time, which node_exporter refuses; the batch's is a metric.

import { type Figure, FIGURES } from '../../monitor/rules.ts';
import { labelText, numberText } from './text.ts';

/** A model, and the newest batch that one of its versions has scored. */
export interface Monitored {
  model: string;
  /** `iris@3`, which scored the batch */
  version: string;
  batch: {
    /** milliseconds since 1970 */
    createdAt: number;
    rows: number;
    figures: readonly Figure[];
  };
}

/** One gauge a figure. */
export function writeMetrics({ model, version, batch }: Monitored): string {
  const lines: string[] = [];
  const family = (name: string, help: string, samples: readonly Pick<Figure, 'labels' | 'value'>[]) => {
    if (samples.length === 0) return;
    const unit = /_(ratio|rows|seconds)$/.exec(name)?.[1];
    lines.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} gauge`);
    if (unit) lines.push(`# UNIT ${name} ${unit}`);
    for (const { labels, value } of samples) {
      lines.push(`${name}${labelText({ model, version, ...labels })} ${numberText(value)}`);
    }
  };
  family('lathe_batch_timestamp_seconds', 'When the newest batch was scored, in seconds since 1970.', [
    { labels: {}, value: batch.createdAt / 1000 },
  ]);
  for (const [name, help] of Object.entries(FIGURES)) {
    family(
      name,
      help,
      batch.figures.filter((figure) => figure.name === name),
    );
  }
  return `${lines.join('\n')}\n# EOF\n`;
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}
