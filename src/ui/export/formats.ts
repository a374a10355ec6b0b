// The formats in a person's words.

import type { ExportFormat } from '../../worker/api.ts';

export const FORMATS: Record<
  ExportFormat,
  { name: string; meaning: string; inside: string; runtimes: string; progress: string }
> = {
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
};
