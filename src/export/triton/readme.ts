// The README inside a Triton bundle: what lies where, how to start it, and a request that is sent as it is printed.

import type { Preparation } from '../../data/prepare.ts';
import type { BundleInput } from '../bundle.ts';
import { cell, escapeText } from '../markdown.ts';
import { onnxPorts, type Port } from '../ports.ts';
import { REPOSITORY, STORAGE_URI } from './deploy.ts';
import { writeRequest, type Request } from './request.ts';

/** A longer request is in its file alone. */
const MOST_PRINTED = 4000;

/** @param name of the model in the repository, and of what Kubernetes makes */
export function writeTritonReadme(model: BundleInput, name: string, image: string): string {
  const { preparation, card } = model;
  const { outputs } = onnxPorts(preparation);
  return `# ${escapeText(model.name)}, version ${card.number}, for Triton Inference Server

A model repository for NVIDIA Triton and whatever else serves ONNX files by the open inference protocol (KServe v2). The
preparation is inside the model: send raw values. Lathe ran \`model.onnx\` in ONNX Runtime for the web and compared it with its own
predictions; your server is tested by \`smoke_test.py\`.

| file | what it is |
| --- | --- |
| \`${REPOSITORY}/${name}/\` | the model: \`config.pbtxt\`, \`1/model.onnx\`${model.labels.length > 0 ? ', `labels.txt`' : ''} |
| \`request.json\` | a request for one example |
| \`smoke_test.py\`, \`smoke_test.json\` | asks a server for a few examples and compares the answer with what Lathe predicted |
| \`Dockerfile\`, \`compose.yaml\` | a container with the server and the model |
| \`kubernetes/\` | a Deployment of that container and a Service |
| \`kserve/\` | an InferenceService that loads the repository from storage |
| \`MODEL_CARD.md\` | what the model is, what it learned from, and how well it does |

## Start it

With Docker, then test it:

\`\`\`sh
docker compose up --build --detach --wait
python3 smoke_test.py --url http://localhost:8000
\`\`\`

In Kubernetes: build the image, push it to your registry, put its name into \`kubernetes/deployment.yaml\` in place of \`${image}\`, and:

\`\`\`sh
kubectl apply -f kubernetes/
kubectl port-forward service/${name} 8000:8000 &
python3 smoke_test.py --url http://localhost:8000
\`\`\`

With KServe: copy \`${REPOSITORY}\` to storage that it can read, put its address into \`kserve/inferenceservice.yaml\` in place of
\`${STORAGE_URI}\`, and \`kubectl apply -f kserve/\`. Through an ingress, \`smoke_test.py\` takes the service's host name as \`--host\`.

## Ask it

${request(writeRequest(model, 1), name)}

\`shape[0]\` is the number of rows, any number of them. JSON has no NaN: where a number is missing send the value below, which the
model would fill in itself.

| input | datatype | shape of a row | where it is missing |
| --- | --- | --- | --- |
${inputs(preparation)}

The answer has ${outputs.map((port) => `${cell(port.name)} (${datatype(port)}, \`[${['rows', ...port.dims.slice(1)].join(', ')}]\`)`).join(' and ')}${gives(model)}.
`;
}

function request(request: Request, name: string): string {
  const address = `http://localhost:8000/v2/models/${name}/infer`;
  const send = `\`\`\`sh
curl --fail --header 'Content-Type: application/json' --data @request.json ${address}
\`\`\``;
  const compact = JSON.stringify(request);
  if (compact.length > MOST_PRINTED) return `\`request.json\` asks for one example:\n\n${send}`;
  const inputs = request.inputs.map((tensor) => `    ${JSON.stringify(tensor)}`).join(',\n');
  return `\`request.json\` is this:

\`\`\`json
{
  "inputs": [
${inputs}
  ],
  "outputs": ${JSON.stringify(request.outputs)}
}
\`\`\`

${send}`;
}

function inputs(preparation: Preparation): string {
  const { inputs } = onnxPorts(preparation);
  return inputs
    .map((port, place) => {
      const [, ...dims] = port.dims;
      return `| ${cell(port.name)} | ${datatype(port)} | \`[${dims.join(', ')}]\` | ${missing(preparation, place)} |`;
    })
    .join('\n');
}

function missing(preparation: Preparation, place: number): string {
  if (preparation.kind === 'images') return 'every pixel is there, 0 to 255';
  const feature = preparation.features[place];
  if (feature.kind === 'oneHot') return 'an empty string';
  return `${feature.fill}${feature.type === 'date' ? ' (days since 1970-01-01 UTC)' : ''}`;
}

function datatype({ type }: Port): string {
  return type === 'string' ? 'BYTES' : 'FP32';
}

function gives({ labels }: BundleInput): string {
  return labels.length > 0
    ? `, the latter in this order: ${labels.map(cell).join(', ')}`
    : ", in the target's own unit";
}
