// A model card (Mitchell et al., 2019) in Markdown: what the model is, what it learned from, how well it did beside a
// dummy, what it does not say, in the order and under the headings of Hugging Face's template. It states facts of the run
// and judges nothing; the licence is left to the model's author.

import type { FeatureEncoding, Preparation } from '../data/prepare.ts';
import type { LayerSpec } from '../model/spec.ts';
import { lossOf } from '../model/loss.ts';
import type { LossSpec, Task } from '../model/recipe.ts';
import type { ExportInput } from './exportInput.ts';
import { cell, code, count, escapeText, quote } from './markdown.ts';
import { onnxInterface } from './onnxInterface.ts';
import { ONNX } from './onnxProto.ts';
import { TFJS_VERSION } from './tfjsVersion.ts';

export type { ModelCardFacts } from './exportInput.ts';

const TASKS: Record<Task, string> = {
  binary: 'binary classification',
  multiclass: 'multi-class classification',
  regression: 'regression',
  imageClassification: 'image classification',
};

/** What the figures are called. */
export const METRICS: Record<string, string> = {
  accuracy: 'accuracy',
  balancedAccuracy: 'balanced accuracy',
  precision: 'precision (of the positive label)',
  recall: 'recall (of the positive label)',
  f1: 'F1 (of the positive label)',
  precisionMacro: 'precision (macro)',
  recallMacro: 'recall (macro)',
  f1Macro: 'F1 (macro)',
  precisionWeighted: 'precision (weighted)',
  recallWeighted: 'recall (weighted)',
  f1Weighted: 'F1 (weighted)',
  logLoss: 'log loss (lower is better)',
  rocAuc: 'area under ROC',
  averagePrecision: 'average precision',
  mae: 'mean absolute error (lower is better)',
  rmse: 'root mean squared error (lower is better)',
  r2: 'R²',
};

const ENDED = {
  epochs: 'all epochs were run',
  earlyStopping: 'the validation loss no longer fell',
  stopped: 'it was stopped by hand',
};

/** @returns Markdown; names that come from the data are code spans, so that none of them is markup */
export function writeModelCard(model: ExportInput): string {
  const { card } = model;
  return [
    `# ${escapeText(model.name)}, version ${card.number}`,
    '## Model Details',
    identity(model),
    '## Uses',
    inputAndOutput(model),
    '## Bias, Risks, and Limitations',
    limitations(model),
    '## How to Get Started with the Model',
    usage(model),
    '## Training Details',
    '### Training Data',
    data(model),
    '### Training Procedure',
    training(model),
    '## Evaluation',
    quality(model),
  ]
    .join('\n\n')
    .concat('\n');
}

function identity({ card }: ExportInput): string {
  const what = `A model for ${TASKS[card.task]} that predicts ${code(card.target)}. It was trained in a browser with Lathe on ${card.createdAt}.

No licence is given here. Whoever publishes this model chooses one, and sees to it that the data allows it.`;
  return card.note === '' ? what : `${what}\n\n${quote(card.note)}`;
}

function data({ card }: ExportInput): string {
  const { name, id, rows, droppedRows } = card.data;
  const { split, seed } = card.recipe;
  const dropped =
    droppedRows > 0
      ? ` ${count(droppedRows, 'row')} had no target and ${droppedRows === 1 ? 'was' : 'were'} left out.`
      : '';
  return `${code(name)}, SHA-256 ${code(id)}. Split with seed ${seed}${split.stratify ? ', keeping the share of each class' : ''}.${dropped}

| part | rows | used for |
| --- | ---: | --- |
| training | ${rows.train} | fitting the preparation and the weights |
| validation | ${rows.validation} | choosing the epoch |
| test | ${rows.test} | the figures below |`;
}

function inputAndOutput({ preparation, labels }: ExportInput): string {
  const { outputs } = onnxInterface(preparation);
  const output =
    'value' in outputs
      ? `Gives one number in the target's own unit; in the ONNX file it is ${code(outputs.value)}.`
      : `Gives a probability for each of ${labels.length} labels, in this order: ${labels.map(code).join(', ')}${labels.length === 2 ? ', the second being the positive one' : ''}. In the ONNX file they are ${code(outputs.label)} and ${code(outputs.probabilities)}.`;
  return `${inputs(preparation)}\n\n${output}`;
}

function inputs(preparation: Preparation): string {
  if (preparation.kind === 'images') {
    const { height, width, channels } = preparation;
    return `Takes images of ${height} × ${width} pixels with ${channels === 1 ? 'one channel (grey)' : 'three channels (red, green, blue)'}, values 0 to 255; the network divides them by 255. Images of another size are resized first, by the mean of the area when they shrink and bilinearly when they grow, on white where they are transparent.`;
  }
  const { inputs: names } = onnxInterface(preparation);
  const rows = preparation.features.map(
    (feature, place) => `| ${cell(feature.column)} | ${cell(names[place])} | ${feature.type} | ${treatment(feature)} |`,
  );
  return `| column | ONNX input | type | preparation |\n| --- | --- | --- | --- |\n${rows.join('\n')}`;
}

function usage({ preparation, card }: ExportInput): string {
  const { outputs } = onnxInterface(preparation);
  const feed =
    preparation.kind === 'images' ? "{'image': pixels}" : '{i.name: columns[i.name] for i in session.get_inputs()}';
  const takes =
    preparation.kind === 'images'
      ? `\`pixels\` is float32 \`[batch, ${preparation.height}, ${preparation.width}, ${preparation.channels}]\`, 0 to 255`
      : '`columns` has for each column an array `[batch, 1]`: float32 (a missing number is NaN, a date is days since 1970-01-01 UTC) or strings (a missing one is empty)';
  return `- **ONNX** (IR version ${ONNX.irVersion}, ${ONNX.opsets.map(({ domain, version }) => `opset ${version}${domain && ` of ${domain}`}`).join(', ')}): takes raw input, the preparation is inside. In Python, with ONNX Runtime: \`session.run(None, ${feed})\` gives ${Object.values(outputs).map(code).join(' and ')}, where ${takes}. Its metadata has the labels, the preparation and the names of inputs and outputs as JSON.
- **TensorFlow.js** (layers model, checked with ${TFJS_VERSION}): takes prepared input. The README beside \`model.json\` has a snippet that prepares, runs and names the ${card.task === 'regression' ? 'value' : 'labels'}.`;
}

function treatment(feature: FeatureEncoding): string {
  if (feature.kind === 'number') {
    const [fill, center, scale] = [feature.fill, feature.center, feature.scale].map((x) => Number(x.toPrecision(6)));
    return `missing: ${fill}; minus ${center}, divided by ${scale}`;
  }
  const missing = feature.outputs.includes('') ? 'a category of its own' : cell(feature.fill);
  const shown = feature.outputs.filter((value) => value !== '').slice(0, 20);
  const more = feature.outputs.length > 20 ? ', …' : '';
  return `missing: ${missing}; one of ${shown.map(cell).join(', ')}${more}; any other value: zeros`;
}

function training({ card, network }: ExportInput): string {
  const { training, recipe, parameters } = card;
  const { optimizer, clipNorm, batchSize, l1, l2, classWeights, earlyStopping } = recipe.training;
  const head = { sigmoid: 'one sigmoid', softmax: 'a softmax', value: 'one linear unit' }[network.head.kind];
  const facts = [
    `network: ${[...network.layers.map(layerText), head].join(' → ')}; ${count(parameters, 'parameter')}`,
    `loss: ${lossText(lossOf(recipe.training, network.head))}`,
    `optimizer: ${optimizer.kind}, learning rate ${optimizer.learningRate}, ${recipe.training.schedule.kind} schedule, batches of ${batchSize}${clipNorm ? `, gradients clipped to a length of ${clipNorm}` : ''}`,
    `penalty: L1 ${l1}, L2 ${l2}; class weights: ${typeof classWeights === 'string' ? classWeights : code(JSON.stringify(classWeights))}`,
    `epochs: ${training.epochs} run of at most ${recipe.training.epochs}, weights of epoch ${training.bestEpoch}; ${ENDED[training.ended]}${earlyStopping ? ` (patience ${earlyStopping.patience})` : ''}`,
    `on: ${training.backend}, ${escapeText(training.adapter)}, ${(training.durationMs / 1000).toFixed(1)} s; seed ${recipe.seed}`,
  ];
  return facts.map((fact) => `- ${fact}`).join('\n');
}

function lossText(loss: LossSpec): string {
  switch (loss.kind) {
    case 'crossEntropy':
      return loss.labelSmoothing ? `cross-entropy, label smoothing ${loss.labelSmoothing}` : 'cross-entropy';
    case 'meanSquaredError':
      return 'mean squared error';
    case 'meanAbsoluteError':
      return 'mean absolute error';
    case 'huber':
      return `Huber, delta ${loss.delta} deviations of the target`;
  }
}

function layerText(layer: LayerSpec): string {
  if (layer.kind === 'residual') return `residual (input + ${chain(layer.layers)})`;
  if (layer.kind === 'concatenate') return `concatenate (${layer.branches.map(chain).join(' | ')})`;
  const facts = Object.entries(layer)
    .filter(([key]) => key !== 'kind')
    .map(([key, value]) => `${key} ${Array.isArray(value) ? value.join(' × ') : value}`);
  return facts.length > 0 ? `${layer.kind} (${facts.join(', ')})` : layer.kind;
}

function chain(layers: LayerSpec[]): string {
  return layers.length === 0 ? 'input' : layers.map(layerText).join(' → ');
}

function quality({ card }: ExportInput): string {
  if (card.data.rows.test === 0) return 'Nothing is known: no rows were kept for the test part.';
  const names = Object.keys(card.metrics);
  const rows = names.map(
    (name) => `| ${METRICS[name] ?? escapeText(name)} | ${figure(card.metrics[name])} | ${figure(card.dummy[name])} |`,
  );
  const dummy = card.task === 'regression' ? 'the mean' : 'the most frequent class';
  return `On the ${count(card.data.rows.test, card.task === 'imageClassification' ? 'image' : 'row')} of the test part, which training never saw, beside a dummy that always says ${dummy} of the training part.

| figure | this model | dummy |
| --- | ---: | ---: |
${rows.join('\n')}`;
}

function limitations(model: ExportInput): string {
  return limitLines(model)
    .map((line) => `- ${line}`)
    .join('\n');
}

/** What the model does not say, a plain sentence or two each. */
export function limitLines({ card, preparation }: Pick<ExportInput, 'card' | 'preparation'>): string[] {
  const { test } = card.data.rows;
  const lines = [
    test > 0
      ? `The figures are of ${count(test, 'row')} from the same source as the training data. They say nothing of data from elsewhere or from another time.`
      : 'Without a test part nobody knows how it does on rows that it has not seen.',
    'No group of people or things was looked at apart: the model may do worse on some.',
  ];
  if (test > 0 && test < 200) {
    lines.push('The test part is small: with other rows in it the figures would be noticeably different.');
  }
  if (card.task !== 'regression') {
    lines.push(
      'The probabilities were not calibrated. A label is given for every input, also for one unlike any the model has seen.',
    );
  } else lines.push('A value comes without an interval, and outside the range of the training data it is a guess.');
  if (preparation.kind === 'table') {
    lines.push(
      'Missing values are filled in silently, and a category that is not listed above counts as none of them.',
    );
  }
  return lines;
}

function figure(value: number | undefined): string {
  if (value === undefined) return '–';
  return Math.abs(value) >= 1000 ? value.toFixed(1) : value.toFixed(4);
}
