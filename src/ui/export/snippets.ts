// Code to copy that runs an exported model on one example, made for this very model's columns. Pure text.

import type { Row } from '../../data/table.ts';
import type { Port, Ports } from '../../export/ports.ts';
import type { PredictForm } from '../../worker/api.ts';

export interface SnippetFacts {
  /** name of the exported file */
  file: string;
  form: PredictForm;
  ports: Ports;
  /** class labels in the order of the outputs; [] where a value is predicted */
  labels: string[];
}

/** The columns with one value each, as the file takes them: from the example row where that can be, else what fills a gap. */
function exampleValues({ fields, example }: PredictForm): (number | string)[] {
  return fields.map((field) => {
    const given = Object.hasOwn(example ?? {}, field.column) ? (example as Row)[field.column] : null;
    if (field.kind === 'number') return typeof given === 'number' && Number.isFinite(given) ? given : field.fill;
    const text = given === null ? '' : String(given);
    return text !== '' ? text : field.fill || (field.options[0] ?? '');
  });
}

/** Python with onnxruntime. */
export function pythonSnippet(facts: SnippetFacts): string {
  const { form, labels } = facts;
  const { inputs, outputs } = facts.ports;
  const names = outputs.map(({ name }) => JSON.stringify(name)).join(', ');
  const run =
    labels.length === 0
      ? [`(value,) = session.run([${names}], inputs)`, 'print(value[0, 0])']
      : [`label, probabilities = session.run([${names}], inputs)`, 'print(label[0], probabilities[0])'];
  const { image } = form;
  if (image) {
    const { height, width, channels } = image;
    return lines([
      '# pip install onnxruntime numpy pillow',
      'import numpy as np',
      'import onnxruntime',
      'from PIL import Image',
      '',
      `session = onnxruntime.InferenceSession(${JSON.stringify(facts.file)})`,
      `picture = Image.open("picture.png").convert("${channels === 1 ? 'L' : 'RGB'}").resize((${width}, ${height}), Image.BOX)`,
      `pixels = np.asarray(picture, dtype=np.float32).reshape(1, ${height}, ${width}, ${channels})  # 0..255`,
      'inputs = {"image": pixels}',
      ...run,
    ]);
  }
  const values = exampleValues(form);
  return lines([
    '# pip install onnxruntime numpy',
    'import numpy as np',
    'import onnxruntime',
    '',
    `session = onnxruntime.InferenceSession(${JSON.stringify(facts.file)})`,
    'row = {',
    ...inputs.map(({ name }, i) => `    ${JSON.stringify(name)}: ${JSON.stringify(values[i])},`),
    '}',
    'inputs = {',
    '    name: np.array([[value]], dtype=object if isinstance(value, str) else np.float32)',
    '    for name, value in row.items()',
    '}',
    ...run,
  ]);
}

/** JavaScript with onnxruntime-web. */
export function webSnippet(facts: SnippetFacts): string {
  const { form, labels } = facts;
  const { inputs, outputs } = facts.ports;
  const read = (port: Port) => `outputs[${JSON.stringify(port.name)}].data`;
  const run = [
    'const outputs = await session.run(inputs);',
    labels.length === 0
      ? `console.log(${read(outputs[0])}[0]);`
      : `console.log(${read(outputs[0])}[0], ${read(outputs[1])});`,
  ];
  const open = [
    '// npm install onnxruntime-web',
    "import * as ort from 'onnxruntime-web';",
    '',
    `const session = await ort.InferenceSession.create(${JSON.stringify(facts.file)});`,
  ];
  const { image } = form;
  if (image) {
    const { height, width, channels } = image;
    const pixel =
      channels === 1
        ? 'pixels[i] = 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2];'
        : 'for (let c = 0; c < 3; c++) pixels[3 * i + c] = data[4 * i + c];';
    return lines([
      ...open,
      `const canvas = new OffscreenCanvas(${width}, ${height});`,
      "const context = canvas.getContext('2d');",
      `context.drawImage(document.querySelector('img'), 0, 0, ${width}, ${height});`,
      `const { data } = context.getImageData(0, 0, ${width}, ${height});`,
      `const pixels = new Float32Array(${height * width * channels}); // 0..255`,
      `for (let i = 0; i < ${height * width}; i++) {`,
      `  ${pixel}`,
      '}',
      `const inputs = { image: new ort.Tensor('float32', pixels, [1, ${height}, ${width}, ${channels}]) };`,
      ...run,
    ]);
  }
  const values = exampleValues(form);
  return lines([
    ...open,
    'const row = [',
    ...inputs.map(({ name }, i) => `  [${JSON.stringify(name)}, ${JSON.stringify(values[i])}],`),
    '];',
    'const inputs = Object.fromEntries(',
    '  row.map(([name, value]) => [',
    '    name,',
    "    new ort.Tensor(typeof value === 'string' ? 'string' : 'float32', [value], [1, 1]),",
    '  ]),',
    ');',
    ...run,
  ]);
}

/** JavaScript with TensorFlow.js; preparing and predicting are in the module that the file's README prints. */
export function tfjsSnippet({ form }: SnippetFacts): string {
  const values = exampleValues(form);
  const example = form.image
    ? ["const examples = [document.querySelector('img')];"]
    : [
        'const examples = [',
        '  Object.fromEntries([',
        ...form.fields.map(({ column }, i) => `    [${JSON.stringify(column)}, ${JSON.stringify(values[i])}],`),
        '  ]),',
        '];',
      ];
  return lines([
    '// Unzip the file and save the block of code in its README.md as model.js, beside model.json.',
    '// npm install @tensorflow/tfjs',
    "import { loadModel, predict } from './model.js';",
    '',
    "const model = await loadModel('./model.json');",
    ...example,
    'console.log(await predict(model, examples));',
  ]);
}

function lines(all: string[]): string {
  return `${all.join('\n')}\n`;
}
