// The same networks in jax-js: one jitted function of a step, Adam, batches already on the device. Images are
// [batch, channels, height, width], as its convolutions want them.

import type { LayerSpec, Network } from '../../src/model/spec.ts';
import type { Workload } from './workloads.ts';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the package is there for the bench alone
type Any = any;

export interface Peer {
  /** does some steps and waits for them */
  run(steps: number): Promise<number>;
  dispose(): void;
}

export async function createJax(
  jax: Any,
  device: string,
  workload: Workload,
  data: { x: Float32Array; y: Float32Array },
): Promise<Peer> {
  const { numpy: np, nn, lax, jit, valueAndGrad, init, defaultDevice, tree } = jax;
  await init();
  defaultDevice(device);
  const { network, batch, steps } = workload;
  const { inputShape } = network;
  const units = network.head.kind === 'softmax' ? network.head.units : 1;
  const image = inputShape.length === 3;
  const [shapes, apply] = build(network, batch, units, { np, nn, lax });
  const random = (shape: number[]) => {
    const size = shape.reduce((all, n) => all * n, 1);
    const fan = shape.length === 4 ? shape[1] * shape[2] * shape[3] : shape[0];
    const scale = shape.length > 1 ? Math.sqrt(2 / fan) : 0;
    return np.array(Float32Array.from({ length: size }, () => (Math.random() * 2 - 1) * scale)).reshape(shape);
  };
  let params: Any[] = shapes.map((shape) =>
    shape.length === 1 && shape[0] < 0 ? np.ones([-shape[0]]) : random(shape),
  );
  let m: Any[] = params.map((p) => np.zerosLike(p.ref));
  let v: Any[] = params.map((p) => np.zerosLike(p.ref));
  const loss = (p: Any[], x: Any, y: Any) =>
    nn
      .logSoftmax(apply(p, x))
      .mul(y)
      .sum()
      .mul(-1 / batch);
  const step = jit((p: Any[], m: Any[], v: Any[], x: Any, y: Any) => {
    const [l, g] = valueAndGrad(loss)(tree.ref(p), x, y);
    const m2 = m.map((mi, i) => mi.mul(0.9).add(g[i].ref.mul(0.1)));
    const v2 = v.map((vi, i) => vi.mul(0.999).add(g[i].ref.mul(g[i]).mul(0.001)));
    const p2 = p.map((pi, i) => pi.sub(m2[i].ref.div(np.sqrt(v2[i].ref).add(1e-7)).mul(0.001)));
    return [p2, m2, v2, l];
  });
  const width = inputShape.reduce((all, size) => all * size, 1);
  const batches = Array.from({ length: steps }, (_, s) => {
    const x = np.array(data.x.slice(s * batch * width, (s + 1) * batch * width)).reshape([batch, ...inputShape]);
    const y = new Float32Array(batch * units);
    for (let i = 0; i < batch; i++) y[i * units + data.y[s * batch + i]] = 1;
    return [image ? np.transpose(x, [0, 3, 1, 2]) : x, np.array(y).reshape([batch, units])];
  });
  let at = 0;
  let last: Any = null;
  return {
    async run(count) {
      defaultDevice(device);
      for (let i = 0; i < count; i++) {
        const [x, y] = batches[at++ % batches.length];
        const result = step(params, m, v, x.ref, y.ref);
        [params, m, v] = result;
        last?.dispose();
        last = result[3];
      }
      return (await last.ref.data())[0];
    },
    dispose() {
      last?.dispose();
      for (const array of [...params, ...m, ...v, ...batches.flat()]) array.dispose();
    },
  };
}

/** The shapes of the parameters (a negative length: ones) and the forward pass. */
function build(
  network: Network,
  batch: number,
  units: number,
  { np, nn, lax }: Any,
): [number[][], (p: Any[], x: Any) => Any] {
  const shapes: number[][] = [];
  const layers: ((p: Any[], x: Any) => Any)[] = [];
  let shape =
    network.inputShape.length === 3
      ? [network.inputShape[2], network.inputShape[0], network.inputShape[1]]
      : network.inputShape;
  const weight = (...size: number[]) => shapes.push(size) - 1;
  const activate = (x: Any, layer: LayerSpec) =>
    'activation' in layer && layer.activation === 'relu' ? nn.relu(x) : x;
  for (const layer of network.layers) {
    switch (layer.kind) {
      case 'dense': {
        const [w, b] = [weight(shape[0], layer.units), weight(layer.units)];
        layers.push((p, x) => activate(np.matmul(x, p[w]).add(p[b]), layer));
        shape = [layer.units];
        break;
      }
      case 'conv2d':
      case 'depthwiseConv2d': {
        const depthwise = layer.kind === 'depthwiseConv2d';
        const filters = depthwise ? shape[0] : layer.filters;
        const { kernelSize, strides = 1, padding = 'valid' } = layer;
        const [w, b] = [weight(filters, depthwise ? 1 : shape[0], kernelSize, kernelSize), weight(filters)];
        const groups = depthwise ? { featureGroupCount: shape[0] } : {};
        layers.push((p, x) => {
          const y = lax.convGeneralDilated(x, p[w], [strides, strides], padding.toUpperCase(), groups);
          return activate(y.add(p[b].reshape([1, filters, 1, 1])), layer);
        });
        const places = (size: number) =>
          padding === 'same' ? Math.ceil(size / strides) : Math.floor((size - kernelSize) / strides) + 1;
        shape = [filters, places(shape[1]), places(shape[2])];
        break;
      }
      case 'batchNorm': {
        const [g, b] = [weight(-shape[0]), weight(shape[0])];
        const wide = [1, shape[0], 1, 1];
        layers.push((p, x) => {
          const mean = np.mean(x.ref, [0, 2, 3]).reshape(wide);
          const d = x.sub(mean);
          const variance = np.mean(d.ref.mul(d.ref), [0, 2, 3]).reshape(wide);
          return d
            .div(np.sqrt(variance.add(1e-3)))
            .mul(p[g].reshape(wide))
            .add(p[b].reshape(wide));
        });
        break;
      }
      case 'activation':
        layers.push((_, x) => activate(x, layer));
        break;
      case 'maxPool2d': {
        const size = layer.poolSize;
        layers.push((_, x) => lax.reduceWindow(x, np.max, [1, 1, size, size], [1, 1, size, size]));
        shape = [shape[0], Math.floor(shape[1] / size), Math.floor(shape[2] / size)];
        break;
      }
      case 'globalAveragePool2d':
        layers.push((_, x) => np.mean(x, [2, 3]));
        shape = [shape[0]];
        break;
      case 'flatten': {
        const flat = shape.reduce((all, size) => all * size, 1);
        layers.push((_, x) => x.reshape([batch, flat]));
        shape = [flat];
        break;
      }
      case 'dropout': // left out: it would only cost time
        break;
      default:
        throw new Error(`no ${layer.kind} in this bench`);
    }
  }
  const [w, b] = [weight(shape[0], units), weight(units)];
  return [
    shapes,
    (p, x) =>
      np
        .matmul(
          layers.reduce((y, layer) => layer(p, y), x),
          p[w],
        )
        .add(p[b]),
  ];
}
