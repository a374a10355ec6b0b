// A backup with a registry as large as the bench wants it, made from the backup of one version: runs with logs of their
// own, of which some gave a version. Everything but the weights differs from one to the next.

import { stringify } from '../../src/base/json.ts';
import { createRandom } from '../../src/base/random.ts';
import { writeBackup } from '../../src/store/backup.ts';
import { emptyMaps, type RecordMaps } from '../../src/store/backupScope.ts';
import { sha256 } from '../../src/store/hash.ts';
import { readBackup } from '../../src/store/readBackup.ts';
import { versionId } from '../../src/store/versionId.ts';
import type { EpochLog } from '../../src/model/epochLog.ts';
import { writableTo } from './files.ts';

export interface Size {
  /** runs that gave a version */
  versions: number;
  /** runs that gave none */
  runs: number;
  models: number;
  epochs: number;
}

const TAGS = ['review', 'baseline', 'shipped', 'wide', 'small'];
const STATES = ['stopped', 'failed'] as const;

/** @param template a backup of one version @param path of the file to write */
export async function writeRegistry(template: Uint8Array<ArrayBuffer>, path: string, size: Size): Promise<void> {
  const backup = await (await readBackup(new Blob([template]))).open();
  const records = await multiply(backup.records, size);
  const readBlob = async (hash: string) => new Response(await backup.openBlob(hash)).blob();
  const lastRun = size.versions + size.runs;
  const facts = { app: 'bench', createdAt: 0, models: null };
  await writeBackup({ records, missing: [], lastRun, readBlob }, writableTo(path), facts);
}

async function multiply(from: RecordMaps, { versions, runs, models, epochs }: Size): Promise<RecordMaps> {
  const random = createRandom(1);
  const [run] = from.run.values();
  const [version] = from.version.values();
  const [recipe] = from.recipe.values();
  const to = { ...emptyMaps(), dataset: from.dataset };
  const last = new Map<string, number>();
  for (let id = 1; id <= versions + runs; id++) {
    const key = String(id);
    const own = { ...recipe, seed: id };
    const recipeId = await sha256(stringify(own));
    to.recipe.set(recipeId, own);
    const log = logOf(epochs, random.next);
    to.log.set(key, { runId: id, epochs: log });
    // the others lie between them
    const gave =
      Math.floor((id * versions) / (versions + runs)) > Math.floor(((id - 1) * versions) / (versions + runs));
    const state = gave ? 'finished' : STATES[id % 2];
    to.run.set(key, { ...run, id, state, recipeId, startedAt: run.startedAt + id * 1000, last: log.at(-1)! });
    if (!gave) continue;
    const model = `model ${random.below(models) + 1}`;
    const number = (last.get(model) ?? 0) + 1;
    last.set(model, number);
    to.version.set(key, {
      ...version,
      id: versionId(model, number),
      model,
      number,
      runId: id,
      recipeId,
      epochs,
      bestEpoch: random.below(epochs) + 1,
      createdAt: version.createdAt + id * 1000,
      note: id % 3 === 0 ? `attempt ${id}, with wider layers` : '',
      tags: TAGS.filter(() => random.next() < 0.15),
      metrics: Object.fromEntries(Object.keys(version.metrics).map((name) => [name, 0.5 + random.next() / 2])),
    });
  }
  for (const [name, lastNumber] of last) {
    to.model.set(name, { name, lastNumber, aliases: [{ name: 'champion', number: lastNumber }] });
  }
  return to;
}

function logOf(epochs: number, next: () => number): EpochLog[] {
  return Array.from({ length: epochs }, (_, i) => {
    const loss = (1 + next()) / (i + 1);
    const [metric, valMetric] = [1 - loss * next(), 1 - loss * next()];
    return {
      epoch: i + 1,
      loss,
      metric,
      valLoss: loss * (1 + next()),
      valMetric,
      learningRate: 0.01,
      durationMs: next(),
    };
  });
}
