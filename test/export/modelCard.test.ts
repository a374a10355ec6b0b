import { describe, expect, it } from 'vitest';
import { writeModelCard } from '../../src/export/modelCard.ts';
import { numberFeatures, randomModel, tablePreparation, THREE, VALUE } from './models.ts';

describe('a model card', () => {
  it('puts every figure of the test part beside that of a dummy', () => {
    const card = writeModelCard(randomModel(tablePreparation(numberFeatures(2), THREE), []));
    expect(card).toContain('On the 15 rows of the test part, which training never saw');
    expect(card).toContain('| accuracy | 0.9600 | 0.4000 |');
    expect(card).toContain('| log loss (lower is better) | 0.1100 | 1.0900 |');
    const value = writeModelCard(randomModel(tablePreparation(numberFeatures(2), VALUE), []));
    expect(value).toContain('| R² | 0.5100 | -0.0100 |');
    expect(value).toContain('a dummy that always says the mean');
  });

  it('says what it was trained on, how, and when it ended', () => {
    const card = writeModelCard(
      randomModel(tablePreparation(numberFeatures(2), THREE), [{ kind: 'dense', units: 8, activation: 'relu' }]),
    );
    expect(card).toContain('# probe, version 3');
    expect(card).toContain('2024-05-06T07:08:09.000Z');
    expect(card).toContain(`SHA-256 \`${'ab'.repeat(32)}\``);
    expect(card).toContain('| training | 70 |');
    expect(card).toContain('2 rows had no target and were left out');
    expect(card).toContain('dense (units 8, activation relu) → a softmax; 123 parameters');
    expect(card).toContain('epochs: 40 run of at most 100, weights of epoch 30; the validation loss no longer fell');
    expect(card).toContain('The test part is small');
  });

  it('says how each file is used, and of which version it is', () => {
    const card = writeModelCard(randomModel(tablePreparation(numberFeatures(2), THREE), []));
    expect(card).toContain('**ONNX** (IR version 8, opset 17, opset 2 of ai.onnx.ml)');
    expect(card).toContain('gives `label` and `probabilities`');
    expect(card).toContain('**TensorFlow.js** (layers model, checked with 4.22.0)');
  });

  it('says that nothing is known where no rows were kept for a test', () => {
    const model = randomModel(tablePreparation(numberFeatures(2), THREE), []);
    model.card.data.rows.test = 0;
    expect(writeModelCard(model)).toContain('Nothing is known: no rows were kept for the test part.');
  });

  it('shows names from the data as they are, and none of them as markup', () => {
    const hostile = '<img src=x onerror=alert(1)>';
    const target = { kind: 'classes' as const, labels: ['`tick`', 'a|b', hostile] };
    const model = randomModel(
      tablePreparation(
        [{ kind: 'number', column: 'x|`y`\n# z', type: 'number', fill: 0, center: 0, scale: 1 }],
        target,
      ),
      [],
    );
    model.name = hostile;
    model.card.note = `first\n# ${hostile}`;
    model.card.target = '``';
    const card = writeModelCard(model);
    expect(card).toContain('# \\<img src=x onerror=alert\\(1\\)\\>, version 3');
    expect(card).toContain('> \\# \\<img');
    expect(card).toContain('| ``x\\|`y` # z`` |');
    expect(card).toContain('`` `tick` ``, `a|b`, `<img src=x onerror=alert(1)>`');
    expect(card).toContain('predicts ``` `` ```');
    const headings = card.split('\n').filter((line) => line.startsWith('#'));
    expect(headings).toHaveLength(9);
  });
});
