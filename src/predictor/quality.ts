// How good the model was when it was made, in one plain sentence or two.

import type { PredictorContent } from '../export/predictorContent.ts';
import { formatNumber, formatPercent, formatQuantity } from '../ui/parts/format.ts';

export function describeQuality({ data, labels, preparation, metrics, dummy }: PredictorContent): string {
  const noun = preparation.kind === 'images' ? 'image' : 'row';
  const { test } = data.rows;
  if (test === 0) return `Nothing is known: no ${noun}s were kept back from training.`;
  const on = `${formatQuantity(test, noun)} that training never saw`;
  if (labels.length === 0) {
    const beside = 'mae' in dummy ? `; saying the mean each time is off by ${formatNumber(dummy.mae)}` : '';
    return `On ${on} it is off by ${formatNumber(metrics.mae)} on average${beside}.`;
  }
  const right = Math.round(metrics.accuracy * test);
  const beside = 'accuracy' in dummy ? `; saying the commonest class each time is right in ${formatPercent(dummy.accuracy)}` : ''; // prettier-ignore
  return `Of ${on}, it named the class of ${right} rightly, ${formatPercent(metrics.accuracy)}${beside}.`;
}
