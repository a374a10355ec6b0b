// The file is read back with its CRCs by .ci/oracle.py too, which knows TFRecord and protobuf from elsewhere.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { expect, it } from 'vitest';
import { decodeEvents } from '../../src/export/readTensorboard.ts';
import { writeRunEvents } from '../../src/export/runEvents.ts';
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

it('draws a run by epoch, with the test part at the epoch that the weights are from, and reads it back', () => {
  const line = { metric: 0.5, valLoss: null, valMetric: null, learningRate: 0.01, durationMs: 250 };
  const facts = {
    task: 'multiclass' as const,
    startedAt: 1_780_000_000_000,
    log: [1, 2].map((epoch) => ({ epoch, loss: 1 / epoch, ...line })),
    bestEpoch: 2,
    metrics: { accuracy: 0.96 },
  };
  const bytes = writeRunEvents(facts);
  const read = decodeEvents(bytes);
  expect(read.map(({ step, wallTime }) => [step, wallTime])).toEqual([
    [1, 1_780_000_000.25],
    [2, 1_780_000_000.5],
  ]);
  expect(Object.keys(read[0].scalars)).toEqual(['loss/train', 'accuracy/train', 'learningRate']);
  expect(read[1].scalars['test/accuracy']).toBe(Math.fround(0.96));
  expect(decodeEvents(encodeEvents(0, EVENTS))).toEqual(EVENTS);
});

it('refuses an event file that is damaged or cut short, and says where', () => {
  const bytes = encodeEvents(0, EVENTS);
  expect(() => decodeEvents(bytes.subarray(0, -1))).toThrow(/^invalid event file: the record at byte \d+ is cut short/);
  expect(() => decodeEvents(bytes.map((byte, i) => (i === 15 ? byte ^ 1 : byte)))).toThrow(
    /byte 0 has a wrong checksum/,
  );
});
