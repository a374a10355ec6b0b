// The directory of a zip archive, with every guard against those of strangers: names that point elsewhere or collide,
// entries that overlap or contradict each other, more of them than one asked for. It unpacks nothing.

import type { Entry, FileEntry, Reader } from '@zip.js/zip.js';
import { UserError } from '../../base/errors.ts';
import { quote } from '../repairs.ts';

/** How whoever reads an archive names it and says what to do. */
export interface Refusals {
  broken(detail: string, options?: ErrorOptions): UserError;
  tooLarge(detail: string): UserError;
}

/** Where zip.js would write to, were it asked for more than to check an entry. */
const NOWHERE = new WritableStream();

/** The part of zip.js that brings neither a worker nor WebAssembly of its own. */
export const zipJs = () => import('@zip.js/zip.js/lib/zip-core-custom.js');

/** Every entry, in the order of the directory. @throws UserError by `refusals` */
export async function listEntries(reader: Reader<unknown>, maxEntries: number, refusals: Refusals): Promise<Entry[]> {
  const { ZipReader } = await zipJs();
  // names are checked here, for zip.js says neither which one it refuses nor minds those that differ in case alone
  const archive = new ZipReader(reader, {
    strictness: 'strict',
    filenameValidation: 'tolerant',
    checkLocalFilename: false,
  });
  const entries: Entry[] = [];
  const seen = new Set<string>();
  try {
    for await (const entry of archive.getEntriesGenerator()) {
      if (entries.length === maxEntries) throw refusals.tooLarge(`it has more than ${maxEntries} entries`);
      checkName(entry.filename, seen, refusals);
      entries.push(entry);
    }
  } catch (cause) {
    throw refusal(cause, 'it has no directory that can be read, so it is truncated, damaged or no zip', refusals);
  }
  return entries;
}

/** Where the entry's bytes begin. @throws UserError where the entry contradicts the rest of the archive */
export async function locateEntry(entry: FileEntry, refusals: Refusals): Promise<number> {
  await entry.getData(NOWHERE, { checkOverlappingEntryOnly: true }).catch((cause: unknown) => {
    throw refusal(cause, `entry ${quote(entry.filename)} contradicts the rest of the archive`, refusals);
  });
  return entry.localDirectory!.dataOffset;
}

/** What zip.js holds against an archive, in our words; what we threw, or the disk below, stays what it is. */
export function refusal(cause: unknown, detail: string, { broken }: Refusals): unknown {
  if (cause instanceof UserError || cause instanceof DOMException) return cause;
  const { message, reason } = cause as Error & { reason?: string };
  return broken(`${detail} (${reason ?? message.toLowerCase()})`, { cause });
}

function checkName(name: string, seen: Set<string>, { broken }: Refusals): void {
  const isUnsafe =
    name === '' || /^[/\\]|^[a-z]:|[\\\0]/i.test(name) || name.split('/').some((part) => part === '..' || part === '.');
  if (isUnsafe) throw broken(`the name ${quote(name)} points outside the archive or is no plain path`);
  const folded = name.toLowerCase().normalize('NFC');
  if (seen.has(folded)) throw broken(`two entries are called ${quote(name)} (in any case)`);
  seen.add(folded);
}
