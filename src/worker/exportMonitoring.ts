// What a model's newest batch and its rules say to Prometheus and Grafana, as files.

import { UserError } from '../base/errors.ts';
import { fileName } from '../base/fileName.ts';
import { writeZip } from '../data/formats/zip.ts';
import { type MonitoringFormat, writeMonitoring } from '../export/prometheus/monitoring.ts';
import { spreadFor } from '../monitor/spread.ts';
import { readReference } from '../store/references.ts';
import { readVersion } from '../store/versions.ts';
import type { Context } from './context.ts';
import { batches } from './engineMonitor.ts';
import { rules } from './engineRules.ts';

const DAY_SECONDS = 86_400;
const TYPES: Record<MonitoringFormat, string> = {
  openMetrics: 'text/plain',
  alertRules: 'application/yaml',
  dashboard: 'application/json',
  all: 'application/zip',
};

/** @throws UserError where the model has no batch, or there is no such format */
export async function exportMonitoring(
  context: Context,
  model: string,
  format: MonitoringFormat,
  { batchSeconds = DAY_SECONDS }: { batchSeconds?: number } = {},
): Promise<File> {
  if (!Object.hasOwn(TYPES, format)) {
    const known = Object.keys(TYPES).map((name) => `'${name}'`);
    throw new UserError('unknown', `monitoring format '${format}': there are ${known.join(', ')}.`);
  }
  if (!(batchSeconds > 0 && Number.isFinite(batchSeconds))) {
    throw new UserError('invalid', `batchSeconds ${batchSeconds}: give the seconds from one batch to the next.`);
  }
  const own = await rules(context, model); // says where there is no such model
  const newest = (await batches(context, model)).at(-1);
  if (!newest) throw new UserError('missing', `batches of model '${model}': there is none yet. Score one first.`);
  const { spread } = await readReference(context.workspace, await readVersion(context.workspace, newest.versionId));
  const files = writeMonitoring({
    model,
    version: newest.versionId,
    batch: newest,
    rules: own,
    spread: spread ? spreadFor(spread, newest.rows) : new Map(),
    batchSeconds,
  });
  const { others, ...single } = files;
  const stem = fileName(model, 'model');
  const type = TYPES[format];
  if (format === 'all') {
    const zip = await writeZip([...Object.values(single), ...others]);
    return new File([zip as Uint8Array<ArrayBuffer>], `${stem}-monitoring.zip`, { type });
  }
  const { name, bytes } = single[format];
  return new File([bytes as string], `${stem}-${name}`, { type });
}
