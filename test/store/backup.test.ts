// What a backup holds, and what comes of one that is damaged, sealed, of another Lathe or meant to do harm.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { stringify } from '../../src/base/json.ts';
import { writeBackup } from '../../src/store/backup.ts';
import type { Manifest } from '../../src/store/backupManifest.ts';
import { lineageOf, type RecordMaps } from '../../src/store/backupScope.ts';
import { SCHEMA } from '../../src/store/db.ts';
import { sha256 } from '../../src/store/hash.ts';
import { KINDS } from '../../src/store/kinds.ts';
import { readBackup } from '../../src/store/readBackup.ts';
import { hashBlobs, openBackup, smallKept, unzip, writeKept, zip, type Kept } from './backups.ts';

let kept: Kept;
let file: File;
let entries: Awaited<ReturnType<typeof unzip>>;

beforeAll(async () => {
  kept = await smallKept();
  file = await writeKept(kept);
  entries = await unzip(file);
});

const text = (name: string) => new TextDecoder().decode(entries[name]);
const manifestOf = () => JSON.parse(text('manifest.json')) as Manifest;

/** The backup with its manifest changed. */
async function withManifest(change: (manifest: Manifest) => unknown): Promise<File> {
  const manifest = manifestOf();
  return zip({ ...entries, 'manifest.json': JSON.stringify(change(manifest) ?? manifest) });
}

/** The backup with a record changed, its hash right again where `hash` is set. */
async function withRecord(kind: string, change: (json: string) => string, hash = true): Promise<File> {
  const manifest = manifestOf();
  const lines = text(`records/${kind}.jsonl`).split('\n').slice(0, -1);
  lines[0] = change(lines[0]);
  const item = manifest.records[kind].items[0];
  item.sizeBytes = new TextEncoder().encode(lines[0]).length;
  if (hash) item.sha256 = await sha256(lines[0]);
  return zip({
    ...entries,
    [`records/${kind}.jsonl`]: lines.map((line) => `${line}\n`).join(''),
    'manifest.json': JSON.stringify(manifest),
  });
}

const refused = async (bad: Blob, message: RegExp, passphrase?: string) => {
  const opening = openBackup(bad, passphrase);
  await expect(opening).rejects.toThrow(message);
  await expect(opening).rejects.toBeInstanceOf(UserError);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
};

test('what was written is read again: every record, in its order, and every blob', async () => {
  const backup = await openBackup(file);
  expect(backup.damaged).toEqual([]);
  for (const kind of KINDS) expect(stringify([...backup.records[kind]])).toBe(stringify([...kept.records[kind]]));
  expect(await hashBlobs(backup)).toEqual(backup.manifest.blobs.map(({ sha256 }) => sha256));
  expect(new Set(await hashBlobs(backup))).toEqual(new Set(kept.blobs.keys()));
});

test('its contents are told for people, and counted', async () => {
  const { contents } = await openBackup(file);
  expect(contents).toMatchObject({ schema: SCHEMA, app: '1.2.3', createdAt: 77, chosen: null, missing: [] });
  expect(contents.models).toEqual([
    { name: 'a', versions: [1, 2] },
    { name: 'b', versions: [1] },
  ]);
  expect(contents.datasets).toHaveLength(2);
  expect(contents.counts).toEqual({
    dataset: 2,
    recipe: 4,
    run: 4,
    model: 2,
    version: 3,
    checkpoint: 1,
    artifact: 0,
    batch: 0,
    log: 4,
    blobs: 8,
  });
});

test('the same workspace gives the same bytes; the clock is in the manifest alone', async () => {
  expect(await (await writeKept(kept)).bytes()).toEqual(await file.bytes());
});

test('it is a plain archive: names say what is in it, and its blobs are the files themselves', async () => {
  const [dataset] = kept.records.dataset.values();
  const source = dataset.content && 'source' in dataset.content ? dataset.content.source : '';
  expect(text(`blobs/${source}`)).toBe('x,y\n1,2\n');
  expect(Object.keys(entries)).toContain('records/version.jsonl');
});

test('a model with its lineage is its versions, their runs, recipes and data sets, and nothing else', async () => {
  const only = { ...kept, records: lineageOf(kept.records, ['a']) };
  const backup = await openBackup(await writeKept(only, { models: ['a'] }));
  expect(backup.contents.chosen).toEqual(['a']);
  expect([...backup.records.model.keys()]).toEqual(['a']);
  expect([...backup.records.version.keys()]).toEqual(['1', '3']);
  expect([...backup.records.run.keys()]).toEqual(['1', '3']);
  expect(backup.records.recipe.size).toBe(2);
  expect(backup.records.dataset.size).toBe(1);
  expect(backup.records.checkpoint.size).toBe(0);
  expect(backup.manifest.blobs).toHaveLength(4);
  expect(() => lineageOf(kept.records, ['c'])).toThrow(/^unknown model 'c': there is none.*There are 'a', 'b'/);
});

test('what cannot be read is left out and named, and the rest is there', async () => {
  const [lost] = kept.blobs.keys();
  const readBlob = async (hash: string) => {
    if (hash === lost) throw new UserError('invalid', `blob ${hash}: the disk gives other bytes.`);
    return kept.blobs.get(hash)!;
  };
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const blob = new Response(readable as ReadableStream<Uint8Array<ArrayBuffer>>).blob();
  const source = { records: kept.records, missing: ['a record'], lastRun: 4, readBlob };
  const contents = await writeBackup(source, writable, { app: '', createdAt: 0, models: null });
  expect(contents.missing).toEqual(['a record', `invalid blob ${lost}: the disk gives other bytes.`]);
  const backup = await openBackup(await blob);
  expect(backup.damaged).toEqual([
    { what: expect.stringMatching(/^data set/), why: expect.stringContaining('content') },
  ]);
  expect(backup.records.dataset.size).toBe(1);
  expect(backup.records.version.size).toBe(3);
});

test('a sealed backup says nothing without its passphrase, and all with it', async () => {
  const sealed = await writeKept(kept, { passphrase: 'words' });
  const raw = Buffer.from(await sealed.bytes());
  for (const clue of [
    'recipeId',
    'records',
    'x,y',
    'kernel',
    'data d1',
    ...kept.blobs.keys(),
    ...kept.records.recipe.keys(),
  ]) {
    expect(raw.includes(clue), clue).toBe(false);
  }
  expect((await readBackup(sealed)).sealed).toBe(true);
  expect((await readBackup(file)).sealed).toBe(false);
  await refused(sealed, /^missing passphrase: backup 'kept.zip' is sealed/);
  await refused(sealed, /^invalid passphrase: it is not the one/, 'wrong');
  const backup = await openBackup(sealed, 'words');
  expect(backup.damaged).toEqual([]);
  for (const kind of KINDS) expect(stringify([...backup.records[kind]])).toBe(stringify([...kept.records[kind]]));
  expect(new Set(await hashBlobs(backup))).toEqual(new Set(kept.blobs.keys()));
});

test('a sealed backup notices every change: damage, exchange, truncation, a manifest of another', async () => {
  const sealed = await unzip(await writeKept(kept, { passphrase: 'words' }));
  const other = await unzip(await writeKept(kept, { passphrase: 'words' }));
  const flipped = sealed['manifest.json'].map((byte, i) => (i === 60 ? byte ^ 1 : byte));
  await refused(await zip({ ...sealed, 'manifest.json': flipped }), /^invalid backup '.*': it is damaged/, 'words');
  await refused(
    await zip({ ...sealed, 'manifest.json': other['manifest.json'] }),
    /^invalid backup '.*damaged/,
    'words',
  );
  await refused(await zip({ ...sealed, 'seal.json': '{"format":"lathe-seal"}' }), /seal header/, 'words');
  await refused(await zip({ ...sealed, 'seal.json': '[]' }), /^invalid seal header/, 'words');
  const names = Object.keys(sealed).filter((name) => name.startsWith('sealed/'));
  const [a, b] = names.filter((name) => sealed[name].length === sealed[names.at(-2)!].length);
  const swapped = { ...sealed, [a]: sealed[b], [b]: sealed[a] };
  const backup = await openBackup(await zip(swapped), 'words');
  await expect(hashBlobs(backup)).rejects.toThrow(/^invalid backup.*'sealed\/\d+': it is damaged/);
  expect((await openBackup(await zip({ ...sealed, 'sealed/1': other['sealed/1'] }), 'words')).damaged).not.toEqual([]);
});

test('a backup of a newer Lathe is refused, and says so', async () => {
  await refused(
    await withManifest((m) => ({ ...m, schema: SCHEMA + 1 })),
    /^unsupported backup.*newer Lathe \(schema 5, this one/,
  );
  await refused(await withManifest((m) => ({ ...m, version: 2 })), /^unsupported backup .*newer Lathe/);
  const changed = { format: 'lathe-backup', version: 2, everything: 'else' };
  await refused(await withManifest(() => changed), /^unsupported backup .*newer Lathe/);
});

test('a backup of an older schema is led to this one, step by step', async () => {
  const older = await withManifest((m) => ({ ...m, schema: 1 }));
  await refused(older, /^invalid backup.*there are no backups of schema 1/);
  const steps = {
    1: (records: Map<string, Map<string, unknown>>) => {
      for (const version of records.get('version')!.values()) (version as { note: string }).note += 'one';
    },
    2: (records: Map<string, Map<string, unknown>>) => {
      for (const version of records.get('version')!.values()) (version as { note: string }).note += ' two';
    },
    3: () => {},
  };
  const backup = await (await readBackup(older, steps)).open();
  expect([...backup.records.version.values()].map(({ note }) => note)).toEqual(['one two', 'one two', 'one two']);
});

test('a backup of schema 3, in which a run had its log in its record, is the same as one of today', async () => {
  const { run, log, version, ...others } = kept.records;
  const old = {
    ...others,
    run: new Map([...run].map(([key, { last: _last, ...facts }]) => [key, { ...facts, log: log.get(key)!.epochs }])),
    log: new Map(),
    version: new Map([...version].map(([key, { epochs: _epochs, ...facts }]) => [key, facts])),
  } as unknown as RecordMaps;
  const written = await unzip(await writeKept({ ...kept, records: old }));
  const manifest = JSON.parse(new TextDecoder().decode(written['manifest.json'])) as Manifest;
  const backup = await openBackup(
    await zip({ ...written, 'manifest.json': JSON.stringify({ ...manifest, schema: 3 }) }),
  );
  expect(backup.damaged).toEqual([]);
  for (const kind of KINDS) expect(stringify([...backup.records[kind]])).toBe(stringify([...kept.records[kind]]));
});

test('one wrong hash is listed, and the rest is there', async () => {
  const backup = await openBackup(
    await withRecord('version', (json) => json.replace('"note":""', '"note":"!"'), false),
  );
  expect(backup.damaged).toEqual([{ what: 'the version of run 1', why: 'its hash is not right' }]);
  expect([...backup.records.version.keys()]).toEqual(['2', '3']);
  expect(backup.records.run.size).toBe(4);
});

test('what refers to what is not there is listed: a run without its recipe, a version without its run', async () => {
  const noRun = await openBackup(await withRecord('run', (json) => json.replace('"id":1', '"id":9')));
  expect(noRun.damaged.map(({ what, why }) => `${what}: ${why}`)).toEqual([
    'run 1: it is kept under the name of another',
    "version 'a@1': its run 1 is damaged or not there",
  ]);
  const noRecipe = await openBackup(await withRecord('recipe', (json) => json.replace('"seed":1', '"seed":2')));
  expect(noRecipe.damaged.map(({ what }) => what)).toEqual([
    expect.stringMatching(/^recipe/),
    'run 1',
    "version 'a@1'",
  ]);
  const blobless = await openBackup(
    await withManifest((m) => {
      const weights = [...kept.records.version.values()][0].trained;
      m.blobs = m.blobs.filter(({ sha256 }) => sha256 !== weights);
      m.counts.blobs = m.blobs.length;
    }),
  );
  expect(blobless.damaged.map(({ what }) => what)).toEqual(["version 'a@1'"]);
});

test('records that are of no right shape are listed by field, whatever their hash says', async () => {
  const why = async (kind: string, change: (json: string) => string) =>
    (await openBackup(await withRecord(kind, change))).damaged[0]?.why;
  expect(await why('version', (json) => json.replace(/"metrics":\{.*?\}/, '"metrics":5'))).toMatch(/'metrics'/);
  expect(await why('version', (json) => json.replace('"number":1', '"number":-1'))).toMatch(/'number'/);
  expect(await why('version', (json) => json.replace('"id":"a@1"', '"id":"b@1"'))).toMatch(/its id 'b@1'/);
  expect(await why('dataset', (json) => json.replace('"rows":2', '"rows":"2"'))).toMatch(/'rows'/);
  expect(await why('run', (json) => json.replace('"state":"finished"', '"state":"odd"'))).toMatch(/'state'/);
  expect(await why('model', (json) => json.replace('"champion"', '"<img onerror=1>"'))).toMatch(/'aliases.0.name'/);
  const withHistory = (move: string) => (json: string) =>
    json.replace('"lastNumber"', `"history":[${move}],"lastNumber"`);
  expect(await why('model', withHistory('{"alias":"a","at":5,"from":null,"to":1,"why":"set"}'))).toBeUndefined();
  expect(await why('model', withHistory('{"alias":"a","at":5,"from":null,"to":"1","why":"set"}'))).toMatch(
    /'history.0.to'/,
  );
  expect(await why('model', () => 'null')).toBeDefined();
  expect(await why('model', () => '{"$":5}')).toMatch(/no record/);
  expect(await why('model', () => '{"$":["array",[1]]}')).toMatch(/no record/);
  expect(await why('model', (json) => `${json} `)).toMatch(/no record/);
  expect(await why('model', (json) => json.replace('{', '{"__proto__":{"polluted":1},'))).toBeUndefined();
});

test('a million nested arrays are no record and no manifest', async () => {
  const nested = `${'['.repeat(1e6)}${']'.repeat(1e6)}`;
  const backup = await openBackup(await withRecord('model', () => nested));
  expect(backup.damaged[0].what).toBe("model 'a'");
  await refused(await zip({ ...entries, 'manifest.json': nested }), /^invalid backup .* no backup of Lathe/);
  const deep = `{"format":"lathe-backup","version":1,"records":${nested}}`;
  await refused(await zip({ ...entries, 'manifest.json': deep }), /^invalid backup .* no backup of Lathe/);
});

test('what is no backup at all is refused by name', async () => {
  const not = /^invalid backup 'f': it is no backup of Lathe, or is damaged/;
  await refused(new File([], 'f'), not);
  await refused(new File(['hello'], 'f'), not);
  await refused(new File([new Uint8Array(100_000)], 'f'), not);
  await refused(new File([await (await zip({ 'a/1.png': 'x' })).bytes()], 'f'), not);
  await refused(new File([await (await zip({ 'manifest.json': 'x' })).bytes()], 'f'), not);
  await refused(new File([await (await zip({ 'manifest.json': '{}' })).bytes()], 'f'), not);
  await refused(new File([await (await zip({ 'manifest.json': '{"format":"other"}' })).bytes()], 'f'), not);
});

test('a truncated backup is refused wherever it is cut', async () => {
  for (let length = 0; length < file.size; length += 997)
    await refused(file.slice(0, length), /^(invalid|unsupported) backup/);
  await refused(file.slice(0, file.size - 1), /^invalid backup/);
});

test('a damaged manifest is refused by the field', async () => {
  const damaged = /^invalid backup 'kept.zip': its manifest is damaged/;
  await refused(await withManifest((m) => ({ ...m, records: 5 })), damaged);
  await refused(await withManifest((m) => ({ ...m, blobs: [{ entry: 'a', sha256: '../up', sizeBytes: 1 }] })), damaged);
  await refused(await withManifest((m) => ({ ...m, lastRun: 1e300 })), damaged);
  await refused(await withManifest((m) => ({ ...m, createdAt: 'today' })), damaged);
  await refused(await withManifest((m) => ({ ...m, counts: { ...m.counts, run: 5 } })), /lists 4 of 5 run/);
  await refused(await withManifest((m) => ({ ...m, records: { ...m.records, odd: m.records.run } })), /no 'odd'/);
});

test('names that point elsewhere, collide or are doubled are refused', async () => {
  for (const name of ['../up', '/etc/passwd', 'C:\\x', 'a\\b', 'a/../b']) {
    await refused(await zip({ ...entries, [name]: 'x' }), /^invalid backup .* points outside/);
  }
  await refused(await zip({ ...entries, 'MANIFEST.json': 'x' }), /^invalid backup .* two entries/);
});

test('sizes that lie are seen: in the manifest, and in the archive', async () => {
  const lying = await openBackup(await withManifest((m) => void (m.blobs[0].sizeBytes += 1)));
  expect(await hashBlobs(lying)).toContain('nothing');
  const greedy = await openBackup(await withManifest((m) => void (m.records.run.items[0].sizeBytes = 2 ** 40)));
  expect(greedy.damaged.length).toBeGreaterThanOrEqual(4);
});

test('a flipped byte anywhere is refused or listed, or changes nothing, and is never taken for right', async () => {
  const bytes = await file.bytes();
  const rights = new Set(kept.blobs.keys());
  for (let at = 5; at < bytes.length; at += 211) {
    const bad = new File([bytes.map((byte, i) => (i === at ? byte ^ 0x10 : byte)) as Uint8Array<ArrayBuffer>], 'f');
    try {
      const backup = await openBackup(bad);
      const hashes = await hashBlobs(backup);
      const isWrong = hashes.some((hash) => !rights.has(hash));
      for (const kind of KINDS) {
        for (const [key, value] of backup.records[kind]) {
          expect(stringify(value)).toBe(stringify(kept.records[kind].get(key)));
        }
      }
      if (!isWrong && backup.damaged.length === 0) expect(new Set(hashes)).toEqual(new Set(kept.blobs.keys()));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
});

test('an aborted backup ends its stream with an error, and so does one whose disk is full', async () => {
  const source = { records: kept.records, missing: [], lastRun: 4, readBlob: async (h: string) => kept.blobs.get(h)! };
  const facts = { app: '', createdAt: 0, models: null };
  const abort = new AbortController();
  let ended: unknown = null;
  const stopped = new WritableStream<Uint8Array>({ abort: (reason) => void (ended = reason) });
  abort.abort();
  await expect(writeBackup(source, stopped, { ...facts, signal: abort.signal })).rejects.toThrow(
    'stopped by the caller',
  );
  expect(ended).not.toBeNull();
  const full = new WritableStream<Uint8Array>({
    write() {
      throw new DOMException('full', 'QuotaExceededError');
    },
  });
  await expect(writeBackup(source, full, facts)).rejects.toThrow(
    /^unsupported storage: there is no room for the backup/,
  );
});

const hasPython = spawnSync('python3', ['-c', 'import zipfile, hashlib']).status === 0;

test.skipIf(!hasPython)("Python's zipfile finds every hash of the manifest right", () => {
  const folder = mkdtempSync(join(tmpdir(), 'backup-'));
  const path = join(folder, 'kept.zip');
  return file.bytes().then((bytes) => {
    writeFileSync(path, bytes);
    const script = `
import hashlib, json, sys, zipfile
z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None
m = json.loads(z.read('manifest.json')); n = 0
for b in m['blobs']:
    assert hashlib.sha256(z.read(b['entry'])).hexdigest() == b['sha256']; n += 1
for kind in m['records'].values():
    for item, line in zip(kind['items'], z.read(kind['entry']).split(b'\\n')):
        assert hashlib.sha256(line).hexdigest() == item['sha256'] and len(line) == item['sizeBytes']; n += 1
print(n)`;
    const checked = execFileSync('python3', ['-c', script, path], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(Number(checked)).toBe(8 + 2 + 4 + 4 + 4 + 2 + 3 + 1);
  });
});
