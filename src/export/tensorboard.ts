// TensorBoard's event file of a run: one scalar an epoch under `loss/train`, `loss/validation` and so on. An event is a
// protobuf message in a TFRecord; its CRCs are Castagnoli's, masked as TensorFlow does. Writing only; `readTensorboard.ts` reads.

import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** What is drawn of one moment of a run. */
export interface ScalarEvent {
  /** seconds since 1970 */
  wallTime: number;
  step: number;
  scalars: Record<string, number>;
}

/** The bytes of an event file: its version, then the events in their order. A scalar that is not finite stays one. */
export function encodeEvents(startedAt: number, events: readonly ScalarEvent[]): Uint8Array<ArrayBuffer> {
  const records = [versionEvent(startedAt), ...events.map(scalarEvent)].map(toRecord);
  const bytes = new Uint8Array(records.reduce((size, { length }) => size + length, 0));
  let offset = 0;
  for (const record of records) {
    bytes.set(record, offset);
    offset += record.length;
  }
  return bytes;
}

// Field numbers of tensorflow.Event (1 wall_time, 2 step, 3 file_version, 5 summary), of Summary (1 value) and of
// Summary.Value (1 tag, 2 simple_value).

function versionEvent(wallTime: number): Uint8Array {
  return new BinaryWriter()
    .tag(1, WireType.Bit64)
    .double(wallTime)
    .tag(3, WireType.LengthDelimited)
    .string('brain.Event:2')
    .finish();
}

function scalarEvent({ wallTime, step, scalars }: ScalarEvent): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.Bit64).double(wallTime).tag(2, WireType.Varint).int64(step);
  writer.tag(5, WireType.LengthDelimited).fork();
  for (const [tag, value] of Object.entries(scalars)) {
    writer.tag(1, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(tag).tag(2, WireType.Bit32).float(value);
    writer.join();
  }
  return writer.join().finish();
}

/** Length (8 bytes), CRC of it, data, CRC of it. */
function toRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(8 + 4 + data.length + 4);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(data), true);
  return record;
}

/** As TensorFlow masks them. */
export function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Castagnoli's polynomial, bits reversed. */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc >>> 0;
});

/** CRC-32C of the bytes (RFC 3720, appendix B.4). */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
