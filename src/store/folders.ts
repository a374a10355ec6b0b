// Folders that a person lets Lathe look into, one for each model: the browser's handles, and which files were taken in. They
// lie beside the records, not among them: a handle has no JSON, opens nothing in another browser, and costs two clicks
// where it is lost, so that neither ledger nor backup knows of it. It cannot be encrypted either: under a passphrase it lasts
// as long as the page.

import type { FileMark } from '../monitor/folder.ts';
import { PLAIN } from './codec.ts';
import { writing } from './db.ts';
import type { Workspace } from './workspace.ts';

export interface KeptFolder {
  model: string;
  handle: FileSystemDirectoryHandle;
  /** files that became batches */
  taken: FileMark[];
}

const KEY = 'folders';

/** Under a passphrase, as long as the page lasts. */
const unkept = new WeakMap<Workspace, KeptFolder[]>();

/** Every folder that is known. */
export async function listFolders(ws: Workspace): Promise<KeptFolder[]> {
  if ((await ws.codec()) !== PLAIN) return unkept.get(ws) ?? [];
  return ((await (await ws.open()).get('measurements', KEY)) ?? []) as KeptFolder[];
}

/** What a page is told of them. */
export async function watchedFolders(ws: Workspace): Promise<Pick<KeptFolder, 'model' | 'handle'>[]> {
  return (await listFolders(ws)).map(({ model, handle }) => ({ model, handle }));
}

/** Keeps a folder in the place of the one that its model had. @returns false where it does not outlive the page */
export async function keepFolder(ws: Workspace, folder: KeptFolder): Promise<boolean> {
  return change(ws, (folders) => [...folders.filter(({ model }) => model !== folder.model), folder]);
}

/** Has the folder of a model that was given another name go with it. */
export async function renameFolder(ws: Workspace, model: string, name: string): Promise<void> {
  await change(ws, (folders) => {
    const own = folders.find((folder) => folder.model === model);
    const others = folders.filter((folder) => folder !== own);
    // whoever looks into it may have been quicker
    return !own || others.some((folder) => folder.model === name) ? others : [...others, { ...own, model: name }];
  });
}

export async function forgetFolder(ws: Workspace, model: string): Promise<void> {
  await change(ws, (folders) => folders.filter((own) => own.model !== model));
}

async function change(ws: Workspace, to: (folders: KeptFolder[]) => KeptFolder[]): Promise<boolean> {
  if ((await ws.codec()) !== PLAIN) {
    unkept.set(ws, to(await listFolders(ws)));
    return false;
  }
  await writing(await ws.open(), ['measurements'], 'the folder', async (transaction) => {
    const shelf = transaction.objectStore('measurements');
    await shelf.put(to(((await shelf.get(KEY)) ?? []) as KeptFolder[]), KEY);
  });
  return true;
}
