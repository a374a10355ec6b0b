// What comes out is read back by PyYAML in .ci/oracle.py, in the files of the bundles.

import { expect, it } from 'vitest';
import { writeYaml } from '../../src/base/yaml.ts';

it('writes blocks of mappings and lists, with keys in their order', () => {
  expect(
    writeYaml({
      kind: 'Pod',
      spec: { ports: [{ name: 'http', port: 80 }, { args: ['a', ['b']] }], none: null, empty: [], nothing: {} },
    }),
  ).toBe(`kind: Pod
spec:
  ports:
    - name: http
      port: 80
    - args:
        - a
        - - b
  none:
  empty: []
  nothing: {}
`);
});

it('quotes what could be taken for something else than text', () => {
  for (const text of [
    'no',
    'True',
    'null',
    '',
    '1.0',
    '0x1',
    '2024-05-06',
    'a: b',
    '- a',
    '#',
    '~',
    ' a',
    'a ',
    '*a',
  ]) {
    expect(writeYaml(text)).toBe(`${JSON.stringify(text)}\n`);
  }
  expect(writeYaml('a\n"b"\u0085\u2028')).toBe('"a\\n\\"b\\"\\u0085\\u2028"\n');
  expect(writeYaml('two words/x.y')).toBe('two words/x.y\n');
});

it('writes numbers that every version reads as numbers, and refuses one that is none', () => {
  expect(writeYaml([1, -0.5, 1e-7, 1.5e300])).toBe('- 1\n- -0.5\n- 1.0e-7\n- 1.5e+300\n');
  expect(() => writeYaml(NaN)).toThrow(TypeError);
});
