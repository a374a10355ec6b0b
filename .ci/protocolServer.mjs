// ONNX files behind the open inference protocol (KServe v2), run by onnxruntime-web: a strict stand-in for the servers and
// runtimes that the checks' machine does not have. `node protocolServer.mjs NAME=FILE…` prints its port.
// Beyond the protocol: null among FP32 data is NaN, which JSON does not have.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import * as ort from 'onnxruntime-web/wasm';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

const sessions = new Map();
for (const argument of process.argv.slice(2)) {
  const [name, file] = argument.split(/=(.*)/s);
  sessions.set(name, await ort.InferenceSession.create(readFileSync(file)));
}

const DATATYPES = { float32: 'FP32', string: 'BYTES' };

class Refusal extends Error {}

function refuseUnless(condition, message) {
  if (!condition) throw new Refusal(message);
}

function toTensor({ name, shape, datatype, data }, session) {
  const known = session.inputMetadata[session.inputNames.indexOf(name)];
  refuseUnless(known, `no input '${name}'`);
  refuseUnless(datatype === DATATYPES[known.type], `input '${name}' is ${DATATYPES[known.type]}, not ${datatype}`);
  refuseUnless(shape.length === known.shape.length, `input '${name}' has rank ${known.shape.length}`);
  const size = shape.reduce((product, next) => product * next, 1);
  refuseUnless(data.length === size, `input '${name}' has ${data.length} values for shape [${shape}]`);
  const kind = datatype === 'BYTES' ? 'string' : 'number';
  refuseUnless(
    data.every((value) => typeof value === kind || (kind === 'number' && value === null)),
    `input '${name}' is of ${kind}s`,
  );
  const values = kind === 'string' ? data : Float32Array.from(data, (value) => value ?? NaN);
  return new ort.Tensor(known.type, values, shape);
}

async function infer(session, { inputs, outputs }) {
  const given = new Map(inputs.map((input) => [input.name, input]));
  const missing = session.inputNames.filter((name) => !given.has(name));
  refuseUnless(missing.length === 0, `inputs ${missing.map((name) => `'${name}'`)} are missing`);
  const feeds = Object.fromEntries(inputs.map((input) => [input.name, toTensor(input, session)]));
  const results = new Map(Object.entries(await session.run(feeds)));
  const wanted = outputs?.map(({ name }) => name) ?? session.outputNames;
  return wanted.map((name) => {
    const tensor = results.get(name);
    refuseUnless(tensor, `no output '${name}'`);
    return { name, datatype: DATATYPES[tensor.type], shape: [...tensor.dims], data: Array.from(tensor.data) };
  });
}

const server = createServer(async (request, response) => {
  const answer = (status, body) => {
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  try {
    const [, name] = /^\/v2\/models\/([^/]+)\/infer$/.exec(decodeURIComponent(request.url)) ?? [];
    const session = sessions.get(name);
    if (request.method !== 'POST' || !session)
      return answer(404, { error: `nothing at ${request.method} ${request.url}` });
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const outputs = await infer(session, JSON.parse(Buffer.concat(chunks).toString()));
    answer(200, { model_name: name, model_version: '1', outputs });
  } catch (error) {
    answer(error instanceof Refusal ? 400 : 500, { error: error.message });
  }
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
