// Decoded pixels to the size and channels that a network takes, the same on every machine: no canvas resizes here, as
// each browser's does it differently. Decoding is the caller's, which has a browser.

/** Decodes a file to RGBA, upright (an EXIF rotation applied), the first frame of an animation. Rejects where it cannot. */
export type DecodeImage = (file: Blob) => Promise<RgbaImage>;

export interface RgbaImage {
  width: number;
  height: number;
  /** [height, width, 4] */
  data: Uint8ClampedArray;
}

/**
 * Resizes by the mean of the area that a pixel covers where an axis shrinks, and linearly between pixel centres where it
 * grows. What is transparent lies on white; one channel is the luminance of ITU-R BT.601.
 * @returns [height, width, channels] in 0..255
 */
export function resizeImage(
  image: RgbaImage,
  to: { height: number; width: number; channels: 1 | 3 },
): Uint8Array<ArrayBuffer> {
  const { channels } = to;
  const columns = axisWeights(image.width, to.width);
  const rows = axisWeights(image.height, to.height);
  const line = new Float64Array(image.width * channels);
  const narrow = new Float64Array(image.height * to.width * channels); // [height before, width after, channels]
  for (let y = 0; y < image.height; y++) {
    flattenLine(image, y, channels, line);
    for (let x = 0; x < to.width; x++) {
      const { first, weights } = columns[x];
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += weights[k] * line[(first + k) * channels + c];
        narrow[(y * to.width + x) * channels + c] = sum;
      }
    }
  }
  const stride = to.width * channels;
  const out = new Uint8Array(to.height * stride);
  for (let y = 0; y < to.height; y++) {
    const { first, weights } = rows[y];
    for (let i = 0; i < stride; i++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k] * narrow[(first + k) * stride + i];
      out[y * stride + i] = Math.min(255, Math.floor(sum + 0.5));
    }
  }
  return out;
}

/** True where some pixel is not grey. */
export function hasColor({ data }: RgbaImage): boolean {
  for (let i = 0; i < data.length; i += 4) {
    // a lossy codec leaves a grey picture a shade off grey
    const low = Math.min(data[i], data[i + 1], data[i + 2]);
    if (Math.max(data[i], data[i + 1], data[i + 2]) - low > 8 && data[i + 3] > 0) return true;
  }
  return false;
}

/** One line of pixels over white: [width, channels]. */
function flattenLine({ width, data }: RgbaImage, y: number, channels: 1 | 3, line: Float64Array): void {
  for (let x = 0; x < width; x++) {
    const at = (y * width + x) * 4;
    const alpha = data[at + 3];
    const over = (value: number) => (alpha === 255 ? value : (value * alpha + 255 * (255 - alpha)) / 255);
    const r = over(data[at]);
    const g = over(data[at + 1]);
    const b = over(data[at + 2]);
    if (channels === 1) line[x] = r === g && g === b ? r : 0.299 * r + 0.587 * g + 0.114 * b;
    else {
      line[x * 3] = r;
      line[x * 3 + 1] = g;
      line[x * 3 + 2] = b;
    }
  }
}

interface Weights {
  first: number;
  /** of the pixels from `first`; they add up to 1 */
  weights: number[];
}

/** For each pixel after, the pixels before that it is made of. */
function axisWeights(before: number, after: number): Weights[] {
  const ratio = before / after;
  return Array.from({ length: after }, (_, i) => {
    if (after > before) {
      const center = Math.min(Math.max((i + 0.5) * ratio - 0.5, 0), before - 1);
      const first = Math.min(Math.floor(center), Math.max(0, before - 2));
      return { first, weights: before === 1 ? [1] : [1 - (center - first), center - first] };
    }
    const start = (i * before) / after;
    const end = ((i + 1) * before) / after;
    const first = Math.floor(start);
    const count = Math.ceil(end) - first;
    const weights = Array.from(
      { length: count },
      (_, k) => (Math.min(end, first + k + 1) - Math.max(start, first + k)) / ratio,
    );
    return { first, weights };
  });
}
