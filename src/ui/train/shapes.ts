// Shapes and names of layers as people write and read them. Pure.

/** How many layers are around one of this name, such as 1 around `2_residual/0_conv2d`. */
export function depthOf(name: string): number {
  return (name.match(/[a-z]\//g) ?? []).length;
}

/** The name without those of the layers around it: `0_conv2d` of `2_residual/0_conv2d`, `1/0_conv2d` in a second branch. */
export function shortName(name: string): string {
  return name.replace(/^.*[a-z]\//, '');
}

/** A size without the batch, as people write it: `8 × 8 × 16`. */
export function formatShape(shape: readonly number[]): string {
  return shape.join(' × ');
}

/** `8 × 8 × 16`, `8,8,16` or `8 8 16` as sizes; what is no number is NaN, so that the recipe's check names it. */
export function parseShape(text: string): number[] {
  return text
    .split(/[×x*,;\s]+/i)
    .filter((part) => part !== '')
    .map(Number);
}
