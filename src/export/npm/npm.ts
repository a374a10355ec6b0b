// A package for npm that runs the model in a web page or in Node with onnxruntime-web, which the user's project brings:
// plain ES modules and types, so that it is installed from its folder without a build.

import { dnsLabel } from '../../base/fileName.ts';
import { expectedRows, MODEL_FILE, smokeTolerance, type BundleFile, type BundleInput } from '../bundle.ts';
import { escapeText } from '../markdown.ts';
import { writeModelCard } from '../modelCard.ts';
import { writeOnnx } from '../onnx.ts';
import { sampleRows } from '../samples.ts';
import { ORT_RANGE, writeSource } from './source.ts';
import { writeTypes } from './types.ts';

/** @returns the files of the zip; the same model gives the same bytes */
export function writeNpm(model: BundleInput): BundleFile[] {
  const name = dnsLabel(model.name, 'model');
  return [
    { name: 'README.md', bytes: writeReadme(model, name) },
    { name: 'package.json', bytes: writePackage(model, name) },
    { name: 'index.js', bytes: writeSource(model) },
    { name: 'index.d.ts', bytes: writeTypes(model) },
    { name: MODEL_FILE, bytes: writeOnnx(model) },
    { name: 'test.mjs', bytes: model.preparation.kind === 'table' ? TEST_ROWS : TEST_IMAGES },
    { name: 'test.json', bytes: writeExpectation(model) },
    { name: 'MODEL_CARD.md', bytes: writeModelCard(model) },
  ];
}

/** Private and without a licence, until whoever hands it on decides. */
function writePackage({ card }: BundleInput, name: string): string {
  const facts = {
    name,
    version: `${card.number}.0.0`,
    private: true,
    description: `A model made with Lathe that predicts ${card.target}`,
    license: 'UNLICENSED',
    type: 'module',
    exports: {
      '.': { types: './index.d.ts', default: './index.js' },
      [`./${MODEL_FILE}`]: `./${MODEL_FILE}`,
      './package.json': './package.json',
    },
    files: ['index.js', 'index.d.ts', MODEL_FILE, 'MODEL_CARD.md'],
    sideEffects: false,
    engines: { node: '>=20' },
    scripts: { test: 'node --test test.mjs' },
    peerDependencies: { 'onnxruntime-web': ORT_RANGE },
  };
  return `${JSON.stringify(facts, null, 2)}\n`;
}

function writeExpectation(model: BundleInput): string {
  const { preparation, labels } = model;
  const input =
    preparation.kind === 'table'
      ? { rows: sampleRows(preparation) }
      : { image: [preparation.height, preparation.width, preparation.channels] };
  return `${JSON.stringify({ ...input, labels, expected: expectedRows(model), tolerance: smokeTolerance(model) })}\n`;
}

function writeReadme(model: BundleInput, name: string): string {
  const { card, preparation, labels } = model;
  const prints = labels.length > 0 ? 'prediction.label, prediction.probabilities' : 'prediction.value';
  return `# ${escapeText(model.name)}, version ${card.number}, for the web

Runs in a web page or in Node with onnxruntime-web. Nothing is sent anywhere: the model is a file of the package.

| file | what it is |
| --- | --- |
| \`index.js\`, \`index.d.ts\` | \`load()\` and \`predict(…)\`, with types for ${preparation.kind === 'table' ? 'the columns' : 'pictures'}${labels.length > 0 ? ' and the labels' : ''} |
| \`model.onnx\` | the model with its preparation |
| \`test.mjs\`, \`test.json\` | predicts made-up examples and compares with what Lathe predicted |
| \`MODEL_CARD.md\` | what the model is, what it learned from, and how well it does |

## Use it

Unzip it into a folder of your project, here \`${name}\`, and:

\`\`\`sh
npm install ./${name} onnxruntime-web
\`\`\`

\`\`\`js
import { predict } from '${name}';

const [prediction] = await predict([${preparation.kind === 'table' ? rowText(preparation) : PICTURE_TEXT(preparation)}]);
console.log(${prints});
\`\`\`

\`load()\` gives a model to keep and to release; \`load({ model: '/models/${MODEL_FILE}' })\` takes it from another address.
onnxruntime-web finds its \`.wasm\` beside its own module: with Vite, put it and this package into \`optimizeDeps.exclude\`.

## Test it

In its folder: \`npm install\`, then \`npm test\`.

## Hand it on

\`package.json\` says \`private\` and \`UNLICENSED\`. Choose a licence, and remove \`private\` to publish it.
`;
}

/** A key `__proto__` sets a prototype, a computed one is a key. */
function rowText(preparation: BundleInput['preparation'] & { kind: 'table' }): string {
  const entries = Object.entries(sampleRows(preparation)[0]).map(([key, value]) => {
    const name = JSON.stringify(key);
    return `    ${key === '__proto__' ? `[${name}]` : name}: ${JSON.stringify(value)},\n`;
  });
  return `\n  {\n${entries.join('')}  },\n`;
}

const PICTURE_TEXT = ({ height, width }: BundleInput['preparation'] & { kind: 'images' }) =>
  `\n  // RGBA pixels of any size, or in a page an image, a file, a canvas\n  { width: ${width}, height: ${height}, data: new Uint8ClampedArray(${4 * height * width}).fill(255) },\n`;

const HEAD = `// Predicts made-up examples and compares with what Lathe predicted: npm test

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { load, predict } from './index.js';

const facts = JSON.parse(readFileSync(new URL('./test.json', import.meta.url), 'utf8'));
`;

const BODY = `
test('predicts what Lathe predicted', async () => {
  const model = await load();
  const predictions = await model.predict(inputs);
  assert.equal(predictions.length, facts.expected.length);
  predictions.forEach((prediction, i) => {
    const { probabilities, value } = prediction;
    const numbers = facts.labels.length > 0 ? facts.labels.map((label) => probabilities[label]) : [value];
    const differences = facts.expected[i].map((value, k) => Math.abs(value - numbers[k]));
    assert.ok(Math.max(...differences) <= facts.tolerance, \`example \${i} differs by \${Math.max(...differences)}\`);
    if (facts.labels.length > 0) {
      assert.equal(prediction.label, facts.labels[numbers.indexOf(Math.max(...numbers))]);
    }
  });
  await model.release();
  assert.deepEqual(await predict(inputs.slice(0, 1)), predictions.slice(0, 1));
  assert.deepEqual(await predict([]), []);
});
`;

const TEST_ROWS = `${HEAD}const inputs = facts.rows;
${BODY}
test('names the row and the column of a value that it cannot take', async () => {
  const [column] = Object.keys(inputs[0]);
  await assert.rejects(predict([inputs[0], Object.fromEntries([[column, []]])]), /^TypeError: row 1, column /);
  await assert.rejects(predict([{}]), /no row has it/);
});
`;

const TEST_IMAGES = `${HEAD}const [height, width, channels] = facts.image;
const inputs = facts.expected.map((_, image) => {
  const data = new Uint8ClampedArray(4 * height * width).fill(255);
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) data[4 * i + c] = (31 * (i * channels + (c % channels)) + 97 * image) % 256;
  }
  return { width, height, data };
});
${BODY}`;
