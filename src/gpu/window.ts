// The arithmetic of a window that slides over an image: where it lies in the input for each place of the output.
// One dimension is an image of height 1.

import { UserError } from '../base/errors.ts';
import type { Padding } from '../model/spec.ts';

export interface Window {
  height: number;
  width: number;
  channels: number;
  outHeight: number;
  outWidth: number;
  /** channels of the output */
  filters: number;
  kernelHeight: number;
  kernelWidth: number;
  stride: number;
  /** the stride along the height: 1 where there is but one row */
  strideY: number;
  dilation: number;
  padTop: number;
  padLeft: number;
  /** whether a window may reach over an edge */
  padded: boolean;
}

/**
 * A window over [height, width, channels], by Keras' rules: `same` pads so that the output has ceil(size / stride)
 * places, the odd one after the end.
 */
export function convolved(
  [height, width, channels]: number[],
  filters: number,
  [kernelHeight, kernelWidth]: [number, number],
  stride: number,
  dilation: number,
  padding: Padding,
): Window {
  const strideY = height === 1 && kernelHeight === 1 ? 1 : stride;
  const [outHeight, padTop, bottom] = places(height, kernelHeight, strideY, dilation, padding);
  const [outWidth, padLeft, right] = places(width, kernelWidth, stride, dilation, padding);
  return {
    height,
    width,
    channels,
    outHeight,
    outWidth,
    filters,
    kernelHeight,
    kernelWidth,
    stride,
    strideY,
    dilation,
    padTop,
    padLeft,
    padded: padTop + bottom + padLeft + right > 0,
  };
}

/**
 * A transposed convolution of [height, width, channels] to `filters` channels, as the convolution whose gradient it
 * is: the window's input is the layer's output.
 */
export function transposed(
  [height, width, channels]: number[],
  filters: number,
  kernelSize: number,
  stride: number,
  padding: Padding,
): Window {
  const grown = (size: number) => size * stride + (padding === 'valid' ? Math.max(kernelSize - stride, 0) : 0);
  const size = [grown(height), grown(width), filters];
  return convolved(size, channels, [kernelSize, kernelSize], stride, 1, padding);
}

/** Places along an axis, and the padding before and after it. */
function places(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  padding: Padding,
): [number, number, number] {
  const reach = (kernel - 1) * dilation + 1;
  if (padding === 'same') {
    const count = Math.ceil(size / stride);
    const pad = Math.max(0, (count - 1) * stride + reach - size);
    return [count, Math.floor(pad / 2), Math.ceil(pad / 2)];
  }
  if (reach > size) {
    throw new UserError('invalid', `a window of ${reach} is larger than its input of ${size}; use padding 'same'`);
  }
  return [Math.floor((size - reach) / stride) + 1, 0, 0];
}
