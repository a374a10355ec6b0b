// The README inside an MLflow model.

import type { BundleInput } from '../bundle.ts';
import { escapeText } from '../markdown.ts';

export function writeMlflowReadme({ name, card, preparation }: BundleInput): string {
  const isTable = preparation.kind === 'table';
  const read = isTable
    ? `import pandas

example = json.loads(pathlib.Path("input_example.json").read_text(encoding="utf-8"))
frame = pandas.DataFrame(example["data"], columns=example["columns"])
print(mlflow.pyfunc.load_model(".").predict(frame${dates(preparation)}))`
    : `import numpy

example = json.loads(pathlib.Path("input_example.json").read_text(encoding="utf-8"))
print(mlflow.pyfunc.load_model(".").predict(numpy.array(example["inputs"], dtype=numpy.float32)))`;
  return `# ${escapeText(name)}, version ${card.number}, for MLflow

A folder in MLflow's model format, with the flavors \`onnx\` and \`python_function\`. Lathe ran \`model.onnx\` in ONNX Runtime for the
web and compared it with its own predictions; what MLflow makes of the folder is tested by \`smoke_test.py\`.

| file | what it is |
| --- | --- |
| \`MLmodel\` | how to load it, its signature and where it comes from |
| \`model.onnx\` | the model with its preparation |
| \`code/\` | the Python function: ${isTable ? 'a DataFrame of raw columns' : 'an array of images'} in, a DataFrame of predictions out |
| \`requirements.txt\`, \`conda.yaml\`, \`python_env.yaml\` | what it needs |
| \`input_example.json\`, \`serving_input_example.json\` | a made-up example, and the same as a request |
| \`smoke_test.py\`, \`smoke_test.json\` | scores made-up examples and compares with what Lathe predicted |
| \`MODEL_CARD.md\` | what the model is, what it learned from, and how well it does |

## Use it

In this folder:

\`\`\`sh
python3 -m pip install -r requirements.txt
python3 smoke_test.py
\`\`\`

\`\`\`python
import json
import pathlib

import mlflow.pyfunc
${read}
\`\`\`

## Serve it

\`\`\`sh
mlflow models serve --model-uri . --env-manager local --port 5000
\`\`\`

\`\`\`sh
curl --fail --header 'Content-Type: application/json' --data @serving_input_example.json http://localhost:5000/invocations
\`\`\`
`;
}

/** JSON has no dates, and the signature asks for them. */
function dates(preparation: BundleInput['preparation'] & { kind: 'table' }): string {
  const columns = preparation.features
    .filter(({ type }) => type === 'date')
    .map(({ column }) => JSON.stringify(column));
  return columns.length > 0 ? `.astype({${columns.map((name) => `${name}: "datetime64[ns]"`).join(', ')}})` : '';
}
