// A report of one version that stands alone: one HTML file that any browser shows and prints, with everything inline and
// nothing that could run or be fetched. Names are text wherever they come from.

import { sha256 } from '@noble/hashes/sha2.js';
import type { Evaluation } from '../../evaluate/report.ts';
import type { EpochLog } from '../../model/epochLog.ts';
import { METRICS } from '../modelCard.ts';
import type { ExportInput } from '../exportInput.ts';
import { lineChart, type Line } from './chart.ts';
import { evaluationParts } from './evaluation.ts';
import { duration, figure } from './figures.ts';
import { html, named, type Content, type Markup } from './html.ts';
import { STYLE } from './style.ts';
import { table } from './table.ts';

export interface ReportInput extends ExportInput {
  /** ISO 8601, UTC */
  writtenAt: string;
  aliases: readonly string[];
  tags: readonly string[];
  log: readonly EpochLog[];
  /** of the test part; null where it has no rows */
  evaluation: Evaluation | null;
  /** SHA-256, hex */
  hashes: { recipe: string; weights: string | null; onnx: string };
  /** what the version came of, and what came of it, in order */
  lineage: readonly { kind: string; name: string; detail: string; hash: string | null }[];
}

/** @returns the HTML document */
export function writeReport(report: ReportInput): string {
  const { name, card } = report;
  const policy = `default-src 'none'; style-src 'sha256-${base64(sha256(new TextEncoder().encode(STYLE)))}'; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta name="color-scheme" content="light dark" />
        <title>${name}, version ${card.number}</title>
      </head>
    </html> `.text.concat(
    `<style>${STYLE}</style>\n`, // its hash is of these very bytes
    html`</head>
<body>
<header>
<h1>${named(name)}, version ${card.number}</h1>
<p class="soft">Trained ${card.createdAt} with Lathe. This report was written ${report.writtenAt}; it holds no row of the data.</p>
${card.note === '' ? null : html`<p>${card.note}</p>`}
</header>
<main>
${parts(report)}
</main>
</body>
</html>
`.text,
  );
}

function parts(report: ReportInput): Markup {
  return html`<h2>Figures</h2>
    ${figures(report)} ${report.evaluation ? evaluationParts(report.evaluation) : null}
    <h2>Training</h2>
    ${curves(report)} ${recipe(report)}
    <h2>Data</h2>
    ${data(report)}
    <h2>Where it comes from</h2>
    <ol class="lineage">
      ${report.lineage.map(({ kind, name, detail, hash }) => html`<li>${kind} ${named(name)}${detail === '' ? null : html` <span class="soft">${detail}</span>`}${hash === null ? null : html`<br /><code>${hash}</code>`}</li>`)}
    </ol>
    <h3>Hashes</h3>
    ${table(
      ['SHA-256 of', 'value'],
      [
        ['the data set', html`<code>${report.card.data.id}</code>`],
        ['the recipe', html`<code>${report.hashes.recipe}</code>`],
        ['the weights', report.hashes.weights === null ? '–' : html`<code>${report.hashes.weights}</code>`],
        ['the ONNX file', html`<code>${report.hashes.onnx}</code>`],
      ],
    )}
    <h3>Recipe</h3>
    <pre>${JSON.stringify(report.card.recipe, null, 2)}</pre>`;
}

function figures({ evaluation, card }: ReportInput): Markup {
  if (!evaluation) return html`<p>Nothing is known: no rows were kept for the test part.</p>`;
  const dummy = card.task === 'regression' ? 'the mean' : 'the most frequent class';
  const rows = Object.entries(evaluation.metrics).map(([key, value]): Content[] => [
    METRICS[key] ?? key,
    figure(value),
    figure(evaluation.dummy[key]),
  ]);
  return html`<p>
      On the ${evaluation.rows} ${card.task === 'imageClassification' ? 'images' : 'rows'} of the test part, which
      training never saw, beside a dummy that always says ${dummy} of the training part.
    </p>
    ${table(['figure', 'this model', 'dummy'], rows, 1)}`;
}

function curves({ log, card }: ReportInput): Markup {
  if (log.length === 0) return html`<p>The log of the run is not kept any more.</p>`;
  const x = log.map(({ epoch }) => epoch);
  const line = (name: string, valueOf: (line: EpochLog) => number | null): Line => ({
    name,
    x,
    y: log.map((each) => valueOf(each) ?? NaN),
  });
  const isKnown = ({ y }: Line) => y.some((value) => Number.isFinite(value));
  const metric = card.task === 'regression' ? 'mean absolute error' : 'accuracy';
  const mark = { x: card.training.bestEpoch, label: `epoch ${card.training.bestEpoch}` };
  const losses = [line('training', ({ loss }) => loss), line('validation', ({ valLoss }) => valLoss)].filter(isKnown);
  const others = [line('training', (each) => each.metric), line('validation', ({ valMetric }) => valMetric)].filter(isKnown); // prettier-ignore
  return html`<h3>Loss</h3>
    ${lineChart({ title: 'Loss by epoch', x: 'epoch', y: 'loss' }, losses, mark)}
    <h3>${metric[0].toUpperCase() + metric.slice(1)}</h3>
    ${lineChart({ title: `${metric} by epoch`, x: 'epoch', y: metric }, others, mark)}`;
}

function recipe({ card, network, weights }: ReportInput): Markup {
  const { recipe, training } = card;
  const { optimizer, batchSize, l1, l2 } = recipe.training;
  return table(
    ['training', ''],
    [
      ['network', `${recipe.model.kind}, ${network.layers.length} hidden layers, ${card.parameters} parameters in ${weights.length} arrays`],
      ['optimizer', `${optimizer.kind}, learning rate ${optimizer.learningRate}, ${recipe.training.schedule.kind} schedule, batches of ${batchSize}`],
      ['penalty', `L1 ${l1}, L2 ${l2}`],
      ['epochs', `${training.epochs} of at most ${recipe.training.epochs}; weights of epoch ${training.bestEpoch}`],
      ['on', `${training.backend}, ${training.adapter}, ${duration(training.durationMs)}`],
      ['seed', recipe.seed],
    ],
  ); // prettier-ignore
}

function data({ card, preparation, labels, aliases, tags }: ReportInput): Markup {
  const { rows, droppedRows, name } = card.data;
  const facts: Content[][] = [
    ['data set', named(name)],
    ['target', named(card.target)],
    ...(labels.length > 0 ? [['labels', labels.map((label, i) => html`${i > 0 ? ', ' : ''}${named(label)}`)] as Content[]] : []), // prettier-ignore
    ...(labels.length === 2 ? [['positive label', named(labels[1])]] : []),
    ['training, validation, test', `${rows.train}, ${rows.validation}, ${rows.test} rows`],
    ...(droppedRows > 0 ? [['without a target', `${droppedRows} rows, left out`]] : []),
    ...(aliases.length > 0 ? [['aliases', aliases.join(', ')]] : []),
    ...(tags.length > 0 ? [['tags', tags.join(', ')]] : []),
  ];
  const columns =
    preparation.kind === 'images'
      ? html`<p>
          Images of ${preparation.height} × ${preparation.width} pixels,
          ${preparation.channels === 1 ? 'grey' : 'colour'}.
        </p>`
      : table(
          ['column', 'type', 'where it is missing'],
          preparation.features.map((feature) => [
            named(feature.column),
            feature.type,
            feature.kind === 'number'
              ? figure(feature.fill)
              : feature.fill === ''
                ? 'a category of its own'
                : named(feature.fill),
          ]),
        );
  return html`${table(['', ''], facts)}
    <h3>What it takes</h3>
    ${columns}`;
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
