// Image files to a data set of images: each one checked and decoded once, its class taken from its folder. Keeps the
// files' own bytes, not the pixels.

import { abortError, UserError } from '../base/errors.ts';
import { sniffImage } from './formats/image.ts';
import { type DecodeImage, hasColor } from './images.ts';
import { sortLabels } from './labels.ts';
import { quote, type Repair, type RepairLog } from './repairs.ts';

export interface ImportedImages {
  kind: 'images';
  name: string;
  /** numbers by value, else by code point */
  classes: string[];
  /** the files' paths */
  names: string[];
  /** [images]; index into `classes`, -1 is none */
  labels: Int32Array;
  /** [images]; in pixels, upright */
  widths: Uint32Array;
  heights: Uint32Array;
  /** false where all images are grey */
  color: boolean;
  /** the files' own bytes */
  files: Uint8Array[];
  repairs: Repair[];
}

interface ReadOptions {
  decode: DecodeImage;
  signal?: AbortSignal;
  onProgress?: (progress: { phase: 'reading'; fraction: number; rows: number }) => void;
}

/** Images decoded at once: enough to keep a browser's decoders busy, few enough for its memory. */
const BATCH = 4;
/** Folders that name a part of a split, which is not a class. */
const SPLIT_FOLDER = /^(train|training|test|testing|val|valid|validation)$/i;

/** @throws UserError when not one image can be read; AbortError */
export async function readImages(
  sources: { path: string; blob: Blob }[],
  name: string,
  repairs: RepairLog,
  o: ReadOptions,
): Promise<ImportedImages> {
  const read: ReadImage[] = [];
  let firstFault: UserError | null = null;
  for (let start = 0; start < sources.length; start += BATCH) {
    if (o.signal?.aborted) throw abortError();
    const batch = await Promise.all(sources.slice(start, start + BATCH).map((file) => readImage(file, o.decode)));
    for (const image of batch) {
      if (!(image instanceof UserError)) read.push(image);
      else {
        firstFault ??= image;
        repairs.add('brokenImages', 1, image.message);
      }
    }
    o.onProgress?.({ phase: 'reading', fraction: Math.min(1, (start + BATCH) / sources.length), rows: read.length });
  }
  if (read.length === 0) {
    if (sources.length === 1) throw firstFault!;
    throw new UserError(
      'invalid',
      `images: not one of ${sources.length} can be read; the first says: ${firstFault!.message}`,
    );
  }
  const folders = classFolders(
    read.map((image) => image.path),
    repairs,
  );
  const classes = sortLabels(new Set(folders.filter((folder) => folder !== null)));
  const place = new Map(classes.map((label, i) => [label, i]));
  const labels = Int32Array.from(folders, (folder) => (folder === null ? -1 : place.get(folder)!));
  if (classes.length > 0) repairs.add('unlabelledImages', labels.filter((label) => label < 0).length);
  return {
    kind: 'images',
    name,
    classes,
    names: read.map((image) => image.path),
    labels,
    widths: Uint32Array.from(read, (image) => image.width),
    heights: Uint32Array.from(read, (image) => image.height),
    color: read.some((image) => image.color),
    files: read.map((image) => image.bytes),
    repairs: repairs.list(),
  };
}

interface ReadImage {
  path: string;
  width: number;
  height: number;
  color: boolean;
  bytes: Uint8Array;
}

/** A broken image is no reason to lose the others, so its error is a value. */
async function readImage(file: { path: string; blob: Blob }, decode: DecodeImage): Promise<ReadImage | UserError> {
  const bytes = new Uint8Array(await file.blob.arrayBuffer());
  try {
    const { format } = sniffImage(bytes, file.path);
    const image = await decode(new Blob([bytes], { type: `image/${format}` })).catch((cause: unknown) => {
      throw new UserError(
        'invalid',
        `image ${quote(file.path)}: it cannot be decoded, so it is damaged. Choose a whole copy`,
        { cause },
      );
    });
    return { path: file.path, width: image.width, height: image.height, color: hasColor(image), bytes };
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

/** The class of each path: its first folder below the folders that all share, none where it lies beside the others. */
function classFolders(paths: string[], repairs: RepairLog): (string | null)[] {
  const folders = paths.map((path) => path.split('/').slice(0, -1));
  let depth = 0;
  while (folders[0].length > depth && folders.every((parts) => parts[depth] === folders[0][depth])) depth++;
  const below = folders.map((parts) => parts.slice(depth));
  const areSplits = below.every((parts) => parts.length > 1 && SPLIT_FOLDER.test(parts[0]));
  if (areSplits) {
    const names = new Set(below.map((parts) => parts[0]));
    repairs.add('mergedFolders', names.size, [...names].map(quote).join(' and '));
  }
  return below.map((parts) => parts[areSplits ? 1 : 0] ?? null);
}
