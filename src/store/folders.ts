// Folders that a person lets Lathe look into, one for each model: the browser's handles, and which files were taken in. They
// lie beside the records, not among them: a handle has no JSON, opens nothing in another browser, and costs two clicks
// where it is lost, so that neither ledger nor backup knows of it. It cannot be encrypted either: under a passphrase it lasts
// as long as the page.

import type { FileMark } from '../monitor/folder.ts';
import { PLAIN } from './codec.ts';
import { writing } from './db.ts';
import type { Workspace } from './workspace.ts';

export interface KeptFolder {
  /** of what a person chose, whatever its model is called by now; one that was kept before there were ids has its model's name */
  id: string;
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
  if (!(await outlivePage(ws))) return unkept.get(ws) ?? [];
  return withIds(await (await ws.open()).get('measurements', KEY));
}

/** What a page is told of them. */
export async function watchedFolders(ws: Workspace): Promise<Pick<KeptFolder, 'model' | 'handle'>[]> {
  return (await listFolders(ws)).map(({ model, handle }) => ({ model, handle }));
}

/** Whether what is kept now is there for the next page too. */
export async function outlivePage(ws: Workspace): Promise<boolean> {
  return (await ws.codec()) === PLAIN;
}

/** Keeps a folder in the place of the one that its model had. */
export function keepFolder(ws: Workspace, folder: KeptFolder): Promise<void> {
  return change(ws, (folders) => [...folders.filter(({ model }) => model !== folder.model), folder]);
}

/** Notes files that became batches, of a folder that is not forgotten meanwhile. */
export function noteTaken(ws: Workspace, id: string, marks: FileMark[]): Promise<void> {
  return change(ws, (folders) =>
    folders.map((own) => (own.id === id ? { ...own, taken: addMarks(own.taken, marks) } : own)),
  );
}

/** The marks of a folder, the new ones in the place of older ones of the same files. */
export function addMarks(taken: FileMark[], marks: FileMark[]): FileMark[] {
  return [...taken.filter(({ path }) => !marks.some((mark) => mark.path === path)), ...marks];
}

/** Has the folder of a model that was given another name go with it. */
export function renameFolder(ws: Workspace, model: string, name: string): Promise<void> {
  return change(ws, (folders) => {
    const own = folders.find((folder) => folder.model === model);
    if (!own) return folders;
    return [...folders.filter((folder) => folder.model !== model && folder.model !== name), { ...own, model: name }];
  });
}

export function forgetFolder(ws: Workspace, model: string): Promise<void> {
  return change(ws, (folders) => folders.filter((own) => own.model !== model));
}

async function change(ws: Workspace, to: (folders: KeptFolder[]) => KeptFolder[]): Promise<void> {
  if (!(await outlivePage(ws))) {
    unkept.set(ws, to(await listFolders(ws)));
    return;
  }
  await writing(await ws.open(), ['measurements'], 'the folder', async (transaction) => {
    const shelf = transaction.objectStore('measurements');
    await shelf.put(to(withIds(await shelf.get(KEY))), KEY);
  });
}

const withIds = (kept: unknown): KeptFolder[] =>
  ((kept ?? []) as KeptFolder[]).map((folder) => ({ ...folder, id: folder.id ?? folder.model }));
