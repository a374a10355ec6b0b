// A backup whose blobs are as large as the bench or a test wants them: three data sets of images and twenty versions,
// of random bytes, so that nothing can be packed or is there twice. It is written without being held in memory.

import { createHash, randomFillSync } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from '../../src/base/json.ts';
import { writeBackup } from '../../src/store/backup.ts';
import { emptyMaps } from '../../src/store/backupScope.ts';
import { sha256 } from '../../src/store/hash.ts';
import { pack } from '../../src/store/pack.ts';
import { versionId } from '../../src/store/versionId.ts';
import { recipe as small } from '../../test/store/fixtures.ts';
import { writableTo } from './files.ts';

export const DATASETS = 3;
export const VERSIONS = 20;
const IMAGES = 100;
const PIECE_BYTES = 1 << 20;

export interface Written {
  /** SHA-256 of every blob, sorted */
  blobs: string[];
  sizeBytes: number;
}

/** @param folder for the blobs while they are written @param path of the backup @param sizeBytes of all blobs, about */
export async function writeBlobs(folder: string, path: string, sizeBytes: number): Promise<Written> {
  const records = emptyMaps();
  const blobs = new Map<string, Blob>();
  const files: string[] = [];
  const add = async (blob: Blob, hash?: string) => {
    const name = hash ?? (await sha256(blob));
    blobs.set(name, blob);
    return name;
  };
  const addRandom = async (size: number) => {
    const file = join(folder, `blob-${files.length}`);
    files.push(file);
    const hash = await writeRandom(file, size);
    return add(await openAsBlob(file), hash);
  };

  // three quarters of it are data
  const packedBytes = Math.floor((sizeBytes * 0.75) / DATASETS / IMAGES) * IMAGES;
  const trainedBytes = Math.floor((sizeBytes * 0.25) / VERSIONS);
  for (let n = 1; n <= DATASETS; n++) {
    const packed = await addRandom(packedBytes);
    const offsets = Float64Array.from({ length: IMAGES + 1 }, (_, i) => (i * packedBytes) / IMAGES);
    const names = Array.from({ length: IMAGES }, (_, i) => `${n}/${i}.png`);
    const index = await add(pack({ offsets, names, labels: new Int32Array(IMAGES) }));
    const id = await sha256(`data set ${n}`);
    records.dataset.set(id, {
      id,
      name: `pictures ${n}`,
      kind: 'images',
      rows: IMAGES,
      columns: [],
      classes: [`${n}`],
      sizeBytes: packedBytes,
      createdAt: n,
      repairs: [],
      profile: [],
      content: { packed, index },
    });
  }
  const [dataset] = records.dataset.values();
  for (let id = 1; id <= VERSIONS; id++) {
    const recipe = {
      ...small,
      dataset: dataset.id,
      task: 'multiclass' as const,
      target: 'label',
      columns: [],
      seed: id,
    };
    const recipeId = await sha256(stringify(recipe));
    records.recipe.set(recipeId, recipe);
    const used = { backend: 'cpu' as const, adapter: 'plain JavaScript', backendReason: null, durationMs: 1 };
    const facts = { recipeId, datasetName: dataset.name, ...used };
    records.run.set(String(id), { id, state: 'finished', ...facts, last: null, startedAt: id, error: null });
    records.log.set(String(id), { runId: id, epochs: [] });
    records.version.set(String(id), {
      ...facts,
      id: versionId('large', id),
      model: 'large',
      number: id,
      note: '',
      tags: [],
      createdAt: id,
      runId: id,
      datasetId: dataset.id,
      trained: await addRandom(trainedBytes),
      weightsSha256: null,
      epochs: 0,
      bestEpoch: 1,
      ended: 'epochs',
      metrics: { accuracy: 0.5 },
      dummy: { accuracy: 0.5 },
      labels: ['1'],
      parameters: trainedBytes / 4,
      split: { train: 1, validation: 1, test: 1 },
      droppedRows: 0,
    });
  }
  records.model.set('large', { name: 'large', lastNumber: VERSIONS, aliases: [] });

  const readBlob = async (hash: string) => blobs.get(hash)!;
  const facts = { app: 'bench', createdAt: 0, models: null };
  await writeBackup({ records, missing: [], lastRun: VERSIONS, readBlob }, writableTo(path), facts);
  for (const file of files) await rm(file);
  const written = [...blobs.values()].reduce((sum, { size }) => sum + size, 0);
  return { blobs: [...blobs.keys()].sort(), sizeBytes: written };
}

/** @returns the SHA-256 of what was written */
async function writeRandom(path: string, sizeBytes: number): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, 'w');
  for (let at = 0; at < sizeBytes; at += PIECE_BYTES) {
    const piece = randomFillSync(Buffer.alloc(Math.min(PIECE_BYTES, sizeBytes - at)));
    hash.update(piece);
    await file.write(piece);
  }
  await file.close();
  return hash.digest('hex');
}
