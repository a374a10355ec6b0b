// Records that were damaged in both copies, each in a file of its own: out of the way, and there for whoever can read them.

import { stringify } from '../base/json.ts';
import type { StoredRecord } from './db.ts';
import { listFiles, openFolder, readFile, removeFile, writeFile } from './files.ts';
import { sha256 } from './hash.ts';
import type { Workspace } from './workspace.ts';

const FOLDER = 'aside';

export async function setAside(ws: Workspace, records: StoredRecord[]): Promise<void> {
  if (records.length === 0) return;
  const folder = await openFolder(await ws.folder(), FOLDER);
  for (const record of records) {
    const text = stringify(record);
    await writeFile(folder, `${await sha256(text)}.json`, text, 'a damaged record');
  }
}

/** The files, and how each is removed. */
export async function listAside(ws: Workspace): Promise<{ file: File; remove: () => Promise<void> }[]> {
  const folder = await openFolder(await ws.folder(), FOLDER);
  const files: { file: File; remove: () => Promise<void> }[] = [];
  for (const name of await listFiles(folder)) {
    const file = await readFile(folder, name);
    if (file) files.push({ file, remove: () => removeFile(folder, name) });
  }
  return files;
}
