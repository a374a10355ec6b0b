// Damages what a browser that is not running has left on the disk: the log, the tables and the blob files of IndexedDB
// (LevelDB), and the files of OPFS. Where a byte is flipped is drawn from a seed.

import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { createRandom } from '../../src/base/random.ts';

export type Damage = (profile: string, seed: number) => void;

function filesUnder(folder: string, matches: (path: string) => boolean): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile() && statSync(path).size > 0 && matches(path))
    .sort();
}

const indexedDB = (profile: string, kind: RegExp) =>
  filesUnder(join(profile, 'Default', 'IndexedDB'), (path) => kind.test(path));

/** The files of OPFS, whose names on the disk say nothing. */
export function opfsFiles(profile: string): string[] {
  return filesUnder(join(profile, 'Default', 'File System'), (path) => /[\\/]\d\d[\\/]\d{8}$/.test(path));
}

/** The one file of OPFS with this content. */
export function opfsFile(profile: string, sha256: string): string {
  const found = opfsFiles(profile).find((path) => hashOf(path) === sha256);
  if (!found) throw new Error(`no file of OPFS has the SHA-256 ${sha256}`);
  return found;
}

export function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

export function flipByte(path: string, seed: number, from = 0): void {
  const bytes = readFileSync(path);
  const at = from + createRandom(seed).below(bytes.length - from);
  bytes[at] ^= 1 << createRandom(seed + 1).below(8);
  writeFileSync(path, bytes);
}

const LOG = /\.leveldb[\\/]\d+\.log$/;
const TABLE = /\.leveldb[\\/]\d+\.ldb$/;
const BLOB = /\.indexeddb\.blob[\\/]/;

/** One of the files of a kind, the seed says which. */
function pick(profile: string, kind: RegExp, seed: number): string {
  const files = indexedDB(profile, kind);
  if (files.length === 0) throw new Error(`no file of IndexedDB is ${kind}: there is nothing to damage`);
  return files[createRandom(seed).below(files.length)];
}

/** The log, of which there may be an old one beside the one in use: the longest. */
function log(profile: string): string {
  const files = indexedDB(profile, LOG).sort((a, b) => statSync(b).size - statSync(a).size);
  if (files.length === 0) throw new Error('there is no log of IndexedDB: there is nothing to damage');
  return files[0];
}

export const cutLog: Damage = (profile) => truncateSync(log(profile), statSync(log(profile)).size / 2);
export const flipLog: Damage = (profile, seed) => flipByte(log(profile), seed);
export const removeTable: Damage = (profile, seed) => rmSync(pick(profile, TABLE, seed));
export const flipTable: Damage = (profile, seed) => flipByte(pick(profile, TABLE, seed), seed);
export const flipBlob: Damage = (profile, seed) => flipByte(pick(profile, BLOB, seed), seed);
export const removeBlob: Damage = (profile, seed) => rmSync(pick(profile, BLOB, seed));
export const truncateBlob: Damage = (profile, seed) => {
  const path = pick(profile, BLOB, seed);
  truncateSync(path, createRandom(seed).below(statSync(path).size));
};
