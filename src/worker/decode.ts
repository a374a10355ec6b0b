// Image files to pixels, by the browser's own decoders. What a file is and how large, its first bytes say before any
// decoder sees it. The turn that a camera notes in EXIF is applied; colour profiles are not, as in most tools that read
// images for training, so that a model sees elsewhere the numbers that it saw here. Of an animation, the first frame.

import { UserError } from '../base/errors.ts';
import { sniffImage } from '../data/formats/image.ts';

export interface DecodedImage {
  width: number;
  height: number;
  /** [height, width, 4], RGBA, not premultiplied */
  data: Uint8ClampedArray;
}

/** @throws UserError where it is no image of a known format, is too large, or is broken */
export async function decodeImage(file: Blob): Promise<DecodedImage> {
  const name = file instanceof File ? file.name : 'image';
  sniffImage(new Uint8Array(await file.slice(0, HEADER_BYTES).arrayBuffer()), name);
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: 'from-image', colorSpaceConversion: 'none' });
  } catch (error) {
    throw new UserError(
      'invalid',
      `image '${name}': it is broken and cannot be decoded. Leave it out or save it anew.`,
      {
        cause: error,
      },
    );
  }
  const { width, height } = bitmap;
  const draw = contextOf(width, height);
  draw.clearRect(0, 0, width, height);
  draw.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { width, height, data: draw.getImageData(0, 0, width, height).data };
}

let shared: OffscreenCanvasRenderingContext2D | null = null;

/** One canvas for all small images, as a new one costs more than they do; a large one's memory is not held on to. */
function contextOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const fits = width <= SHARED_SIDE && height <= SHARED_SIDE;
  if (fits && shared) return shared;
  const canvas = fits ? new OffscreenCanvas(SHARED_SIDE, SHARED_SIDE) : new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  if (fits) shared = context;
  return context;
}

/** pixels */
const SHARED_SIDE = 512;

/** Enough for a JPEG's size behind an embedded thumbnail and profile. */
const HEADER_BYTES = 1 << 18;
