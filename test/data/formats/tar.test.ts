import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeTar } from '../../../src/data/formats/tar.ts';

it('is an archive that tar takes apart, file by file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lathe-tar-'));
  const contents = { 'a.txt': 'x'.repeat(512), 'deep/b.txt': 'hello', empty: '' };
  const entries = Object.entries(contents).map(([name, text]) => ({ name, content: new Blob([text]) }));
  writeFileSync(join(folder, 'all.tar'), await writeTar(entries, 1e12).bytes());
  execFileSync('tar', ['-xf', 'all.tar'], { cwd: folder });
  for (const [name, text] of Object.entries(contents)) expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
  rmSync(folder, { recursive: true });
});

it('refuses names that do not fit', () => {
  for (const name of ['x'.repeat(101), 'é', '']) {
    expect(() => writeTar([{ name, content: new Blob() }], 0)).toThrow('tar');
  }
});
