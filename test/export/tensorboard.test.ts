// The file is read back with its CRCs by .ci/oracle.py too, which knows TFRecord and protobuf from elsewhere.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { expect, it } from 'vitest';
import { crc32c, encodeEvents, type ScalarEvent } from '../../src/export/tensorboard.ts';

const EVENTS: ScalarEvent[] = [
  { wallTime: 1_780_000_000.5, step: 1, scalars: { 'loss/train': 0.75, 'loss/validation': 0.5 } },
  { wallTime: 1_780_000_001.25, step: 2, scalars: { 'loss/train': NaN } },
  { wallTime: 1_780_000_002, step: 3_000_000_000, scalars: {} },
];

it('computes the CRC of the standard’s check value and of 32 zeros', () => {
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
});

it('writes a version, then an event an epoch, each framed by its length', () => {
  const bytes = encodeEvents(1_780_000_000, EVENTS);
  const view = new DataView(bytes.buffer);
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(view.getBigUint64(at, true));
    records.push(bytes.subarray(at + 12, at + 12 + length));
    at += 12 + length + 4;
  }
  expect(records).toHaveLength(4);
  const first = new BinaryReader(records[0]);
  first.tag();
  expect(first.double()).toBe(1_780_000_000);
  expect(first.tag()).toEqual([3, 2]);
  expect(first.string()).toBe('brain.Event:2');
});

it('leaves a file for an independent reader', () => {
  const folder = process.env.LATHE_ARTIFACTS;
  const bytes = encodeEvents(1_780_000_000, EVENTS);
  if (folder) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'events.out.tfevents.1780000000.lathe'), bytes);
  }
  expect(bytes.length).toBeGreaterThan(100);
});
