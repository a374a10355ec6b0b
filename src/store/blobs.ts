// Heavy content (source files, packed images, columns, weights, checkpoints) as files named by their SHA-256, so that
// each is there once, whoever refers to it. What is written counts only once it was read back. A sealed one is named by
// the SHA-256 of what is in it, and `.sealed`; while a workspace is being sealed it has some of both. Who refers to what,
// and so what may go, is known in workspace.ts alone.

import { abortError, UserError } from '../base/errors.ts';
import { closedError } from './errors.ts';
import { listFiles, listFolders, openFolder, readFile, removeFile, writeFile, type Folder } from './files.ts';
import { createHash, sha256 } from './hash.ts';
import type { Keys } from './keys.ts';
import { piecesOf, streamOfPieces } from './pieces.ts';

type Bytes = Uint8Array<ArrayBuffer>;

export interface Blobs {
  /** @returns its SHA-256 @throws UserError where there is no room, or the disk gives other bytes than were written */
  put(content: Blob, what: string): Promise<string>;
  /**
   * Keeps what a stream gives if that is the blob of this hash, without ever holding all of it.
   * @param open is not called where the blob is here and whole; null where there is nothing to give
   * @throws UserError where there is no room; AbortError
   */
  receive(
    hash: string,
    open: () => Promise<ReadableStream<Uint8Array> | null>,
    what: string,
    signal?: AbortSignal,
  ): Promise<Received>;
  /** @throws UserError where it is gone or damaged */
  read(hash: string, what: string): Promise<Blob>;
  /** What is there of it, as it lies on the disk. */
  find(hash: string): Promise<File | undefined>;
  /** Hashes it again. */
  check(hash: string): Promise<{ state: 'sound' | 'damaged' | 'missing'; sizeBytes: number }>;
  remove(hash: string): Promise<void>;
  /** what there is, sorted: hashes, and the names of what writes that were cut off have left */
  list(): Promise<string[]>;
  /** Those that are not sealed, or not in the clear. */
  listBy(isSealed: boolean): Promise<string[]>;
  /** Has it lie as `write` asks, with whatever bytes it has, and removes it as it was. @throws UserError where there is no room */
  rewrite(hash: string, what: string): Promise<void>;
  /** Lets go of what is open. */
  forget(): void;
}

/** How blobs are read, and how they are written. */
export interface BlobForm {
  keys: Keys | null;
  write: 'plain' | 'sealed';
}

export type Received = 'there' | 'written' | 'wrong';

/** @param askForm @throws UserError where the workspace is locked */
export function createBlobs(open: () => Promise<Folder>, askForm: () => Promise<BlobForm>): Blobs {
  /** Those whose bytes were seen to be right since the page was opened. */
  const sound = new Set<string>();
  /** Sealed ones that are open, as long as somebody uses them. */
  const opened = new Map<string, WeakRef<Blob>>();
  const all = async () => openFolder(await open(), 'blobs');
  const folderOf = async (hash: string) => openFolder(await all(), hash.slice(0, 2));

  /** What is in it, as the keys open it; sealed where it is both. Undefined where it is gone. */
  async function openFile(hash: string): Promise<Opened | undefined> {
    const folder = await folderOf(hash);
    const { keys } = await askForm();
    const sealed = keys && (await readSealed(folder, hash));
    if (sealed) return sealedFile(sealed, keys, hash);
    const file = await readFile(folder, hash);
    return file && plainFile(file);
  }

  /**
   * What is in it, where its bytes are right. It is looked at twice: `rewrite`, which may run in any tab, puts another
   * file in the place of the one that is being read, once.
   * @throws UserError where it is gone, or damaged
   */
  async function openSound(hash: string, what: string): Promise<Opened> {
    for (let again = true; ; again = false) {
      const found = await openFile(hash);
      if (found && (sound.has(hash) || (await hashOf(found)) === hash)) return found;
      if (again) continue;
      if (found) throw damaged(what);
      throw new UserError('missing', `${what}: the file is gone. Restore it from a backup, or remove it.`);
    }
  }

  async function names(): Promise<string[]> {
    const folders = await listFolders(await all());
    return (await Promise.all(folders.map(listFiles))).flat().sort();
  }

  async function isSound(hash: string): Promise<boolean> {
    const found = await openFile(hash);
    return found !== undefined && (await hashOf(found)) === hash;
  }

  /** @throws UserError where what was just written is gone again, or is not what the disk gives */
  async function confirm(hash: string, what: string): Promise<void> {
    if (!(await isSound(hash))) throw (await openFile(hash)) ? damaged(what) : closedError(what);
    sound.add(hash);
  }

  /** Writes content as it is to lie. */
  async function write(hash: string, content: Blob | AsyncGenerator<Bytes>, what: string): Promise<void> {
    const { keys, write } = await askForm();
    const folder = await folderOf(hash);
    if (write === 'plain' || !keys) return writeFile(folder, hash, content, what);
    const stream = content instanceof Blob ? content.stream() : streamOfPieces(content);
    const sealed = stream.pipeThrough(keys.sealStream(contextOf(hash)));
    await writeFile(folder, hash + SUFFIX, piecesOf(sealed), what);
  }

  return {
    async put(content, what) {
      const hash = await sha256(content);
      if (await isSound(hash)) sound.add(hash);
      else {
        await write(hash, content, what);
        await confirm(hash, what);
      }
      return hash;
    },
    async receive(hash, open, what, signal) {
      if (await isSound(hash)) return 'there';
      try {
        const stream = await open();
        if (!stream) return 'wrong';
        await write(hash, expectHash(stream, hash, signal), what);
      } catch (error) {
        if (error instanceof OtherBytes) return 'wrong';
        throw error;
      }
      await confirm(hash, what);
      return 'written';
    },
    async read(hash, what) {
      const { write } = await askForm();
      for (let again = true; ; again = false) {
        const found = await openSound(hash, what);
        const open = opened.get(hash)?.deref();
        if (open) return open;
        sound.add(hash);
        if (!found.isSealed && write === 'plain') return found.file;
        try {
          const blob = await new Response(found.stream()).blob();
          if (found.isSealed) opened.set(hash, new WeakRef(blob));
          return blob;
        } catch (error) {
          if (!again) throw error; // else another file took its place meanwhile
        }
      }
    },
    async check(hash) {
      const found = await openFile(hash);
      if (!found) return { state: 'missing', sizeBytes: 0 };
      const sizeBytes = found.file.size;
      if ((await hashOf(found)) === hash) return { state: 'sound', sizeBytes };
      sound.delete(hash);
      return { state: 'damaged', sizeBytes };
    },
    async find(hash) {
      const folder = await folderOf(hash);
      return (await readSealed(folder, hash)) ?? readFile(folder, hash);
    },
    async remove(hash) {
      sound.delete(hash);
      opened.delete(hash);
      const folder = await folderOf(hash);
      await removeFile(folder, hash + SUFFIX);
      await removeFile(folder, hash);
    },
    async list() {
      return [...new Set((await names()).map((name) => (isSealedName(name) ? name.slice(0, -SUFFIX.length) : name)))];
    },
    async listBy(sealed) {
      const found = (await names()).filter((name) => isSealedName(name) === sealed);
      return sealed ? found.map((name) => name.slice(0, -SUFFIX.length)) : found;
    },
    async rewrite(hash, what) {
      const folder = await folderOf(hash);
      const { keys, write: form } = await askForm();
      const [from, to] = form === 'sealed' ? [hash, hash + SUFFIX] : [hash + SUFFIX, hash];
      const file = await readFile(folder, from);
      if (!file || !keys) return;
      const formed = (file: File, name: string) => (name === hash ? plainFile(file) : sealedFile(file, keys, hash));
      const written = async () => {
        const there = await readFile(folder, to);
        return there && hashOf(formed(there, to));
      };
      // where it was turned round in the middle, what is written from may be the unfinished one
      if ((await written()) !== hash) {
        const content = formed(file, from);
        const bytes = await hashOf(content); // a damaged one stays as damaged as it is
        if (bytes) {
          await write(hash, piecesOf(content.stream()), what);
          if ((await written()) !== bytes) throw damaged(what);
        }
      }
      sound.delete(hash);
      await removeFile(folder, from);
    },
    forget() {
      sound.clear();
      opened.clear();
    },
  };
}

const SUFFIX = '.sealed';

/** An empty one is being written, or was when its page went: what it shall hold is still where it was. */
async function readSealed(folder: Folder, hash: string): Promise<File | undefined> {
  const file = await readFile(folder, hash + SUFFIX);
  return file?.size === 0 ? undefined : file;
}

function isSealedName(name: string): boolean {
  return name.endsWith(SUFFIX);
}

/** A file on the disk and what is in it. */
interface Opened {
  file: File;
  isSealed: boolean;
  stream(): ReadableStream<Uint8Array>;
}

function plainFile(file: File): Opened {
  return { file, isSealed: false, stream: () => file.stream() };
}

function sealedFile(file: File, keys: Keys, hash: string): Opened {
  const stream = () => file.stream().pipeThrough(keys.unsealStream(contextOf(hash), `blob ${hash}`));
  return { file, isSealed: true, stream };
}

/** A sealed file cannot be taken for another. */
function contextOf(hash: string): string {
  return `blob ${hash}`;
}

class OtherBytes extends Error {}

/** Lets bytes pass and fails at their end where they are not those of this hash, so that nobody takes them for it. */
async function* expectHash(
  source: ReadableStream<Uint8Array>,
  hash: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Bytes> {
  const passed = await createHash();
  const pieces = piecesOf(source);
  try {
    for (;;) {
      const { value, done } = await pieces.next().catch((cause: unknown) => {
        throw cause instanceof UserError ? new OtherBytes('', { cause }) : cause; // the source says so itself
      });
      if (done) break;
      if (signal?.aborted) throw abortError();
      passed.update(value);
      yield value;
    }
  } finally {
    await pieces.return(undefined);
  }
  if (passed.hex() !== hash) throw new OtherBytes();
}

/** Null where the disk cannot read it, or it is not as it was sealed. */
async function hashOf({ file, isSealed, stream }: Opened): Promise<string | null> {
  try {
    if (!isSealed) return await sha256(file);
    const hash = await createHash();
    for await (const piece of piecesOf(stream())) hash.update(piece);
    return hash.hex();
  } catch (error) {
    if (error instanceof DOMException || error instanceof UserError) return null;
    throw error;
  }
}

function damaged(what: string): UserError {
  return new UserError(
    'invalid',
    `${what}: the disk gives other bytes than were saved. Restore it from a backup, or remove it.`,
  );
}
