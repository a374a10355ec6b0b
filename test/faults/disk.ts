// Damages what a browser that is not running has left on the disk: the log and the tables of IndexedDB (LevelDB), and
// the files of OPFS. Which file and where in it is drawn from a seed.

import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { createRandom } from '../../src/base/random.ts';

/** @returns the file, and the SHA-256 that it had */
export type Damage = (profile: string, seed: number) => { path: string; sha256: string };

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

export function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function flipByte(path: string, seed: number): void {
  const bytes = readFileSync(path);
  const at = createRandom(seed).below(bytes.length);
  bytes[at] ^= 1 << createRandom(seed + 1).below(8);
  writeFileSync(path, bytes);
}

const LOG = /\.leveldb[\\/]\d+\.log$/;
const TABLE = /\.leveldb[\\/]\d+\.ldb$/;

/** One of the files, the seed says which. */
function pick(files: string[], seed: number): string {
  if (files.length === 0) throw new Error('there is no such file: nothing to damage');
  return files[createRandom(seed ^ 0x5eed).below(files.length)];
}

/** The log, of which there may be an old one beside the one in use: the longest. */
function log(profile: string): string {
  return pick([indexedDB(profile, LOG).reduce((a, b) => (statSync(a).size > statSync(b).size ? a : b))], 0);
}

const damaging =
  (find: (profile: string, seed: number) => string, harm: (path: string, seed: number) => void): Damage =>
  (profile, seed) => {
    const path = find(profile, seed);
    const sha256 = hashOf(path);
    harm(path, seed);
    return { path, sha256 };
  };
const table = (profile: string, seed: number) => pick(indexedDB(profile, TABLE), seed);
const file = (profile: string, seed: number) => pick(opfsFiles(profile), seed);
const cutAnywhere = (path: string, seed: number) => truncateSync(path, createRandom(seed).below(statSync(path).size));

/** By what is said of it, the ways in which a disk was seen to lose what was kept. */
export const DAMAGES: Record<string, Damage> = {
  'the log cut in half': damaging(log, (path) => truncateSync(path, statSync(path).size / 2)),
  'a flipped byte in the log': damaging(log, flipByte),
  'a table gone': damaging(table, (path) => rmSync(path)),
  'a flipped byte in a table': damaging(table, flipByte),
  'a flipped byte in a file': damaging(file, flipByte),
  'a file torn off': damaging(file, cutAnywhere),
};

/** Takes what is kept out of one profile and puts it in the place of what another one has. */
export function copyKept(from: string, to: string): void {
  for (const folder of ['IndexedDB', 'File System']) {
    rmSync(join(to, 'Default', folder), { recursive: true, force: true });
    cpSync(join(from, 'Default', folder), join(to, 'Default', folder), { recursive: true });
  }
}

/** Where a page keeps things. */
const STORAGE = ['IndexedDB', 'File System', 'Local Storage', 'Session Storage', 'WebStorage'];

/** The files of what pages have kept that hold one of these words, as `<word> in <file>`. */
export function filesWith(profile: string, words: string[]): string[] {
  const folders = STORAGE.map((name) => join(profile, 'Default', name)).filter((folder) => existsSync(folder));
  return folders.flatMap((folder) =>
    filesUnder(folder, () => true).flatMap((path) => {
      const bytes = readFileSync(path);
      const found = words.filter((word) => bytes.includes(word) || bytes.includes(Buffer.from(word, 'utf16le')));
      return found.map((word) => `${word} in ${path}`);
    }),
  );
}
