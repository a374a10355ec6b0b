// The formats in a person's words, and the groups in which they are shown.

import type { ExportFormat } from '../../worker/api.ts';

export interface FormatWords {
  name: string;
  meaning: string;
  inside: string;
  /** who opens it */
  runtimes: string;
  progress: string;
}

export const FORMATS: Record<ExportFormat, FormatWords> = {
  onnx: {
    name: 'ONNX',
    meaning:
      'One file that takes what you have, raw columns or pixels, and gives the answer. The widest choice of runtimes.',
    inside: 'Preparation, network and labels in one graph (IR 8, opset 17).',
    runtimes: 'ONNX Runtime for Python, C++, C#, Java, mobile and the web.',
    progress: 'Writing the file, opening it in ONNX Runtime, comparing',
  },
  tfjs: {
    name: 'TensorFlow.js',
    meaning: 'A layers model for a web page or Node, with everything to use it beside it.',
    inside: 'model.json, weights.bin, labels.txt, preparation.json, a model card and a README with code, zipped.',
    runtimes: 'TensorFlow.js 2 and later, in the browser and in Node.',
    progress: 'Writing the files, opening them in TensorFlow.js, comparing',
  },
  triton: {
    name: 'Triton and KServe',
    meaning: 'A model repository that a server offers by the open inference protocol, with the ways to start it.',
    inside: 'config.pbtxt, model.onnx, a request, a smoke test; a Dockerfile, Kubernetes and KServe files.',
    runtimes: 'Triton Inference Server, in Docker, Kubernetes or KServe.',
    progress: 'Writing the files, opening the model in ONNX Runtime, comparing',
  },
  mlflow: {
    name: 'MLflow',
    meaning: 'A folder that MLflow loads, serves and registers, with a signature of the real columns.',
    inside: 'MLmodel, model.onnx, the Python function, environments, an input example, a smoke test.',
    runtimes: 'MLflow 2 and later, and what takes its models.',
    progress: 'Writing the files, opening the model in ONNX Runtime, comparing',
  },
  npm: {
    name: 'npm package',
    meaning: 'load() and predict() for a web page or Node, with types for the real columns and labels.',
    inside: 'package.json, index.js, index.d.ts, model.onnx, a test, a README.',
    runtimes: 'onnxruntime-web, in browsers and in Node 20 and later.',
    progress: 'Writing the files, opening the model in ONNX Runtime, comparing',
  },
  python: {
    name: 'Python',
    meaning: 'A command that scores a CSV file or images, and the same as a module for your own program.',
    inside: 'predict.py, model.onnx, requirements.txt, a sample, a smoke test, a README.',
    runtimes: 'Python 3.10 and later with ONNX Runtime.',
    progress: 'Writing the files, opening the model in ONNX Runtime, comparing',
  },
  modelCard: {
    name: 'Model card',
    meaning: 'What the model is, what it learned from, how well it does and what it does not say.',
    inside: 'Markdown in the order of Hugging Face, with front matter; the licence is yours to fill in.',
    runtimes: 'The hub, any Git host, any editor.',
    progress: 'Working the figures out again from the test part',
  },
  report: {
    name: 'Report',
    meaning: 'Everything about this version on one page, to read, print and keep.',
    inside: 'Figures beside the dummy’s, curves, mistakes, recipe, lineage and hashes; no script, no row of the data.',
    runtimes: 'Any browser, with or without a network.',
    progress: 'Working the figures out again from the test part',
  },
  tensorboard: {
    name: 'TensorBoard',
    meaning: 'The curves of the run, to lay beside those of other tools. Put it into a folder of its own.',
    inside: 'An event file: losses, the metric and the learning rate by epoch, the figures of the test part.',
    runtimes: 'TensorBoard, and what reads its files.',
    progress: 'Writing the file and reading it back',
  },
  predictor: {
    name: 'Predictor',
    meaning:
      'One HTML file for people without tools: it opens from disk, works offline, scores one example or whole files, and tells when data drifts.',
    inside:
      'Preparation, network, a form, figures, and, column by column, values of the training data in order to tell drift by; no row of it.',
    runtimes: 'Any current browser, by a double click. It asks the network for nothing.',
    progress: 'Writing the file, computing with it, comparing',
  },
};

export const GROUPS: readonly { name: string; meaning: string; formats: readonly ExportFormat[] }[] = [
  { name: 'Files', meaning: 'The model itself.', formats: ['onnx', 'tfjs'] },
  { name: 'Page', meaning: 'For people who only want answers.', formats: ['predictor'] },
  { name: 'Serving', meaning: 'For a server that answers requests.', formats: ['triton', 'mlflow'] },
  { name: 'Web and Python', meaning: 'For a program of your own.', formats: ['npm', 'python'] },
  { name: 'Documents', meaning: 'To read and to keep.', formats: ['report', 'modelCard', 'tensorboard'] },
];
