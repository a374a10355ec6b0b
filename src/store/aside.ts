// Records that were damaged in both copies, each in a file of its own: out of the way, and there for whoever can read them.

import { stringify } from '../base/json.ts';
import type { StoredRecord } from './db.ts';
import { listFiles, openFolder, readFile, removeFile, writeFile } from './files.ts';
import { sha256 } from './hash.ts';
import type { Workspace } from './workspace.ts';

const FOLDER = 'aside';
const SUFFIX = '.sealed';
const WHOSE = 'a damaged record';

export async function setAside(ws: Workspace, records: StoredRecord[]): Promise<void> {
  if (records.length === 0) return;
  const folder = await openFolder(await ws.folder(), FOLDER);
  for (const record of records) {
    const text = stringify(record);
    await writeFile(folder, `${await sha256(text)}.json`, text, 'a damaged record');
  }
}

/** As it is read: the text of a record, its bytes on the disk, and how it is removed. */
export interface Aside {
  text: string;
  sizeBytes: number;
  remove: () => Promise<void>;
}

export async function listAside(ws: Workspace): Promise<Aside[]> {
  const folder = await openFolder(await ws.folder(), FOLDER);
  const codec = await ws.codec();
  const found: Aside[] = [];
  for (const name of await listFiles(folder)) {
    const file = await readFile(folder, name);
    const text = await file?.text();
    if (!file || text === undefined) continue;
    const plain = name.endsWith(SUFFIX) ? codec.decode(WHOSE, text).catch(() => '') : text;
    found.push({ text: await plain, sizeBytes: file.size, remove: () => removeFile(folder, name) });
  }
  return found;
}

/** Seals the files that lie in the clear, or the other way round. */
export async function rewriteAside(ws: Workspace, seal: boolean): Promise<void> {
  const folder = await openFolder(await ws.folder(), FOLDER);
  const codec = await ws.codec();
  for (const name of await listFiles(folder)) {
    if (name.endsWith(SUFFIX) === seal) continue;
    const text = (await (await readFile(folder, name))?.text()) ?? '';
    const next = seal ? await codec.encode(WHOSE, text) : await codec.decode(WHOSE, text).catch(() => null);
    if (next !== null) await writeFile(folder, seal ? name + SUFFIX : name.slice(0, -SUFFIX.length), next, WHOSE);
    await removeFile(folder, name);
  }
}
