// Content too large to be held, piece by piece. Each piece lies in the memory of the one before, where the browser can do
// that: what is left to be collected would otherwise come to hundreds of megabytes before it is.

import { answered } from './clearing.ts';

const PIECE_BYTES = 1 << 20;

/** Its bytes in order. A piece is to be used before the next is asked for, as that takes its place. */
export async function* piecesOf(content: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = byteReader(content);
  if (!reader) return yield* eachOf(content.getReader() as ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>);
  let buffer = new ArrayBuffer(PIECE_BYTES);
  try {
    for (;;) {
      const { value, done } = await answered(reader.read(new Uint8Array(buffer)));
      if (done) return;
      yield value;
      buffer = value.buffer;
    }
  } finally {
    await reader.cancel().catch(() => {}); // where it was not read to its end
  }
}

/** Null where it is no stream of bytes, but of pieces that somebody has made. */
function byteReader(content: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | null {
  try {
    return content.getReader({ mode: 'byob' });
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

async function* eachOf<T>(reader: ReadableStreamDefaultReader<T>): AsyncGenerator<T> {
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** As a stream, of pieces that stay as they are. */
export function streamOfPieces(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(controller) {
        const { value, done } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value.slice());
      },
      cancel: async () => void (await pieces.return(undefined)),
    },
    { highWaterMark: 0 },
  );
}
