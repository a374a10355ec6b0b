// The part of a report on what the model gets right and wrong: each class and the confusion matrix, or the residuals.

import type { ClassFigures, Confusion, Evaluation } from '../../evaluate/report.ts';
import { histogram, lineChart, scatterChart } from './chart.ts';
import { figure } from './figures.ts';
import { html, named, type Markup } from './html.ts';
import { table } from './table.ts';

/** Of more classes the matrix would not fit on paper: the commonest mistakes are listed instead. */
const MOST_CLASSES = 16;
const MOST_MISTAKES = 30;

export function evaluationParts({ classes, confusion, roc, residuals }: Evaluation): Markup {
  return html`${classes ? classTable(classes) : null} ${confusion ? confusionPart(confusion) : null}
  ${
    roc && roc.length === 1 && roc[0].auc !== null
      ? html`<h3>ROC curve</h3>
          ${lineChart({ title: 'ROC curve', x: 'false positive rate', y: 'true positive rate' }, [{ name: roc[0].label, x: roc[0].fpr, y: roc[0].tpr }], null)}`
      : null
  }
  ${
    residuals
      ? html`<h3>Predicted and actual</h3>
          ${scatterChart({ title: 'Predicted values by actual ones', x: 'actual', y: 'predicted' }, { name: '', x: residuals.actual, y: residuals.predicted })}
          <h3>Errors</h3>
          ${histogram({ title: 'Histogram of actual minus predicted', x: 'actual minus predicted', y: 'rows' }, residuals.histogram.edges, residuals.histogram.counts)}`
      : null
  }`;
}

function classTable(classes: ClassFigures[]): Markup {
  const rows = classes.map(({ label, precision, recall, f1, support }) => [
    named(label),
    figure(precision),
    figure(recall),
    figure(f1),
    support,
  ]);
  return html`<h3>Each class</h3>
    ${table(['class', 'precision', 'recall', 'F1', 'rows'], rows, 1)}`;
}

function confusionPart({ labels, counts }: Confusion): Markup {
  if (labels.length > MOST_CLASSES) return mistakes({ labels, counts });
  const rows = counts.map((row, actual) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    const cells = row.map((count, predicted) => {
      const heat = count === 0 || total === 0 ? '' : ` heat-${Math.min(9, Math.floor((10 * count) / total))}`;
      return html`<td class="${`${actual === predicted ? 'hit' : 'miss'}${heat}`}">${count}</td>`;
    });
    return html`<tr>
      <th scope="row">${named(labels[actual])}</th>
      ${cells}
    </tr> `;
  });
  return html`<h3>Confusion matrix</h3>
    <div class="scroll">
      <table class="confusion">
        <caption>
          Rows of the test part: the actual class down, the predicted one across.
        </caption>
        <thead>
          <tr>
            <td></td>
            ${labels.map((label) => html`<th scope="col">${named(label)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>`;
}

function mistakes({ labels, counts }: Confusion): Markup {
  const found = counts.flatMap((row, actual) =>
    row.flatMap((count, predicted) => (count > 0 && actual !== predicted ? [{ actual, predicted, count }] : [])),
  );
  const commonest = found.sort((a, b) => b.count - a.count).slice(0, MOST_MISTAKES);
  if (commonest.length === 0)
    return html`<h3>Mistakes</h3>
      <p>None on the test part.</p>`;
  const rows = commonest.map(({ actual, predicted, count }) => [
    named(labels[actual]),
    named(labels[predicted]),
    count,
  ]);
  return html`<h3>Commonest mistakes</h3>
    ${table(['actual', 'predicted', 'rows'], rows, 2)}`;
}
