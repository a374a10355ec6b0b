// The front matter is read by PyYAML in .ci/oracle.py.

import { expect, it } from 'vitest';
import { writeHubCard } from '../../src/export/hubCard.ts';
import { HOSTILE } from './bundles.ts';
import { numberFeatures, randomModel, tablePreparation, THREE } from './models.ts';
import { keepArtifact } from './runtimes.ts';

it('leaves the licence blank and tells the hub the task and the figures, before the card', () => {
  const model = randomModel(tablePreparation(numberFeatures(2), THREE), []);
  const card = writeHubCard({ ...model, name: HOSTILE });
  keepArtifact('hub-model-card.md', new TextEncoder().encode(card));
  const [, matter] = /^---\n([^]*?)\n---\n\n# /.exec(card)!;
  expect(matter).toContain('license: #');
  expect(matter).toContain('pipeline_tag: tabular-classification');
  expect(matter).toMatch(/- type: accuracy\n +value: 0.96\n/);
  expect(card.match(/^## .*$/gm)).toEqual([
    '## Model Details',
    '## Uses',
    '## Bias, Risks, and Limitations',
    '## How to Get Started with the Model',
    '## Training Details',
    '## Evaluation',
  ]);
});
