// The gradient of max pooling, channels last: it goes to the first largest input of each window.

import type { Tf } from '../tf.ts';
import type { CpuKernel, Values } from './kernel.ts';

type Pool2DInfo = ReturnType<Tf['backend_util']['computePool2DInfo']>;

export function poolingKernels(tf: Tf): CpuKernel[] {
  return [
    {
      name: tf.MaxPoolGrad,
      inputs: ['dy', 'input'],
      takes: () => true,
      run: ([dy, x], [, shape], attributes) => {
        const info = tf.backend_util.computePool2DInfo(
          shape as [number, number, number, number],
          attributes.filterSize as number,
          attributes.strides as number,
          1,
          attributes.pad as 'same' | 'valid',
          attributes.dimRoundingMode as 'floor' | undefined,
        );
        return { shape, values: maxPoolGradient(info, dy, x) };
      },
    },
  ];
}

/** d loss / d input, [batch, height, width, channels]. */
function maxPoolGradient(info: Pool2DInfo, dy: Values, x: Values): Values {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth } = info;
  const { filterHeight, filterWidth, strideHeight, strideWidth } = info;
  const { top, left } = info.padInfo;
  const dx = new Float32Array(x.length);
  for (let b = 0; b < batchSize; b++) {
    for (let oy = 0; oy < outHeight; oy++) {
      const yFrom = Math.max(0, oy * strideHeight - top);
      const yTo = Math.min(inHeight, oy * strideHeight - top + filterHeight);
      for (let ox = 0; ox < outWidth; ox++) {
        const xFrom = Math.max(0, ox * strideWidth - left);
        const xTo = Math.min(inWidth, ox * strideWidth - left + filterWidth);
        for (let c = 0; c < inChannels; c++) {
          let largest = -Infinity;
          let place = ((b * inHeight + yFrom) * inWidth + xFrom) * inChannels + c;
          for (let iy = yFrom; iy < yTo; iy++) {
            for (let ix = xFrom; ix < xTo; ix++) {
              const at = ((b * inHeight + iy) * inWidth + ix) * inChannels + c;
              if (x[at] > largest) {
                largest = x[at];
                place = at;
              }
            }
          }
          dx[place] += dy[((b * outHeight + oy) * outWidth + ox) * inChannels + c];
        }
      }
    }
  }
  return dx;
}
