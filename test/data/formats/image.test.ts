import { expect, test } from 'vitest';
import { sniffImage } from '../../../src/data/formats/image.ts';

const bytesOf = (...parts: (string | number[])[]) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...part].map((c) => c.charCodeAt(0)) : part)));
const uint32 = (n: number) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
const png = (width: number, height: number) =>
  bytesOf('\x89PNG\r\n\x1a\n', uint32(13), 'IHDR', uint32(width), uint32(height), [8, 6, 0, 0, 0]);

const jpeg = bytesOf([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xff, 0xc2, 0, 11, 8, 0, 20, 0, 30, 3, 1, 2, 3]);

test.each([
  ['png', png(300, 200), 300, 200],
  ['jpeg', jpeg, 30, 20],
  ['gif', bytesOf('GIF89a', [30, 0, 20, 0]), 30, 20],
  [
    'bmp',
    bytesOf('BM', [9, 9, 9, 9, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 30, 0, 0, 0, 0xec, 0xff, 0xff, 0xff]),
    30,
    20,
  ],
  ['webp', bytesOf('RIFF', [0, 0, 0, 0], 'WEBPVP8 ', new Array(10).fill(0), [30, 0, 20, 0]), 30, 20],
  ['webp', bytesOf('RIFF', [0, 0, 0, 0], 'WEBPVP8L', [0, 0, 0, 0, 0x2f], [29, 0xc0, 4, 0]), 30, 20],
  ['webp', bytesOf('RIFF', [0, 0, 0, 0], 'WEBPVP8X', new Array(8).fill(0), [29, 0, 0, 19, 0, 0]), 30, 20],
] as const)('the size of a %s is read from its header', (format, bytes, width, height) => {
  expect(sniffImage(bytes as Uint8Array, 'x')).toEqual({ format, width, height });
});

test.each([
  ['an SVG', bytesOf('<?xml version="1.0"?><svg xmlns="">'), /^unsupported image 'x.png': it is an SVG/],
  ['HTML', bytesOf('<!DOCTYPE html><html>'), /it is an HTML page/],
  ['nothing', bytesOf(''), /it is empty/],
  ['text', bytesOf('hello'), /its format is none of these/],
  ['20,000 squared', png(20_000, 20_000), /^unsupported image 'x.png': it is 20000 by 20000 pixels, more than 50/],
  ['2^32 - 1 squared', png(0xffffffff, 0xffffffff), /more than 50 megapixels/],
  ['no pixels', png(0, 10), /^invalid image 'x.png': it is 0 by 10 pixels/],
  ['a cut PNG', png(3, 3).slice(0, 20), /^invalid image 'x.png': its png header is cut/],
  ['a cut JPEG', jpeg.slice(0, 14), /its jpeg header is cut/],
  ['a JPEG of zeros', bytesOf([0xff, 0xd8, 0xff], new Array(50).fill(0)), /its jpeg header is cut/],
] as const)('%s is refused by name', (_, bytes, message) => {
  expect(() => sniffImage(bytes as Uint8Array, 'x.png')).toThrow(message);
});
