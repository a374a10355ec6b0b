// Reads an event file of scalars back, as TensorBoard does: every CRC must be right. Of an event it knows what
// `tensorboard.ts` writes.

import { BinaryReader } from '@bufbuild/protobuf/wire';
import { UserError } from '../base/errors.ts';
import { maskedCrc, type ScalarEvent } from './tensorboard.ts';

/** The events after the first one, which says the version. @throws UserError where a record is cut short or damaged */
export function decodeEvents(bytes: Uint8Array): ScalarEvent[] {
  const events: ScalarEvent[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const length = at + 12 <= bytes.length ? Number(view.getBigUint64(at, true)) : Infinity;
    if (at + 16 + length > bytes.length) throw damaged(at, 'is cut short');
    const data = bytes.subarray(at + 12, at + 12 + length);
    if (view.getUint32(at + 8, true) !== maskedCrc(bytes.subarray(at, at + 8))) throw damaged(at, 'has a wrong length');
    if (view.getUint32(at + 12 + length, true) !== maskedCrc(data)) throw damaged(at, 'has a wrong checksum');
    events.push(decodeEvent(data));
    at += 16 + length;
  }
  return events.slice(1);
}

function damaged(at: number, why: string): UserError {
  return new UserError('invalid', `event file: the record at byte ${at} ${why}. Export it again`);
}

function decodeEvent(data: Uint8Array): ScalarEvent {
  const event: ScalarEvent = { wallTime: 0, step: 0, scalars: {} };
  eachField(new BinaryReader(data), (reader, field) => {
    if (field === 1) event.wallTime = reader.double();
    else if (field === 2) event.step = Number(reader.int64());
    else if (field === 5) eachField(new BinaryReader(reader.bytes()), (summary) => addScalar(event.scalars, summary));
    else return false;
    return true;
  });
  return event;
}

function addScalar(scalars: Record<string, number>, summary: BinaryReader): boolean {
  let [tag, value] = ['', NaN];
  eachField(new BinaryReader(summary.bytes()), (reader, field) => {
    if (field === 1) tag = reader.string();
    else if (field === 2) value = reader.float();
    else return false;
    return true;
  });
  scalars[tag] = value;
  return true;
}

/** @param read reads the field and gives true, or gives false to pass it over */
function eachField(reader: BinaryReader, read: (reader: BinaryReader, field: number) => boolean): void {
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (!read(reader, field)) reader.skip(type);
  }
}
