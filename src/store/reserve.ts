// A file that holds a little room free, so that things can be removed, which takes some writing, when there is none left.

import { readFile, removeFile, writeFile, type Folder } from './files.ts';

const NAME = 'reserve';
/** what the journal, the ledger and the database's log take for a removal, several times */
const SIZE_BYTES = 1 << 20;

/** Holds the room, where there is any. */
export async function holdReserve(folder: Folder): Promise<void> {
  try {
    if ((await readFile(folder, NAME))?.size !== SIZE_BYTES) {
      await writeFile(folder, NAME, new Blob([new Uint8Array(SIZE_BYTES)]), 'the reserve');
    }
  } catch (error) {
    console.warn('no room is held in reserve:', error);
  }
}

export async function freeReserve(folder: Folder): Promise<void> {
  await removeFile(folder, NAME);
}
