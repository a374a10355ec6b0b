// Outputs of a model beside what is true: picks the actual values of the rows and hands both to the report.

import { evaluateClasses, evaluateValues, type Evaluation } from '../evaluate/report.ts';
import type { LearningData } from './learningData.ts';
import type { PreparedRecipe } from './preparedRecipe.ts';

/**
 * @param rows row numbers in the data set
 * @param outputs probabilities [rows, classes], or values [rows] in the target's unit
 */
export function evaluateOutputs(
  { target }: LearningData,
  rows: Int32Array,
  outputs: Float32Array,
  dummy: PreparedRecipe['dummy'],
): Evaluation {
  if (target.kind === 'classes' && 'shares' in dummy) {
    const actual = Int32Array.from(rows, (row) => target.classes[row]);
    return evaluateClasses({ labels: target.labels, actual, probabilities: outputs, dummyShares: dummy.shares });
  }
  if (target.kind === 'value' && 'mean' in dummy) {
    const actual = Float64Array.from(rows, (row) => target.values[row]);
    return evaluateValues({ actual, predicted: Float64Array.from(outputs), dummyMean: dummy.mean });
  }
  throw new Error('the target and the dummy are of different kinds');
}
