import { describe, expect, it } from 'vitest';
import { pythonSnippet, tfjsSnippet, webSnippet, type SnippetFacts } from '../../../src/ui/export/snippets.ts';

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
  ports: {
    inputs: [
      { name: 'price "net"', type: 'float32', dims: ['batch', 1] },
      { name: 'label', type: 'string', dims: ['batch', 1] },
      { name: '__proto__', type: 'float32', dims: ['batch', 1] },
    ],
    outputs: [
      { name: 'predicted_label', type: 'string', dims: ['batch'] },
      { name: 'probabilities', type: 'float32', dims: ['batch', 2] },
    ],
  },
  labels: ['no', 'yes'],
};
const images: SnippetFacts = {
  file: 'digits@1.onnx',
  form: { fields: [], image: { height: 8, width: 6, channels: 1 }, example: null },
  ports: {
    inputs: [{ name: 'image', type: 'float32', dims: ['batch', 8, 6, 1] }],
    outputs: [
      { name: 'label', type: 'string', dims: ['batch'] },
      { name: 'probabilities', type: 'float32', dims: ['batch', 3] },
    ],
  },
  labels: ['0', '1', '2'],
};

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
