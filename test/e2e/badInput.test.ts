// Bad input gets an error that names what is wrong, or a repair that is counted and shown; nothing is stored by it, and
// the page stays usable.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Dataset } from '../../src/worker/api.ts';
import { launchApp, SAMPLES, type App } from './app.ts';

let app: App;
let page: Page;
beforeAll(async () => {
  app = await launchApp();
  page = await app.open();
});
afterAll(() => app.close());

type Bytes = Uint8Array | string;
const bytesOf = (content: Bytes) => (typeof content === 'string' ? Buffer.from(content) : Buffer.from(content));

type Outcome = { dataset: Dataset } | { name: string; code: string; message: string };

/** Imports a file; afterwards nothing of a failed import may be kept and the page must still answer. */
async function importFile(name: string, content: Bytes): Promise<Outcome> {
  return page.evaluate(
    async ({ name, base64 }) => {
      const before = (await window.lathe.datasets()).length;
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      try {
        return { dataset: await window.lathe.importFiles([new File([bytes], name)]) };
      } catch (error) {
        const { name, code, message } = error as Error & { code: string };
        const after = (await window.lathe.datasets()).length;
        if (after !== before) throw new Error('a failed import left a data set behind', { cause: error });
        if (Object.keys(Object.prototype).length > 0) throw new Error('Object.prototype was changed', { cause: error });
        return { name, code, message };
      }
    },
    { name, base64: bytesOf(content).toString('base64') },
  );
}

/** A zip, written here so that it can lie. */
function zip(entries: { name: string; data: Buffer; size?: number; crc?: number }[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const { name, data, size = data.length, crc = crc32(data) } of entries) {
    const packed = deflateRawSync(data);
    const path = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x800, 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc, 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(size, 18);
    common.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, path, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    centrals.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, tail, path]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

const DIGITS = readFileSync(join(SAMPLES, 'digits.zip'));
const PNG_HEAD = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');

const REFUSED: { what: string; file: string; content: () => Bytes; says: RegExp }[] = [
  { what: 'an empty file', file: 'empty.csv', content: () => '', says: /empty/i },
  { what: 'a header without rows', file: 'header.csv', content: () => 'a,b,c\n', says: /no rows|no data|header/i },
  { what: 'an unterminated quote', file: 'quote.csv', content: () => 'a,b\n1,"two\n3,4\n5,6\n', says: /quote/i },
  {
    what: 'a binary named .csv',
    file: 'binary.csv',
    content: () => Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * 7919) % 256)),
    says: /binary|NUL|not.*text|not.*csv/i,
  },
  {
    what: 'a truncated zip',
    file: 'cut.zip',
    content: () => DIGITS.subarray(0, DIGITS.length / 2),
    says: /zip|truncated|damaged|incomplete/i,
  },
  {
    what: 'a zip bomb',
    file: 'bomb.zip',
    content: () => zip([{ name: 'a/bomb.png', data: Buffer.alloc(80_000_000) }]),
    says: /bomb|ratio|times|expand|unpack/i,
  },
  {
    what: '`../` in a zip',
    file: 'climb.zip',
    content: () => zip([{ name: '../../etc/evil.png', data: PNG_HEAD }]),
    says: /\.\.\//,
  },
  {
    what: 'a zip whose checksum is wrong',
    file: 'crc.zip',
    content: () => zip([{ name: 'a/b.csv', data: Buffer.from('a,b\n1,2\n'), crc: 1 }]),
    says: /checksum|CRC|damaged|signature/i,
  },
  {
    what: 'a broken image',
    file: 'broken.png',
    content: () => Buffer.concat([PNG_HEAD, Buffer.from('0000000800000008', 'hex'), Buffer.alloc(50, 7)]),
    says: /image|png/i,
  },
  {
    what: 'an image of 60,000 by 60,000',
    file: 'huge.png',
    content: () => {
      const head = Buffer.concat([PNG_HEAD, Buffer.alloc(30)]);
      head.writeUInt32BE(60000, 16);
      head.writeUInt32BE(60000, 20);
      return head;
    },
    says: /megapixel|60,?000|large/i,
  },
  { what: 'an SVG', file: 'drawing.svg', content: () => '<svg xmlns="http://www.w3.org/2000/svg"/>', says: /svg/i },
  { what: 'HTML named .png', file: 'page.png', content: () => '<!doctype html><p>not found', says: /html|image/i },
];

test.each(REFUSED)(
  '$what is refused by name, within two seconds, and nothing is stored',
  async ({ file, content, says }) => {
    const startedAt = performance.now();
    const outcome = await importFile(file, content());
    const seconds = (performance.now() - startedAt) / 1000;
    expect(outcome).toMatchObject({
      name: 'UserError',
      code: expect.stringMatching(/^(invalid|unknown|missing|unsupported)$/),
    });
    if ('message' in outcome) {
      console.log(`${seconds.toFixed(2)} s  ${outcome.message}`);
      expect(outcome.message).toMatch(says);
      expect(outcome.message.startsWith(outcome.code)).toBe(true);
    }
  },
);

const REPAIRED: { what: string; file: string; content: string; says: RegExp; columns: string[] }[] = [
  {
    what: 'ragged rows',
    file: 'ragged.csv',
    content: 'a,b,c\n1,2,x\n1,2\n3,4,y,9\n5,6,z\n',
    says: /row/i,
    columns: ['a', 'b', 'c'],
  },
  {
    what: 'duplicate headers',
    file: 'twice.csv',
    content: 'a,a,c\n1,2,x\n3,4,y\n',
    says: /a_2|a \(2\)|renamed/i,
    columns: ['a', expect.stringContaining('a'), 'c'] as string[],
  },
];

test.each(REPAIRED)('$what are repaired, counted and shown', async ({ file, content, says, columns }) => {
  const outcome = await importFile(file, content);
  if (!('dataset' in outcome)) throw new Error(outcome.message);
  const { repairs } = outcome.dataset;
  console.log(repairs.map((repair) => `${repair.count} ${repair.kind}: ${repair.message}`).join('\n'));
  expect(repairs.some((repair) => repair.count > 0 && says.test(repair.message))).toBe(true);
  expect(outcome.dataset.columns.map((column) => column.name)).toEqual(columns);
});

test('`__proto__`, `constructor` and `toString` are columns like any other, from import to prediction', async () => {
  const lines = Array.from({ length: 60 }, (_, i) => `${i % 7},${(i * 13) % 11},${i % 3},${i % 2 ? 'yes' : 'no'}`);
  const outcome = await importFile('proto.csv', `__proto__,constructor,toString,class\n${lines.join('\n')}\n`);
  if (!('dataset' in outcome)) throw new Error(outcome.message);
  const result = await page.evaluate(async (id) => {
    const page = await window.lathe.rows(id, { offset: 0, limit: 2 });
    const recipe = await window.lathe.suggestRecipe(id, { target: 'class', seed: 1 });
    recipe.backend = 'cpu';
    recipe.training.epochs = 2;
    const version = await window.lathe.train(recipe);
    const { file } = await window.lathe.exportModel(version.id, 'onnx');
    const [prediction] = await window.lathe.predict(version.id, [page.rows[0]]);
    return {
      keys: Object.keys(page.rows[0]),
      clean: Object.keys(Object.prototype).length === 0,
      size: file.size,
      prediction,
    };
  }, outcome.dataset.id);
  expect(result.keys).toEqual(['__proto__', 'constructor', 'toString', 'class']);
  expect(result.clean).toBe(true);
  expect(result.size).toBeGreaterThan(0);
  expect(result.prediction).toHaveProperty('label');
});

/** What training a table with this target says. */
async function trainFailure(content: string, change = ''): Promise<{ name: string; message: string }> {
  const outcome = await importFile('table.csv', content);
  if (!('dataset' in outcome)) return outcome;
  return page.evaluate(
    async ({ id, change }) => {
      const versions = (await window.lathe.versions()).length;
      try {
        const recipe = await window.lathe.suggestRecipe(id, { target: 'y', seed: 1 });
        recipe.backend = 'cpu';
        if (change === 'hugeRate') {
          recipe.training.optimizer = { kind: 'sgd', learningRate: 1000 };
          recipe.training.epochs = 20;
        }
        await window.lathe.train(recipe);
        return { name: 'none', message: 'it trained' };
      } catch (error) {
        if ((await window.lathe.versions()).length !== versions)
          throw new Error('a version was stored', { cause: error });
        return { name: (error as Error).name, message: (error as Error).message };
      }
    },
    { id: outcome.dataset.id, change },
  );
}

const table = (row: (i: number) => string, header = 'a,b,y') =>
  `${header}\n${Array.from({ length: 80 }, (_, i) => row(i)).join('\n')}\n`;

test.each([
  ['a target with one class', table((i) => `${i},${i % 5},same`), /one class|only|same/i],
  ['a target that is missing everywhere', table((i) => `${i},${i % 5},`), /missing/i],
  ['features that are all constant', table((i) => `1,2,${i % 2 ? 'p' : 'q'}`), /constant|varies|same value/i],
])('%s cannot be learned, and the page says why', async (_, content, says) => {
  const failure = await trainFailure(content);
  console.log(failure.message);
  expect(failure).toMatchObject({ name: 'UserError', message: expect.stringMatching(says) });
});

test('a loss that is not finite stops the training and says what to change', async () => {
  const failure = await trainFailure(
    table((i) => `${i},${(i * i) % 17},${i * 3.5}`),
    'hugeRate',
  );
  console.log(failure.message);
  expect(failure).toMatchObject({ name: 'UserError', message: expect.stringMatching(/loss.*learning rate/is) });
});

test('a model that does not fit says which layer is too large', async () => {
  const message = await page.evaluate(async () => {
    const dataset = await window.lathe.importSample('iris');
    const recipe = await window.lathe.suggestRecipe(dataset.id, { seed: 1 });
    recipe.model = { kind: 'mlp', layers: [{ kind: 'dense', units: 1e9, activation: 'relu' }] };
    return window.lathe.train(recipe).then(
      () => 'it trained',
      (error: Error) => `${error.name} ${error.message}`,
    );
  });
  console.log(message);
  expect(message).toMatch(/^UserError (invalid|unsupported).*(units|layer|dense)/s);
});

test('the page is usable after all of it', async () => {
  const outcome = await page.evaluate(async () => {
    const dataset = await window.lathe.importSample('iris');
    const recipe = await window.lathe.suggestRecipe(dataset.id, { seed: 1 });
    recipe.backend = 'cpu';
    recipe.training.epochs = 2;
    return (await window.lathe.train(recipe)).metrics.accuracy;
  });
  expect(outcome).toBeGreaterThan(0);
  expect(app.complaints.filter((complaint) => !complaint.startsWith('console:'))).toEqual([]);
});
