// The model card as Hugging Face's hub reads it, a README.md: YAML front matter with what the hub searches by, then the
// card. The licence is left blank, for it is the author's to choose.

import { fileName } from '../base/fileName.ts';
import { writeYaml } from '../base/yaml.ts';
import type { Task } from '../model/recipe.ts';
import type { ExportInput } from './exportInput.ts';
import { METRICS, writeModelCard } from './modelCard.ts';

const PIPELINES: Record<Task, string> = {
  binary: 'tabular-classification',
  multiclass: 'tabular-classification',
  regression: 'tabular-regression',
  imageClassification: 'image-classification',
};

/** The hub's names of metrics, where they are others than here. */
const TYPES: Record<string, string> = {
  balancedAccuracy: 'balanced_accuracy',
  precisionMacro: 'precision',
  recallMacro: 'recall',
  f1Macro: 'f1',
  precisionWeighted: 'precision',
  recallWeighted: 'recall',
  f1Weighted: 'f1',
  logLoss: 'log_loss',
  rocAuc: 'roc_auc',
  averagePrecision: 'average_precision',
  r2: 'r_squared',
};

/** @returns the README.md of a repository on the hub */
export function writeHubCard(model: ExportInput): string {
  return `---\nlicense: # the id of the one that you choose\n${writeYaml(frontMatter(model))}---\n\n${writeModelCard(model)}`;
}

function frontMatter({ name, card }: ExportInput) {
  const pipeline = PIPELINES[card.task];
  const figures = Object.entries(card.metrics).filter(([, value]) => Number.isFinite(value));
  const results = figures.map(([key, value]) => ({ type: TYPES[key] ?? key, value, name: METRICS[key] ?? key }));
  return {
    library_name: 'onnx',
    pipeline_tag: pipeline,
    tags: ['onnx', 'lathe', pipeline],
    ...(results.length > 0
      ? {
          metrics: [...new Set(results.map(({ type }) => type))],
          'model-index': [
            {
              name,
              results: [
                {
                  task: { type: pipeline },
                  dataset: { name: card.data.name, type: fileName(card.data.name, 'data'), split: 'test' },
                  metrics: results,
                },
              ],
            },
          ],
        }
      : {}),
  };
}
