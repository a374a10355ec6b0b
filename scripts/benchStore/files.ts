// Files of Node as the streams that Lathe reads and writes.

import { createWriteStream } from 'node:fs';
import { Writable } from 'node:stream';

/** A file that is written anew. */
export function writableTo(path: string): WritableStream<Uint8Array> {
  return Writable.toWeb(createWriteStream(path)) as WritableStream<Uint8Array>;
}
