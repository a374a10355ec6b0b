// What a picture is like before any model has seen it: its light, its contrast, how sharp it is, its size. Plain figures,
// so that images can be watched as the columns of a table are.

import type { RgbaImage } from './images.ts';
import type { NumericColumn } from './table.ts';

export interface ImageStatistics {
  /** mean luma (BT.601), 0 to 1 */
  brightness: number;
  /** standard deviation of the luma, 0 to 0.5 */
  contrast: number;
  /** variance of the Laplacian of the luma (4 neighbours): low where the picture is blurred */
  sharpness: number;
  width: number;
  height: number;
}

/** Of the picture as it was decoded, at its own size; transparent pixels as they are, their alpha left out. */
export function describeImage({ data, width, height }: RgbaImage): ImageStatistics {
  const pixels = width * height;
  const luma = new Float32Array(pixels);
  let [sum, squares] = [0, 0];
  for (let i = 0; i < pixels; i++) {
    const value = (0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2]) / 255;
    luma[i] = value;
    sum += value;
    squares += value * value;
  }
  const brightness = sum / pixels;
  return {
    brightness,
    contrast: Math.sqrt(Math.max(0, squares / pixels - brightness * brightness)),
    sharpness: laplacianVariance(luma, width, height),
    width,
    height,
  };
}

function laplacianVariance(luma: Float32Array, width: number, height: number): number {
  let [sum, squares, count] = [0, 0, 0];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const i = y * width + x;
      const value = luma[i - 1] + luma[i + 1] + luma[i - width] + luma[i + width] - 4 * luma[i];
      sum += value;
      squares += value * value;
      count++;
    }
  }
  return count === 0 ? 0 : squares / count - (sum / count) ** 2;
}

/** The columns under which pictures are watched. */
export function imageColumns(images: readonly ImageStatistics[]): NumericColumn[] {
  return (['brightness', 'contrast', 'sharpness', 'width', 'height'] as const).map((name) => ({
    name,
    type: name === 'width' || name === 'height' ? 'integer' : 'number',
    values: Float64Array.from(images, (image) => image[name]),
  }));
}
