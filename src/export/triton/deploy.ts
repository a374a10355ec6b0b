// Ways to run a Triton model repository: a container, and what Kubernetes and KServe are told of it.

import { writeYaml, type YamlValue } from '../../base/yaml.ts';

/** A release whose ONNX Runtime reads what Lathe writes (IR version 8, opset 17). */
const TRITON_IMAGE = 'nvcr.io/nvidia/tritonserver:24.08-py3';
export const REPOSITORY = 'model_repository';
/** Where KServe finds the model repository; the README says what to put here. */
export const STORAGE_URI = 'pvc://models/model_repository';

const PORTS = [
  { name: 'http', containerPort: 8000 },
  { name: 'grpc', containerPort: 8001 },
  { name: 'metrics', containerPort: 8002 },
];

export const DOCKERFILE = `FROM ${TRITON_IMAGE}
COPY ${REPOSITORY} /models
EXPOSE 8000 8001 8002
CMD ["tritonserver", "--model-repository=/models"]
`;

export function writeCompose(image: string): string {
  return writeYaml({
    services: {
      triton: {
        build: '.',
        image,
        ports: ['8000:8000', '8001:8001', '8002:8002'],
        healthcheck: {
          test: ['CMD', 'curl', '--fail', '--silent', 'http://localhost:8000/v2/health/ready'],
          interval: '10s',
          timeout: '5s',
          start_period: '60s',
        },
      },
    },
  });
}

/** @param name of the Deployment and its pods, a DNS label */
export function writeDeployment(name: string, image: string): string {
  const labels = { 'app.kubernetes.io/name': name };
  const probe = (path: string): YamlValue => ({ httpGet: { path, port: 'http' }, periodSeconds: 10 });
  return writeYaml({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          containers: [
            {
              name: 'triton',
              image,
              ports: PORTS,
              resources: { requests: { cpu: '500m', memory: '1Gi' }, limits: { memory: '2Gi' } },
              // a server of 10 GB of image may take a minute to start
              startupProbe: {
                httpGet: { path: '/v2/health/ready', port: 'http' },
                periodSeconds: 5,
                failureThreshold: 60,
              },
              readinessProbe: probe('/v2/health/ready'),
              livenessProbe: probe('/v2/health/live'),
              securityContext: { allowPrivilegeEscalation: false },
            },
          ],
        },
      },
    },
  });
}

export function writeService(name: string): string {
  return writeYaml({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: {
      selector: { 'app.kubernetes.io/name': name },
      ports: PORTS.map(({ name: port, containerPort }) => ({ name: port, port: containerPort, targetPort: port })),
    },
  });
}

export function writeInferenceService(name: string): string {
  return writeYaml({
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { name },
    spec: {
      predictor: {
        model: {
          modelFormat: { name: 'onnx' },
          runtime: 'kserve-tritonserver',
          protocolVersion: 'v2',
          storageUri: STORAGE_URI,
        },
      },
    },
  });
}
