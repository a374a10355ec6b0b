// What kind of image a file is and how large, from its header alone, before anything is decoded. Believes the bytes and
// not the name. Refuses what would be dangerous or slow to decode.

import { UserError } from '../../base/errors.ts';
import { quote } from '../repairs.ts';

export type ImageFormat = 'png' | 'jpeg' | 'gif' | 'webp' | 'bmp';

/** A 389 kB PNG can hold 20,000 by 20,000 pixels. */
const MAX_PIXELS = 50_000_000;

export interface ImageHeader {
  format: ImageFormat;
  /** as stored, before an EXIF rotation */
  width: number;
  height: number;
}

/** @throws UserError when it is no raster image, has no pixels, more than 50 million, or a cut header */
export function sniffImage(bytes: Uint8Array, name: string): ImageHeader {
  const header = readHeader(bytes, name);
  const { width, height } = header;
  if (width === 0 || height === 0) {
    throw new UserError(
      'invalid',
      `image ${quote(name)}: it is ${width} by ${height} pixels. Choose one that has pixels`,
    );
  }
  if (width * height > MAX_PIXELS) {
    throw new UserError(
      'unsupported',
      `image ${quote(name)}: it is ${width} by ${height} pixels, more than 50 megapixels. Make it smaller`,
    );
  }
  return header;
}

/** True where the first bytes are those of an image that can be read; says nothing of the rest. */
export function looksLikeImage(bytes: Uint8Array): boolean {
  return formatOf(bytes) !== null;
}

function formatOf(bytes: Uint8Array): ImageFormat | null {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (start.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (start.startsWith('GIF87a') || start.startsWith('GIF89a')) return 'gif';
  if (start.startsWith('RIFF') && start.slice(8, 12) === 'WEBP') return 'webp';
  // a bitmap's reserved words are zero: two letters alone could begin a text
  if (start.startsWith('BM') && start.slice(6, 10) === '\0\0\0\0') return 'bmp';
  return null;
}

function readHeader(bytes: Uint8Array, name: string): ImageHeader {
  const format = formatOf(bytes);
  if (!format) throw refuse(bytes, name);
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return { format, ...SIZE_OF[format](view) };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause; // reading past the end is a RangeError
    throw new UserError(
      'invalid',
      `image ${quote(name)}: its ${format} header is cut or damaged. Choose a whole copy`,
      {
        cause,
      },
    );
  }
}

type Size = { width: number; height: number };

const SIZE_OF: Record<ImageFormat, (view: DataView) => Size> = {
  png: (view) => ({ width: view.getUint32(16), height: view.getUint32(20) }),
  gif: (view) => ({ width: view.getUint16(6, true), height: view.getUint16(8, true) }),
  bmp: (view) =>
    view.getUint32(14, true) === 12
      ? { width: view.getUint16(18, true), height: view.getUint16(20, true) }
      : { width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) }, // upside down below zero
  webp: webpSize,
  jpeg: jpegSize,
};

function webpSize(view: DataView): Size {
  const uint24 = (at: number) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  switch (view.getUint32(12)) {
    case 0x56503858: // VP8X
      return { width: uint24(24) + 1, height: uint24(27) + 1 };
    case 0x5650384c: {
      const bits = view.getUint32(21, true); // VP8L
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    default: // VP8
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
}

/** Walks the segments to the start of frame. */
function jpegSize(view: DataView): Size {
  for (let at = 2; ;) {
    if (view.getUint8(at) !== 0xff) throw new RangeError('no JPEG marker');
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    const isFill = marker === 0xff;
    const hasNoLength = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    at += isFill ? 1 : hasNoLength ? 2 : 2 + Math.max(2, view.getUint16(at + 2));
  }
}

function refuse(bytes: Uint8Array, name: string): UserError {
  const text = new TextDecoder('windows-1252').decode(bytes.subarray(0, 1024)).toLowerCase();
  const what = text.includes('<svg')
    ? 'it is an SVG drawing, which has no pixels of its own'
    : /<(!doctype html|html|head|body)/.test(text)
      ? 'it is an HTML page'
      : bytes.length === 0
        ? 'it is empty'
        : 'its format is none of these';
  return new UserError('unsupported', `image ${quote(name)}: ${what}. Choose PNG, JPEG, WebP, GIF or BMP`);
}
