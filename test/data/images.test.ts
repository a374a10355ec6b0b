import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasColor, resizeImage, type RgbaImage } from '../../src/data/images.ts';

function imageOf(width: number, height: number, pixel: (x: number, y: number) => number[]): RgbaImage {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set(pixel(x, y), (y * width + x) * 4);
  return { width, height, data };
}

const size = fc.integer({ min: 1, max: 40 });
const byte = fc.integer({ min: 0, max: 255 });

test('an image of one colour stays of that colour at every size', () => {
  fc.assert(
    fc.property(size, size, size, size, fc.tuple(byte, byte, byte), (w, h, width, height, color) => {
      const out = resizeImage(
        imageOf(w, h, () => [...color, 255]),
        { width, height, channels: 3 },
      );
      expect(out).toHaveLength(width * height * 3);
      expect([...out].every((value, i) => value === color[i % 3])).toBe(true);
    }),
  );
});

test('at its own size an image is itself', () => {
  const image = imageOf(5, 4, (x, y) => [x * 40, y * 60, x * y, 255]);
  const out = resizeImage(image, { width: 5, height: 4, channels: 3 });
  expect([...out]).toEqual([...image.data].filter((_, i) => i % 4 !== 3));
});

test('shrinking takes the mean of the area, also over parts of pixels', () => {
  const half = resizeImage(
    imageOf(4, 2, (x) => [x * 10, x * 10, x * 10, 255]),
    { width: 2, height: 1, channels: 1 },
  );
  expect([...half]).toEqual([5, 25]);
  const third = resizeImage(
    imageOf(3, 1, (x) => [x * 90, x * 90, x * 90, 255]),
    { width: 2, height: 1, channels: 1 },
  );
  expect([...third]).toEqual([30, 150]); // (0 + 90 / 2) / 1.5 and (90 / 2 + 180) / 1.5
});

test('growing goes linearly between pixel centres', () => {
  const out = resizeImage(
    imageOf(2, 1, (x) => [x * 100, x * 100, x * 100, 255]),
    { width: 4, height: 1, channels: 1 },
  );
  expect([...out]).toEqual([0, 25, 75, 100]);
});

test('what is transparent lies on white, one channel is the luminance', () => {
  expect([
    ...resizeImage(
      imageOf(1, 1, () => [0, 0, 0, 0]),
      { width: 1, height: 1, channels: 3 },
    ),
  ]).toEqual([255, 255, 255]);
  expect([
    ...resizeImage(
      imageOf(1, 1, () => [0, 0, 0, 128]),
      { width: 1, height: 1, channels: 1 },
    ),
  ]).toEqual([127]);
  expect([
    ...resizeImage(
      imageOf(1, 1, () => [255, 0, 0, 255]),
      { width: 1, height: 1, channels: 1 },
    ),
  ]).toEqual([76]);
});

test('a grey image is told from a coloured one', () => {
  expect(hasColor(imageOf(3, 3, (x) => [x, x, x, 255]))).toBe(false);
  expect(hasColor(imageOf(3, 3, (x, y) => (x + y === 4 ? [200, 0, 0, 255] : [9, 9, 9, 255])))).toBe(true);
});
