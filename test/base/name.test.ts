import { describe, expect, it } from 'vitest';
import { fileName } from '../../src/base/fileName.ts';
import { checkName, mendName } from '../../src/base/name.ts';
import { PAYLOADS } from '../e2e/hostile/payloads.ts';

const NAMES = PAYLOADS.map(({ name }) => name);

describe('the name of a file', () => {
  it.each(NAMES)('made of %j is one that every file system takes', (name) => {
    const made = `${fileName(name, 'model')}-v1.onnx`;
    expect(made).toMatch(/^[\p{L}\p{N}\p{M}._-]+$/u);
    expect(made).not.toMatch(/^[.-]|\.\.\/|[. ]$/);
    expect(new TextEncoder().encode(made).length).toBeLessThanOrEqual(255);
  });

  it.each([
    ['CON', 'CON_'],
    ['lpt1.txt', 'lpt1_.txt'],
    ['console', 'console'],
    ['../../etc/passwd', 'etc-passwd'],
    ['...', 'model'],
    ['\0\r\n', 'model'],
    ['<b>', 'b'],
    ['e\u0301t\u00e9', '\u00e9t\u00e9'],
    ['नमस्ते', 'नमस्ते'],
    ['模'.repeat(300), '模'.repeat(50)],
  ])('made of %j is %j', (name, made) => {
    expect(fileName(name, 'model')).toBe(made);
  });
});

describe('the name that a person gives', () => {
  it('is kept as it is, markup and all, without the blanks around it', () => {
    expect(checkName('model', ' <b>é 👩‍👩‍👧</b> ')).toBe('<b>é 👩‍👩‍👧</b>');
  });

  it.each([
    [' ', /^missing model name: it is empty/],
    ['x'.repeat(201), /201 characters, at most 200/],
    ['a\nb', /^invalid model name 'a\\u000ab': \\u000a in it cannot be shown/],
    ['a\u202eb', /\\u202e/],
    ['half \ud83d', /\\ud83d/],
  ])('is refused where it is %j', (name, says) => {
    expect(() => checkName('model', name)).toThrow(says);
  });

  it.each(NAMES)('is mended to one that is taken where a file brings %j along', (name) => {
    const mended = mendName(name, 'data');
    expect(checkName('data set', mended)).toBe(mended);
  });

  it('is changed no more than need be by mending', () => {
    expect(mendName('a\r\nb\u202ec', 'data')).toBe('a  b c');
    expect(mendName(`${'x'.repeat(199)}👩`, 'data')).toBe('x'.repeat(199));
    expect(mendName('\0', 'data')).toBe('data');
  });
});
