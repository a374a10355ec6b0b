// The same networks as TensorFlow.js layers models, trained by `fit`.

import type * as Tf from '@tensorflow/tfjs';
import type { LayerSpec } from '../../src/model/spec.ts';
import type { Peer } from './jax.ts';
import type { Workload } from './workloads.ts';

export async function createFit(
  tf: typeof Tf,
  backend: string,
  workload: Workload,
  data: { x: Float32Array; y: Float32Array; rows: number },
): Promise<Peer> {
  const use = async () => {
    await tf.setBackend(backend);
    await tf.ready();
  };
  await use();
  const { network, batch } = workload;
  const units = network.head.kind === 'softmax' ? network.head.units : 1;
  const model = tf.sequential();
  [...network.layers].forEach((layer, index) =>
    model.add(layerOf(tf, layer, index === 0 ? network.inputShape : undefined)),
  );
  const first = network.layers.length === 0 ? { inputShape: network.inputShape } : {};
  model.add(tf.layers.dense({ units, activation: 'softmax', ...first }));
  model.compile({ optimizer: tf.train.adam(0.001), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  const x = tf.tensor(data.x, [data.rows, ...network.inputShape]);
  const y = tf.tidy(() => tf.oneHot(tf.tensor1d(Int32Array.from(data.y), 'int32'), units).toFloat());
  return {
    async run(steps) {
      await use();
      let loss = NaN;
      for (let left = steps; left > 0;) {
        const rows = Math.min(left * batch, data.rows);
        const [xs, ys] = [x.slice(0, rows), y.slice(0, rows)];
        const history = await model.fit(xs, ys, { epochs: 1, batchSize: batch, verbose: 0 });
        loss = history.history.loss[0] as number;
        xs.dispose();
        ys.dispose();
        left -= rows / batch;
      }
      return loss;
    },
    dispose() {
      model.dispose();
      x.dispose();
      y.dispose();
    },
  };
}

function layerOf(tf: typeof Tf, layer: LayerSpec, inputShape?: number[]): Tf.layers.Layer {
  const first = inputShape ? { inputShape } : {};
  switch (layer.kind) {
    case 'dense':
      return tf.layers.dense({ units: layer.units, activation: layer.activation as 'relu', ...first });
    case 'conv2d':
      return tf.layers.conv2d({ ...layer, activation: layer.activation as 'relu', ...first });
    case 'depthwiseConv2d':
      return tf.layers.depthwiseConv2d({ ...layer, activation: layer.activation as 'relu', ...first });
    case 'maxPool2d':
      return tf.layers.maxPooling2d({ poolSize: layer.poolSize, ...first });
    case 'globalAveragePool2d':
      return tf.layers.globalAveragePooling2d({ ...first } as never);
    case 'batchNorm':
      return tf.layers.batchNormalization({ ...first });
    case 'activation':
      return tf.layers.activation({ activation: layer.activation as 'relu', ...first });
    case 'dropout':
      return tf.layers.dropout({ rate: layer.rate, ...first });
    case 'flatten':
      return tf.layers.flatten({ ...first });
    default:
      throw new Error(`no ${layer.kind} in this bench`);
  }
}
