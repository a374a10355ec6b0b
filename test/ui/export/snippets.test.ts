import { describe, expect, it } from 'vitest';
import {
  onnxPorts,
  pythonSnippet,
  tfjsSnippet,
  webSnippet,
  type SnippetFacts,
} from '../../../src/ui/export/snippets.ts';

const table: SnippetFacts = {
  file: 'shop@1.onnx',
  form: {
    fields: [
      { kind: 'number', column: 'price "net"', type: 'number', min: 0, max: 9, fill: 4.5 },
      { kind: 'category', column: 'label', type: 'category', options: ['a', 'b'], fill: 'a' },
      { kind: 'number', column: '__proto__', type: 'date', min: 0, max: 9, fill: 19000 },
    ],
    image: null,
    example: { 'price "net"': 2.5, label: 'b', ['__proto__']: '2022-01-08' },
  },
  labels: ['no', 'yes'],
};
const images: SnippetFacts = {
  file: 'digits@1.onnx',
  form: { fields: [], image: { height: 8, width: 6, channels: 1 }, example: null },
  labels: ['0', '1', '2'],
};

describe('onnxPorts', () => {
  it('names each column with its type, and lets an output give way to a column of its name', () => {
    const { inputs, outputs } = onnxPorts(table);
    expect(inputs.map(({ name, type }) => [name, type])).toEqual([
      ['price "net"', 'float32'],
      ['label', 'string'],
      ['__proto__', 'float32'],
    ]);
    expect(outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['predicted_label', '[batch]'],
      ['probabilities', '[batch, 2]'],
    ]);
  });

  it('gives one value where there are no labels', () => {
    expect(onnxPorts({ ...table, labels: [] }).outputs.map(({ name }) => name)).toEqual(['value']);
  });
});

describe('snippets', () => {
  it('carry the example row, with awkward names quoted and a date as its number', () => {
    const python = pythonSnippet(table);
    expect(python).toContain('    "price \\"net\\"": 2.5,');
    expect(python).toContain('    "label": "b",');
    expect(python).toContain('    "__proto__": 19000,');
    expect(python).toContain('session.run(["predicted_label", "probabilities"], inputs)');
    expect(webSnippet(table)).toContain('["__proto__", 19000],');
    expect(tfjsSnippet(table)).toContain('["label", "b"],');
  });

  it('take an image of the size of the network', () => {
    expect(pythonSnippet(images)).toContain('.convert("L").resize((6, 8), Image.BOX)');
    expect(pythonSnippet(images)).toContain('reshape(1, 8, 6, 1)');
    expect(webSnippet(images)).toContain('[1, 8, 6, 1]');
  });
});
