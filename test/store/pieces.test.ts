import { expect, test } from 'vitest';
import { piecesOf, streamOfPieces } from '../../src/store/pieces.ts';

const bytes = Uint8Array.from({ length: 3_000_001 }, (_, i) => i % 251);

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of pieces) parts.push(piece.slice()); // the next takes its place
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

test('a blob and a stream that somebody made are read to their end, in order', async () => {
  const cut = (size: number) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
        controller.close();
      },
    });
  for (const stream of [
    new Blob([bytes]).stream(),
    cut(700_001),
    streamOfPieces(piecesOf(new Blob([bytes]).stream())),
  ]) {
    expect(Buffer.compare(await collect(piecesOf(stream)), bytes)).toBe(0);
  }
  expect(await collect(piecesOf(new Blob([]).stream()))).toHaveLength(0);
});

test('the pieces of a blob lie in one piece of memory at a time', async () => {
  const sizes: number[] = [];
  let last: Uint8Array | undefined;
  for await (const piece of piecesOf(new Blob([bytes]).stream())) {
    if (last) expect(last.byteLength).toBe(0); // its memory has gone over to the next
    sizes.push(piece.length);
    last = piece;
  }
  expect(sizes.reduce((sum, size) => sum + size)).toBe(bytes.length);
});

test('what is not read to its end is let go of', async () => {
  const reasons: unknown[] = [];
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(bytes.slice(0, 10)),
    cancel: (reason) => void reasons.push(reason),
  });
  for await (const piece of piecesOf(stream)) if (piece.length > 0) break;
  expect(reasons).toHaveLength(1);
});
