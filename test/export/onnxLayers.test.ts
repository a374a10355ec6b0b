import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Preparation, TargetEncoding } from '../../src/data/prepare.ts';
import { writeOnnx } from '../../src/export/onnx.ts';
import { toProbabilities } from '../../src/model/head.ts';
import { inferShapes } from '../../src/model/shapes.ts';
import type { LayerSpec } from '../../src/model/spec.ts';
import { ACTIVATIONS, LAYER_CASES } from '../layerCases.ts';
import {
  maxAbsDiff,
  numberFeatures,
  randomModel,
  randomValues,
  tablePreparation,
  THREE,
  TWO,
  VALUE,
} from './models.ts';
import { keepArtifact, runOnnx, runTfjs } from './runtimes.ts';

const ROWS = 5;

/** The largest difference between the ONNX file in ONNX Runtime and the layers model in TensorFlow.js, probabilities or scaled values. */
async function difference(preparation: Preparation, layers: LayerSpec[], seed = 1, artifact?: string): Promise<number> {
  const model = randomModel(preparation, layers, seed);
  const bytes = writeOnnx(model);
  if (artifact) keepArtifact(`layers-${artifact}.onnx`, bytes);
  const size = model.network.inputShape.reduce((product, next) => product * next, 1);
  let onnx;
  let x: Float32Array;
  if (preparation.kind === 'images') {
    const pixels = randomValues(ROWS * size, seed + 1, 256);
    x = pixels.map((pixel) => pixel / 255);
    onnx = await runOnnx(bytes, [['image', pixels, [ROWS, ...model.network.inputShape]]]);
  } else {
    const [first] = layers;
    // whole numbers for an embedding, some of them beyond its vocabulary
    const bound = first?.kind === 'embedding' ? first.vocabulary + 3 : undefined;
    const columns = preparation.features.map((_, i) =>
      randomValues(ROWS, seed + i, bound).map((v) => v - (bound ? 1 : 0)),
    );
    x = new Float32Array(ROWS * size);
    preparation.features.forEach((feature, i) => {
      if (feature.kind !== 'number') throw new Error('numbers only here');
      columns[i].forEach((value, row) => {
        x[row * size + i] = Math.fround(value - Math.fround(feature.center)) / Math.fround(feature.scale);
      });
    });
    onnx = await runOnnx(
      bytes,
      columns.map((column, i) => [`x${i}`, column, [ROWS, 1]]),
    );
  }
  const raw = await runTfjs(model, x, ROWS);
  const { target } = preparation;
  if (target.kind === 'value') {
    const value = onnx.get('value')!.data as Float32Array;
    return maxAbsDiff(
      value.map((v) => (v - target.center) / target.scale),
      raw,
    );
  }
  return maxAbsDiff(onnx.get('probabilities')!.data as Float32Array, toProbabilities(model.network.head, raw, ROWS));
}

const images = (height: number, width: number, channels: 1 | 3, target: TargetEncoding = THREE): Preparation => ({
  kind: 'images',
  height,
  width,
  channels,
  target,
});

describe('a network written as ONNX gives what TensorFlow.js gives', () => {
  for (const activation of ACTIVATIONS) {
    it(`with ${activation} after a dense layer and after a convolution`, async () => {
      const table = tablePreparation(numberFeatures(4), THREE);
      const dense: LayerSpec[] = [{ kind: 'dense', units: 8, activation }];
      expect(await difference(table, dense, 2, `dense-${activation}`)).toBeLessThan(1e-5);
      const convolution: LayerSpec[] = [{ kind: 'conv2d', filters: 3, kernelSize: 3, activation }, { kind: 'flatten' }];
      expect(await difference(images(6, 7, 3), convolution, 3, `conv2d-${activation}`)).toBeLessThan(1e-5);
    });
  }

  for (const [name, target] of Object.entries({ binary: TWO, multiclass: THREE, regression: VALUE })) {
    it(`with no hidden layer, for ${name}`, async () => {
      expect(await difference(tablePreparation(numberFeatures(5), target), [], 4, name)).toBeLessThan(1e-5);
    });
  }

  for (const padding of ['valid', 'same'] as const) {
    for (const strides of [1, 2, 3]) {
      for (const window of [1, 2, 3, 4]) {
        it(`with windows of ${window} in steps of ${strides}, padding ${padding}`, async () => {
          const layers: Record<string, LayerSpec> = {
            conv2d: { kind: 'conv2d', filters: 4, kernelSize: window, strides, padding, activation: 'linear' },
            maxPool2d: { kind: 'maxPool2d', poolSize: window, strides, padding },
            averagePool2d: { kind: 'averagePool2d', poolSize: window, strides, padding },
          };
          for (const [kind, layer] of Object.entries(layers)) {
            const artifact = `${kind}-${window}-${strides}-${padding}`;
            expect(await difference(images(7, 8, 3), [layer, { kind: 'flatten' }], 5, artifact), kind).toBeLessThan(
              1e-5,
            );
          }
        });
      }
    }
  }

  it('with batch normalisation on features and on channels, with its default and with another epsilon', async () => {
    const table = tablePreparation(numberFeatures(4), TWO);
    expect(await difference(table, [{ kind: 'batchNorm' }], 6, 'batchNorm-features')).toBeLessThan(1e-5);
    expect(await difference(table, [{ kind: 'batchNorm', epsilon: 0.5 }], 6)).toBeLessThan(1e-5);
    const layers: LayerSpec[] = [{ kind: 'batchNorm', epsilon: 0.01 }, { kind: 'flatten' }];
    expect(await difference(images(4, 5, 3), layers, 7, 'batchNorm-channels')).toBeLessThan(1e-5);
  });

  it('with dropout, which leaves no trace', async () => {
    const table = tablePreparation(numberFeatures(4), THREE);
    expect(await difference(table, [{ kind: 'dropout', rate: 0.5 }], 8)).toBeLessThan(1e-5);
  });

  it('with a global average pool', async () => {
    expect(await difference(images(5, 6, 3), [{ kind: 'globalAveragePool2d' }], 9, 'globalAveragePool2d')).toBeLessThan(
      1e-5,
    );
  });

  it('with a flatten of channels last, so that the weights after it meet their pixels', async () => {
    const layers: LayerSpec[] = [
      { kind: 'conv2d', filters: 5, kernelSize: 2, activation: 'relu' },
      { kind: 'maxPool2d', poolSize: 2 },
      { kind: 'flatten' },
      { kind: 'dense', units: 7, activation: 'tanh' },
      { kind: 'flatten' },
    ];
    expect(await difference(images(9, 6, 1), layers, 10, 'flatten')).toBeLessThan(1e-5);
  });

  for (const { name, inputShape, layers } of LAYER_CASES) {
    it(`with ${name}, a row of a table as its input`, async () => {
      const width = inputShape.reduce((product, size) => product * size, 1);
      const plain = layers[0]?.kind === 'embedding';
      const features = numberFeatures(width).map((feature) => (plain ? { ...feature, center: 0, scale: 1 } : feature));
      const shaped: LayerSpec[] = inputShape.length > 1 ? [{ kind: 'reshape', shape: inputShape }, ...layers] : layers;
      const artifact = `case-${name.replace(/[^a-z0-9]+/gi, '-')}`;
      expect(await difference(tablePreparation(features, THREE), shaped, 11, artifact)).toBeLessThan(1e-5);
    });
  }

  it('for any network that can be built', async () => {
    const activation = fc.constantFrom(...ACTIVATIONS);
    const window = {
      strides: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      padding: fc.option(fc.constantFrom('valid' as const, 'same' as const), { nil: undefined }),
    };
    const size = fc.integer({ min: 1, max: 4 });
    const spatial = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('conv2d' as const), filters: size, kernelSize: size, activation, ...window }),
        fc.record({ kind: fc.constant('maxPool2d' as const), poolSize: size, ...window }),
        fc.record({ kind: fc.constant('averagePool2d' as const), poolSize: size, ...window }),
        fc.record({ kind: fc.constant('batchNorm' as const) }),
        fc.record({ kind: fc.constant('dropout' as const), rate: fc.constant(0.3) }),
      ),
      { maxLength: 4 },
    );
    const flat = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('dense' as const), units: fc.integer({ min: 1, max: 9 }), activation }),
        fc.record({ kind: fc.constant('batchNorm' as const) }),
        fc.record({ kind: fc.constant('dropout' as const), rate: fc.constant(0.3) }),
      ),
      { maxLength: 3 },
    );
    const network = fc.record({
      height: fc.integer({ min: 3, max: 9 }),
      width: fc.integer({ min: 3, max: 9 }),
      channels: fc.constantFrom(1 as const, 3 as const),
      target: fc.constantFrom<TargetEncoding>(TWO, THREE, VALUE),
      spatial,
      bridge: fc.constantFrom<LayerSpec>({ kind: 'flatten' }, { kind: 'globalAveragePool2d' }),
      flat,
      seed: fc.integer({ min: 1, max: 1_000_000 }),
    });
    await fc.assert(
      fc.asyncProperty(network, async ({ height, width, channels, target, spatial, bridge, flat, seed }) => {
        const layers: LayerSpec[] = [...spatial, bridge, ...flat];
        const preparation = images(height, width, channels, target);
        try {
          inferShapes(randomShape(preparation, layers));
        } catch {
          fc.pre(false); // a window that is larger than what it slides over
        }
        expect(await difference(preparation, layers, seed)).toBeLessThan(1e-5);
      }),
      { numRuns: 100, seed: 20240506 },
    );
  });
});

function randomShape(preparation: Preparation, layers: LayerSpec[]) {
  if (preparation.kind !== 'images') throw new Error('images only here');
  const { height, width, channels } = preparation;
  return { inputShape: [height, width, channels], layers, head: { kind: 'value' as const } };
}
