// Heavy content (source files, packed images, columns, weights, checkpoints) as files named by their SHA-256, so that
// each is there once, whoever refers to it. What is written counts only once it was read back. Who refers to what, and
// so what may go, is known in workspace.ts alone.

import { UserError } from '../base/errors.ts';
import { listFiles, listFolders, openFolder, readFile, removeFile, writeFile, type Folder } from './files.ts';
import { createHash, sha256 } from './hash.ts';

export interface Blobs {
  /** @returns its SHA-256 @throws UserError where there is no room, or the disk gives other bytes than were written */
  put(content: Blob, what: string): Promise<string>;
  /**
   * Keeps what a stream gives if that is the blob of this hash, without ever holding all of it.
   * @param open is not called where the blob is here and whole; null where there is nothing to give
   * @throws UserError where there is no room
   */
  receive(hash: string, open: () => Promise<ReadableStream<Uint8Array> | null>, what: string): Promise<Received>;
  /** @throws UserError where it is gone or damaged */
  read(hash: string, what: string): Promise<Blob>;
  /** What is there of it, whatever its bytes are. */
  find(hash: string): Promise<File | undefined>;
  /** Hashes it again. */
  check(hash: string): Promise<{ state: 'sound' | 'damaged' | 'missing'; sizeBytes: number }>;
  remove(hash: string): Promise<void>;
  /** the names of all files, sorted: hashes, and what writes that were cut off have left */
  list(): Promise<string[]>;
}

export type Received = 'there' | 'written' | 'wrong';

export function createBlobs(open: () => Promise<Folder>): Blobs {
  /** Those whose bytes were seen to be right since the page was opened. */
  const sound = new Set<string>();
  const all = async () => openFolder(await open(), 'blobs');
  const folderOf = async (hash: string) => openFolder(await all(), hash.slice(0, 2));

  async function isSound(hash: string): Promise<boolean> {
    const file = await readFile(await folderOf(hash), hash);
    return file !== undefined && (await hashOf(file)) === hash;
  }

  return {
    async put(content, what) {
      const hash = await sha256(content);
      if (!(await isSound(hash))) {
        await writeFile(await folderOf(hash), hash, content, what);
        if (!(await isSound(hash))) throw damaged(what);
      }
      sound.add(hash);
      return hash;
    },
    async receive(hash, open, what) {
      if (await isSound(hash)) return 'there';
      try {
        const stream = await open();
        if (!stream) return 'wrong';
        await writeFile(await folderOf(hash), hash, await expectHash(stream, hash), what);
      } catch (error) {
        if (error instanceof OtherBytes) return 'wrong';
        throw error;
      }
      if (!(await isSound(hash))) throw damaged(what);
      sound.add(hash);
      return 'written';
    },
    async read(hash, what) {
      const file = await readFile(await folderOf(hash), hash);
      if (!file) throw new UserError('missing', `${what}: the file is gone. Restore it from a backup, or remove it.`);
      if (!sound.has(hash) && (await hashOf(file)) !== hash) throw damaged(what);
      sound.add(hash);
      return file;
    },
    async check(hash) {
      const file = await readFile(await folderOf(hash), hash);
      if (!file) return { state: 'missing', sizeBytes: 0 };
      if ((await hashOf(file)) === hash) return { state: 'sound', sizeBytes: file.size };
      sound.delete(hash);
      return { state: 'damaged', sizeBytes: file.size };
    },
    find: async (hash) => readFile(await folderOf(hash), hash),
    async remove(hash) {
      sound.delete(hash);
      await removeFile(await folderOf(hash), hash);
    },
    async list() {
      const folders = await listFolders(await all());
      return (await Promise.all(folders.map(listFiles))).flat().sort();
    },
  };
}

class OtherBytes extends Error {}

/** Lets bytes pass and fails at their end where they are not those of this hash, so that nobody takes them for it. */
async function expectHash(source: ReadableStream<Uint8Array>, hash: string): Promise<ReadableStream<Uint8Array>> {
  const passed = await createHash();
  const reader = source.getReader();
  return new ReadableStream(
    {
      async pull(controller) {
        const { value, done } = await reader.read().catch((cause: unknown) => {
          throw cause instanceof UserError ? new OtherBytes('', { cause }) : cause; // the source says so itself
        });
        if (value) passed.update(value);
        if (!done) controller.enqueue(value);
        else if (passed.hex() === hash) controller.close();
        else throw new OtherBytes();
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** Null where the disk cannot read it. */
async function hashOf(file: File): Promise<string | null> {
  try {
    return await sha256(file);
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}

function damaged(what: string): UserError {
  return new UserError(
    'invalid',
    `${what}: the disk gives other bytes than were saved. Restore it from a backup, or remove it.`,
  );
}
