// What reading files needs beyond plain code: the browser's decoders, and readers that are large and rarely asked for.

import type { ImportOptions } from '../data/import.ts';
import { decodeImage } from './decode.ts';

export const READERS = {
  decode: decodeImage,
  readParquet: async (file, o) => (await import('../data/formats/parquet.ts')).readParquet(file, o),
} satisfies Pick<ImportOptions, 'decode' | 'readParquet'>;
