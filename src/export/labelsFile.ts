// The text file of class labels that many tools read.

/** One label a line, nothing escaped. A line break inside a label becomes a space: the exact labels are in model.json. */
export function writeLabels(labels: string[]): string {
  return labels.map((label) => `${label.replace(/\r\n|[\n\v\f\r\u0085\u2028\u2029]/g, ' ')}\n`).join('');
}
