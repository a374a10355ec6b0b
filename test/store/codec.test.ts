// How a record lies when it is sealed: as itself for whoever has the key, and for nobody else.

import { describe, expect, it } from 'vitest';
import { PLAIN, readRecord, recode, writeRecord } from '../../src/store/codec.ts';
import { newKeys } from '../../src/store/keys.ts';

const stamp = { created: 1, sequence: 1 };
const model = { name: 'Zitronenfalter ☀', lastNumber: 2, aliases: [] };
const { codec } = (await newKeys('a')).keys;

describe('a sealed record', () => {
  it('is read back with its key, and names nothing', async () => {
    const record = await writeRecord(codec, 'model', model.name, model, stamp);
    expect(JSON.stringify(record)).not.toContain('falter');
    expect(record).toMatchObject({ kind: 'model', created: 1, sequence: 1, refs: [] });
    expect(await readRecord(codec, record)).toEqual({ key: model.name, value: model });
    expect(await codec.keyOf('model', model.name)).toBe(record.key);
    expect(await codec.keyOf('run', '3')).toBe('3');
  });

  it('is not taken for another, nor read by another key or in the clear', async () => {
    const record = await writeRecord(codec, 'model', model.name, model, stamp);
    const other = await writeRecord(codec, 'model', 'b', { ...model, name: 'b' }, stamp);
    await expect(readRecord(codec, { ...record, key: other.key })).rejects.toMatchObject({ code: 'invalid' });
    const stranger = (await newKeys('a')).keys.codec;
    await expect(readRecord(stranger, record)).rejects.toMatchObject({ code: 'invalid' });
    await expect(readRecord(PLAIN, record)).rejects.toMatchObject({ code: 'invalid' });
    const plain = await writeRecord(PLAIN, 'model', model.name, model, stamp);
    await expect(readRecord(codec, plain)).rejects.toMatchObject({ code: 'invalid' });
  });

  it('is the very record again that it was in the clear', async () => {
    const plain = await writeRecord(PLAIN, 'model', model.name, model, stamp);
    const sealed = await recode(plain, PLAIN, codec, { created: 1, sequence: 5 });
    expect(sealed.sequence).toBe(5);
    expect(await recode(sealed, codec, PLAIN, stamp)).toEqual(plain);
  });
});
