// Files that are made for a person and are too large for memory: they lie in the browser's files until they were saved
// elsewhere. Each is held by a lock as long as the page that made it lives; those whose page is gone are removed.

import { listFolders, openFolder, openTopFolder, removeFile, type Folder } from './files.ts';
import { tryLock, withLock } from './locks.ts';

export interface Temporary {
  to: WritableStream<Uint8Array>;
  /** The file, once the stream is closed; its bytes are read from the disk as they are asked for. */
  file(): Promise<File>;
  remove(): Promise<void>;
}

/** @param workspace in whose folder it lies @param name as the person sees it @throws UserError where there is no room */
export async function createTemporary(workspace: string, name: string): Promise<Temporary> {
  const { folder, remove } = await holdFolder(workspace, crypto.randomUUID());
  const handle = await folder.getFileHandle('file', { create: true }); // the name may say of what
  return { to: await handle.createWritable(), file: async () => new File([await handle.getFile()], name), remove };
}

/** Leaves a mark while `work` puts blobs that nothing refers to yet, so that the next visit knows if it was cut off. */
export async function marking<T>(workspace: string, work: () => Promise<T>): Promise<T> {
  const { remove } = await holdFolder(workspace, `${MARK}${crypto.randomUUID()}`);
  return work().finally(remove);
}

const MARK = 'mark-';

/** A folder that is this page's, until it removes it or is gone. */
async function holdFolder(workspace: string, id: string): Promise<{ folder: Folder; remove: () => Promise<void> }> {
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await new Promise<void>((resolve, reject) => {
    withLock(lockOf(workspace, id), () => (resolve(), held)).catch(reject);
  });
  const all = await openAll(workspace);
  return {
    folder: await openFolder(all, id),
    async remove() {
      await removeFile(all, id);
      release();
    },
  };
}

/**
 * Removes the files of pages that are gone.
 * @param onMark called where one of them was cut off while it was `marking`; the mark stays where it throws
 */
export async function removeOldTemporaries(workspace: string, onMark = async () => {}): Promise<void> {
  const all = await openAll(workspace);
  const names = (await listFolders(all)).map(({ name }) => name);
  // marks last: they may wait, or fail
  for (const name of names.sort((a, b) => Number(a.startsWith(MARK)) - Number(b.startsWith(MARK)))) {
    await tryLock(lockOf(workspace, name), async () => {
      if (name.startsWith(MARK)) await onMark();
      await removeFile(all, name);
    });
  }
}

async function openAll(workspace: string): Promise<Folder> {
  return openFolder(await openTopFolder(workspace), 'temporary');
}

function lockOf(workspace: string, id: string): string {
  return `temporary ${workspace} ${id}`;
}
