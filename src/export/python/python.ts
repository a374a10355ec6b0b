// A folder of Python that scores CSV files or images with ONNX Runtime: a command, the module behind it, and a smoke test.

import { stylesByColumn } from '../../data/style.ts';
import type { Row } from '../../data/table.ts';
import { expectedRows, MODEL_FILE, smokeTolerance, type BundleFile, type BundleInput } from '../bundle.ts';
import { escapeText } from '../markdown.ts';
import { writeModelCard } from '../modelCard.ts';
import { writeOnnx } from '../onnx.ts';
import { sampleRows } from '../samples.ts';
import { pythonCommand } from './command.ts';
import { MODULE, pythonModule } from './module.ts';
import { pythonSmokeTest } from './smokeTest.ts';

/** @returns the files of the zip; the same model gives the same bytes */
export function writePython(model: BundleInput): BundleFile[] {
  const { kind } = model.preparation;
  return [
    { name: 'README.md', bytes: writeReadme(model) },
    { name: 'predict.py', bytes: pythonCommand(kind) },
    { name: `${MODULE}.py`, bytes: pythonModule(kind) },
    { name: MODEL_FILE, bytes: writeOnnx(model) },
    { name: 'requirements.txt', bytes: `${pythonRequirements(kind).join('\n')}\n` },
    ...sampleFile(model),
    { name: 'smoke_test.py', bytes: pythonSmokeTest(kind) },
    { name: 'smoke_test.json', bytes: writeExpectation(model) },
    { name: 'MODEL_CARD.md', bytes: writeModelCard(model) },
  ];
}

/** The oldest versions that are known to do: the first ONNX Runtime that has wheels for Python 3.12. */
export function pythonRequirements(kind: 'table' | 'images'): string[] {
  return ['onnxruntime>=1.17', 'numpy>=1.23', ...(kind === 'images' ? ['pillow>=9.4'] : [])];
}

function writeExpectation(model: BundleInput): string {
  const { preparation, labels } = model;
  const image =
    preparation.kind === 'images' ? { image: [preparation.height, preparation.width, preparation.channels] } : {};
  const facts = { labels, expected: expectedRows(model), tolerance: smokeTolerance(model), ...image };
  return `${JSON.stringify(facts)}\n`;
}

/** The made-up rows, as RFC 4180 has them, with the decimal marks of the training data. */
function sampleFile({ preparation }: BundleInput): BundleFile[] {
  if (preparation.kind === 'images') return [];
  const columns = preparation.features.map(({ column }) => column);
  const quoted = (cell: unknown) => {
    const text = cell === null ? '' : String(cell);
    return /[",\r\n]|^$/.test(text) && text !== '' ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const styles = stylesByColumn(preparation.styles);
  const cellOf = (value: Row[string], column: string) =>
    typeof value === 'number' && styles.get(column)?.mark === ',' ? String(value).replace('.', ',') : value; // prettier-ignore
  const rows = sampleRows(preparation).map((row) => columns.map((column) => cellOf(row[column], column)));
  // a line of one empty cell would be read as no line at all
  const lines = [columns, ...rows].map((cells) => cells.map(quoted).join(',') || '""');
  return [{ name: 'sample.csv', bytes: lines.map((line) => `${line}\r\n`).join('') }];
}

function writeReadme({ name, card, preparation, labels }: BundleInput): string {
  const isTable = preparation.kind === 'table';
  const run = isTable ? 'python3 predict.py sample.csv --output predictions.csv' : 'python3 predict.py picture.png --output predictions.csv'; // prettier-ignore
  const gives = labels.length > 0 ? '`prediction` and `probability …` of each label' : '`prediction`';
  return `# ${escapeText(name)}, version ${card.number}, for Python

Scores ${isTable ? 'a CSV file' : 'images'} to a CSV file with ONNX Runtime, in Python 3.10 or newer.

| file | what it is |
| --- | --- |
| \`predict.py\` | the command: ${isTable ? 'a CSV file in, its columns and the predictions out' : 'images or folders of them in, a CSV file out'} |
| \`${MODULE}.py\` | the same for a program: \`Model().predict(…)\` |
| \`model.onnx\` | the model with its preparation |
| \`requirements.txt\` | what it needs |
${isTable ? '| `sample.csv` | made-up rows: a usual one, another one, and one in which everything is missing |\n' : ''}| \`smoke_test.py\`, \`smoke_test.json\` | scores made-up examples and compares with what Lathe predicted |
| \`MODEL_CARD.md\` | what the model is, what it takes, what it learned from, and how well it does |

## Use it

\`\`\`sh
python3 -m pip install -r requirements.txt
python3 smoke_test.py
${run}
\`\`\`

The output has ${isTable ? 'the columns of the input, then ' : '`file`, '}${gives}. \`python3 predict.py --help\` says the rest.
${isTable ? commaNote(preparation) : ''}
In a program:

\`\`\`python
${isTable ? tableExample(preparation) : imageExample(preparation)}
\`\`\`
`;
}

/** Of columns in which text has a decimal comma; empty where there is none. */
function commaNote({ features, styles }: BundleInput['preparation'] & { kind: 'table' }): string {
  const known = stylesByColumn(styles);
  const names = features
    .filter(({ column }) => known.get(column)?.mark === ',')
    .map(({ column }) => escapeText(column));
  if (names.length === 0) return '';
  const shown = names.length > 5 ? [...names.slice(0, 5), `${names.length - 5} more`] : names;
  return `\nText is read as in the training data, with a decimal comma, in: ${shown.join(', ')}. There \`1.234\` is 1234; numbers that are no text are what they are.\n`;
}

function tableExample(preparation: BundleInput['preparation'] & { kind: 'table' }): string {
  const [usual] = sampleRows(preparation);
  const columns = preparation.features.map(({ column }) => `    ${JSON.stringify(column)}: [${JSON.stringify(usual[column])}],`); // prettier-ignore
  return [`from ${MODULE} import Model`, '', 'columns = {', ...columns, '}', 'print(Model().predict(columns))'].join(
    '\n',
  );
}

function imageExample({ height, width, channels }: BundleInput['preparation'] & { kind: 'images' }): string {
  return [
    'import numpy as np',
    '',
    `from ${MODULE} import Model`,
    '',
    `picture = np.zeros((${height}, ${width}, ${channels}), dtype=np.uint8)  # or a Pillow image, or a file of any size`,
    'print(Model().predict([picture]))',
  ].join('\n');
}
