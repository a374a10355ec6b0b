// A model repository of NVIDIA Triton Inference Server, with what runs it in Docker, in Kubernetes and in KServe, a request
// and a smoke test. Triton serves the ONNX file as it is, preparation inside; nothing of it was run by Triton here.

import { dnsLabel } from '../../base/fileName.ts';
import { MODEL_FILE, type BundleFile, type BundleInput } from '../bundle.ts';
import { writeLabels } from '../labelsFile.ts';
import { writeModelCard } from '../modelCard.ts';
import { writeOnnx } from '../onnx.ts';
import { onnxPorts } from '../ports.ts';
import { LABELS_FILE, writeConfig } from './config.ts';
import {
  DOCKERFILE,
  REPOSITORY,
  writeCompose,
  writeDeployment,
  writeInferenceService,
  writeService,
} from './deploy.ts';
import { writeTritonReadme } from './readme.ts';
import { writeExpectation, writeRequest } from './request.ts';
import { SMOKE_TEST } from './smokeTest.ts';

/** @returns the files of the zip; the same model gives the same bytes */
export function writeTriton(model: BundleInput): BundleFile[] {
  const ports = onnxPorts(model.preparation);
  const name = dnsLabel(model.name, 'model'); // of the model's folder and address, of the container and the pods
  const image = `${name}:${model.card.number}`;
  const inside = `${REPOSITORY}/${name}`;
  const labels =
    model.labels.length > 0 ? [{ name: `${inside}/${LABELS_FILE}`, bytes: writeLabels(model.labels) }] : [];
  return [
    { name: 'README.md', bytes: writeTritonReadme(model, name, image) },
    { name: `${inside}/config.pbtxt`, bytes: writeConfig(name, ports) },
    { name: `${inside}/1/${MODEL_FILE}`, bytes: writeOnnx(model) },
    ...labels,
    { name: 'request.json', bytes: `${JSON.stringify(writeRequest(model, 1))}\n` },
    { name: 'smoke_test.py', bytes: SMOKE_TEST },
    { name: 'smoke_test.json', bytes: writeExpectation(model, name) },
    { name: 'Dockerfile', bytes: DOCKERFILE },
    { name: 'compose.yaml', bytes: writeCompose(image) },
    { name: 'kubernetes/deployment.yaml', bytes: writeDeployment(name, image) },
    { name: 'kubernetes/service.yaml', bytes: writeService(name) },
    { name: 'kserve/inferenceservice.yaml', bytes: writeInferenceService(name) },
    { name: 'MODEL_CARD.md', bytes: writeModelCard(model) },
  ];
}
