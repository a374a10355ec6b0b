// JSON with typed arrays in it, as one blob and back: a header of canonical JSON in which each array is a reference, then
// the arrays' bytes, each at a multiple of eight. Equal values give equal bytes, so that they are stored once.

import { UserError } from '../base/errors.ts';
import { parse, stringify } from '../base/json.ts';

const ARRAYS = {
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
};
type ArrayType = keyof typeof ARRAYS;
type TypedArray = InstanceType<(typeof ARRAYS)[ArrayType]>;

/** "lathe", two zeros, and the version of this form; then the length of the header as a little-endian uint32. */
const MAGIC = Uint8Array.of(0x6c, 0x61, 0x74, 0x68, 0x65, 0, 0, 1);
const PREFIX_BYTES = 16;

/** @throws TypeError on what neither JSON nor a typed array holds */
export function pack(value: unknown): Blob {
  const arrays: TypedArray[] = [];
  let end = 0;
  const json = stringify(value, (object) => {
    if (!ArrayBuffer.isView(object)) return undefined;
    const type = object.constructor.name;
    if (!Object.hasOwn(ARRAYS, type)) throw new TypeError(`a ${type} cannot be packed`);
    const array = object as TypedArray;
    const offset = end;
    arrays.push(array);
    end = aligned(end + array.byteLength);
    return ['array', [type, offset, array.length]];
  });
  const header = new TextEncoder().encode(json);
  const prefix = new Uint8Array(PREFIX_BYTES);
  prefix.set(MAGIC);
  new DataView(prefix.buffer).setUint32(MAGIC.length, header.length, true);
  const parts: BlobPart[] = [prefix, header, padding(header.length)];
  for (const array of arrays) parts.push(array as TypedArray & ArrayBufferView<ArrayBuffer>, padding(array.byteLength));
  return new Blob(parts);
}

/** The value of which `pack` made the blob. @throws UserError where it is no such blob */
export async function unpack(blob: Blob): Promise<unknown> {
  const prefix = new Uint8Array(await blob.slice(0, PREFIX_BYTES).arrayBuffer());
  if (prefix.length < PREFIX_BYTES || MAGIC.some((byte, i) => prefix[i] !== byte)) throw notPacked();
  const headerBytes = new DataView(prefix.buffer).getUint32(MAGIC.length, true);
  const start = PREFIX_BYTES + aligned(headerBytes);
  if (start > blob.size) throw notPacked();
  const text = await blob.slice(PREFIX_BYTES, PREFIX_BYTES + headerBytes).text();
  const reading: Promise<void>[] = [];
  // The arrays' places are told first and their bytes read into them afterwards, a piece at a time: never all twice.
  const value = parse(text, (name, content) => {
    const [type, offset, length] = content as [ArrayType, number, number];
    if (name !== 'array' || !Object.hasOwn(ARRAYS, type)) throw notPacked();
    const bytes = length * ARRAYS[type].BYTES_PER_ELEMENT;
    if (!(offset >= 0 && length >= 0) || start + offset + bytes > blob.size) throw notPacked();
    const array = new ARRAYS[type](length);
    const fill = async () => {
      const read = await blob.slice(start + offset, start + offset + bytes).arrayBuffer();
      new Uint8Array(array.buffer).set(new Uint8Array(read));
    };
    reading.push(fill());
    return array;
  });
  await Promise.all(reading);
  return value;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

function padding(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(aligned(bytes) - bytes);
}

function notPacked(): UserError {
  return new UserError('invalid', 'packed values: these bytes are none, or are cut off. Restore them from a backup.');
}
