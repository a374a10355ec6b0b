// Files that are made for a person and are too large for memory: they lie in the browser's files until they were saved
// elsewhere. Each is held by a lock as long as the page that made it lives; those whose page is gone are removed.

import { listFolders, openFolder, openTopFolder, removeFile } from './files.ts';
import { tryLock, withLock } from './locks.ts';

export interface Temporary {
  to: WritableStream<Uint8Array>;
  /** The file, once the stream is closed; its bytes are read from the disk as they are asked for. */
  file(): Promise<File>;
  remove(): Promise<void>;
}

/** @param workspace in whose folder it lies @param name as the person sees it @throws UserError where there is no room */
export async function createTemporary(workspace: string, name: string): Promise<Temporary> {
  const id = crypto.randomUUID();
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await new Promise<void>((resolve, reject) => {
    withLock(lockOf(workspace, id), () => (resolve(), held)).catch(reject);
  });
  const all = await openAll(workspace);
  const handle = await (await openFolder(all, id)).getFileHandle('file', { create: true }); // the name may say of what
  return {
    to: await handle.createWritable(),
    file: async () => new File([await handle.getFile()], name),
    async remove() {
      await removeFile(all, id);
      release();
    },
  };
}

/** Removes the files of pages that are gone. */
export async function removeOldTemporaries(workspace: string): Promise<void> {
  const all = await openAll(workspace);
  for (const { name } of await listFolders(all)) {
    await tryLock(lockOf(workspace, name), () => removeFile(all, name));
  }
}

async function openAll(workspace: string): Promise<FileSystemDirectoryHandle> {
  return openFolder(await openTopFolder(workspace), 'temporary');
}

function lockOf(workspace: string, id: string): string {
  return `temporary ${workspace} ${id}`;
}
