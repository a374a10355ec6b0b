// Files in the browser's private file system (OPFS). A file is written whole or not at all: `createWritable` writes
// beside it and swaps. It knows nothing of what the files hold.

import { UserError } from '../base/errors.ts';
import { answered, cleared, standBack } from './clearing.ts';
import { blockedError, isGone, nameWriteError, openingError } from './errors.ts';
import { sha256 } from './hash.ts';
import { isSilent } from './incident.ts';

export type Folder = FileSystemDirectoryHandle;

/** The folder of this name at the top. @throws UserError where this browser has none to give */
export async function openTopFolder(name: string): Promise<Folder> {
  if (!navigator.storage?.getDirectory) {
    throw new UserError(
      'unsupported',
      'storage: this browser gives pages no file storage (OPFS), or the page is not on https or localhost. Use a current Chrome, Edge, Firefox or Safari.',
    );
  }
  if (!('createWritable' in FileSystemFileHandle.prototype)) {
    throw new UserError(
      'unsupported',
      'storage: this browser cannot write a file in such a way that it is whole or as it was (createWritable). Use a current Chrome, Edge or Firefox, or Safari 26 or newer.',
    );
  }
  for (let attempt = 1; ; attempt++) {
    await cleared();
    const known = roots.get(name);
    try {
      // by the root that it was found in: a fresh one is not asked for while the browser may be clearing it
      const root = known ?? (await answered(navigator.storage.getDirectory()));
      const folder = await answered(root.getDirectoryHandle(name, { create: !known }));
      roots.set(name, root);
      opened.add(name);
      return folder;
    } catch (error) {
      roots.delete(name);
      if (!(error instanceof DOMException)) throw error;
      if (opened.has(name) && CLEARING.has(error.name) && attempt < CLEARING_ATTEMPTS) {
        standBack();
        continue;
      }
      throw error.name === 'UnknownError' ? blockedError(error) : openingError(error, name);
    }
  }
}

/** In which each top folder was found. */
const roots = new Map<string, Folder>();
/** Top folders that were there since the page was opened. */
const opened = new Set<string>();
/** What a browser says, for some seconds after it has cleared a folder under the page. */
const CLEARING = new Set(['UnknownError', 'InvalidStateError', 'NotFoundError']);
const CLEARING_ATTEMPTS = 14;

/** How a file ends that Chromium writes beside another, and leaves there when it is killed. */
export const SWAP = '.crswap';

/** A folder within a folder, made where it is not there. @throws UserError where there is no room */
export async function openFolder(parent: Folder, name: string): Promise<Folder> {
  try {
    return (await findFolder(parent, name)) ?? (await answered(parent.getDirectoryHandle(name, { create: true })));
  } catch (error) {
    throw nameWriteError(error, `the folder '${name}'`);
  }
}

/** A folder within a folder, or undefined where there is none. */
export async function findFolder(parent: Folder, name: string): Promise<Folder | undefined> {
  try {
    return await answered(parent.getDirectoryHandle(name));
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return undefined;
    throw error;
  }
}

/**
 * Writes a file anew; its old content stays until the new one is whole.
 * @param what is being saved, for the error where there is no room
 * @throws UserError where there is no room
 */
export async function writeFile(
  folder: Folder,
  name: string,
  content: Blob | string | AsyncIterable<Uint8Array<ArrayBuffer>>,
  what: string,
): Promise<void> {
  let writable: FileSystemWritableFileStream | undefined;
  try {
    const file = await answered(folder.getFileHandle(name, { create: true }));
    writable = await answered(file.createWritable());
    if (typeof content === 'string' || content instanceof Blob) await answered(writable.write(content));
    else for await (const piece of content) await answered(writable.write(piece));
    await answered(writable.close());
  } catch (error) {
    if (isSilent(error)) throw error;
    await writable?.abort().catch(() => {}); // a stream that has failed has ended already
    if ((await readFile(folder, name))?.size === 0) await removeFile(folder, name); // made above, and never filled
    throw nameWriteError(error, what);
  }
}

/** The file, or undefined where there is none. */
export async function readFile(folder: Folder, name: string): Promise<File | undefined> {
  try {
    return await answered(folder.getFileHandle(name).then((handle) => handle.getFile()));
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Removes a file where there is one. */
export function removeFile(folder: Folder, name: string): Promise<void> {
  return removeEntry(folder, name);
}

/** The names of the files of a folder, the strays of writes that were cut off too. */
export async function listFiles(folder: Folder): Promise<string[]> {
  const names: string[] = [];
  for await (const [name, handle] of folder.entries()) if (handle.kind === 'file') names.push(name);
  return names;
}

export async function listFolders(folder: Folder): Promise<Folder[]> {
  const folders: Folder[] = [];
  for await (const handle of folder.values()) if (handle.kind === 'directory') folders.push(handle);
  return folders;
}

/** Writes a text with its hash, so that `readChecked` knows whether it is whole. */
export async function writeChecked(folder: Folder, name: string, text: string, what: string): Promise<void> {
  await writeFile(folder, name, `${await sha256(text)}\n${text}`, what);
}

/** The text, or 'missing', or 'damaged' where it is not what was written. */
export async function readChecked(folder: Folder, name: string): Promise<{ text: string } | 'missing' | 'damaged'> {
  for (let attempt = 1; ; attempt++) {
    try {
      const file = await readFile(folder, name);
      const whole = file && (await answered(file.text()));
      if (whole === undefined) return 'missing';
      const text = whole.slice(65);
      return whole[64] === '\n' && whole.slice(0, 64) === (await sha256(text)) ? { text } : 'damaged';
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      if (attempt < READ_ATTEMPTS) continue; // another tab has just put a new one in its place
      console.warn(`file '${name}' cannot be read:`, error);
      return 'damaged';
    }
  }
}

const READ_ATTEMPTS = 10;

async function removeEntry(folder: Folder, name: string): Promise<void> {
  try {
    await answered(folder.removeEntry(name, { recursive: true }));
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}
