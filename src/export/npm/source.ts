// index.js of an npm package: ES module without a build, for browsers and Node. What is of this model is data (JSON
// literals); the code around it is the same for every model of its kind.

import type { FeatureEncoding } from '../../data/prepare.ts';
import { MODEL_FILE, type BundleInput } from '../bundle.ts';
import { onnxPorts } from '../ports.ts';

/** The oldest onnxruntime-web with the entry that is imported. */
export const ORT_RANGE = '>=1.20.0';

/** The text of index.js. */
export function writeSource(model: BundleInput): string {
  const { preparation, labels } = model;
  const { outputs } = onnxPorts(preparation);
  const constants =
    labels.length > 0
      ? `/** The class labels, in the order of the probabilities. */
export const labels = ${JSON.stringify(labels, null, 2)};

const OUTPUTS = ${JSON.stringify({ label: outputs[0].name, probabilities: outputs[1].name })};`
      : `const OUTPUT = ${JSON.stringify(outputs[0].name)};`;
  return [
    "import * as ort from 'onnxruntime-web/wasm';",
    'ort.env.wasm.numThreads ||= 1; // more need a page that is cross-origin isolated, and gain nothing here',
    constants,
    preparation.kind === 'table'
      ? `/** The columns that a row has, and the input of the model that takes each. */
const COLUMNS = ${JSON.stringify(columns(model), null, 2)};`
      : `const SIZE = ${JSON.stringify({ height: preparation.height, width: preparation.width, channels: preparation.channels })};`,
    LOAD,
    RUN,
    labels.length > 0 ? READ_LABELS : READ_VALUES,
    preparation.kind === 'table' ? ROWS : IMAGES,
  ]
    .join('\n\n')
    .concat('\n');
}

/** `type` is what a value may be; the spellings of a boolean stand in its order, false first. */
function columns({ preparation }: BundleInput): object[] {
  if (preparation.kind !== 'table') return [];
  const { inputs } = onnxPorts(preparation);
  return preparation.features.map((feature, place) => ({
    column: feature.column,
    input: inputs[place].name,
    type: feature.kind === 'oneHot' ? 'text' : feature.type === 'date' ? 'date' : 'number',
    ...(spellings(feature) ? { spellings: spellings(feature) } : {}),
  }));
}

/** Of a boolean column with two: that of false, that of true. */
export function spellings(feature: FeatureEncoding): [string, string] | null {
  if (feature.kind !== 'oneHot' || feature.type !== 'boolean') return null;
  const found = feature.outputs.filter((output) => output !== '');
  return found.length === 2 ? [found[0], found[1]] : null;
}

const LOAD = `let own = null;

/** Predicts with the package's own model, which is loaded at the first call. */
export async function predict(inputs) {
  own ??= load();
  own.catch(() => (own = null)); // a failed download may be tried again
  return (await own).predict(inputs);
}

/** Opens the model: the package's own, or another copy of it by its address or its bytes. */
export async function load({ model = new URL('./${MODEL_FILE}', import.meta.url) } = {}) {
  const session = await ort.InferenceSession.create(await bytesOf(model));
  let last = Promise.resolve();
  return {
    predict(inputs) {
      const result = last.then(() => run(session, inputs)); // a session runs one call at a time
      last = result.catch(() => {});
      return result;
    },
    release: () => session.release(),
  };
}

async function bytesOf(model) {
  if (model instanceof Uint8Array) return model;
  if (model instanceof ArrayBuffer) return new Uint8Array(model);
  const url = new URL(model, globalThis.location?.href ?? import.meta.url);
  if (url.protocol === 'file:') {
    const { readFile } = await import(/* webpackIgnore: true */ /* @vite-ignore */ 'node:fs/promises');
    return readFile(url);
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(\`\${url}: the server answers \${response.status}\`);
  return new Uint8Array(await response.arrayBuffer());
}`;

const RUN = `async function run(session, inputs) {
  if (inputs.length === 0) return [];
  return read(await session.run(await feedsOf(inputs)));
}`;

const READ_LABELS = `function read(results) {
  const { data } = results[OUTPUTS.probabilities];
  return Array.from(results[OUTPUTS.label].data, (label, row) => ({
    label,
    probabilities: Object.fromEntries(labels.map((name, k) => [name, data[row * labels.length + k]])),
  }));
}`;

const READ_VALUES = `function read(results) {
  return Array.from(results[OUTPUT].data, (value) => ({ value }));
}`;

const ROWS = `function feedsOf(rows) {
  const feeds = COLUMNS.map(({ column, input, type, spellings }) => {
    if (!rows.some((row) => Object.hasOwn(row, column))) throw new TypeError(\`column \${quote(column)}: no row has it\`);
    const values = rows.map((row, i) => {
      const value = Object.hasOwn(row, column) ? (row[column] ?? null) : null;
      const read = { number, date, text }[type](value, spellings);
      if (read !== undefined) return read;
      throw new TypeError(\`row \${i}, column \${quote(column)}: \${quote(value)} is no \${type}\`);
    });
    const data = type === 'text' ? values : Float32Array.from(values);
    return [input, new ort.Tensor(type === 'text' ? 'string' : 'float32', data, [rows.length, 1])];
  });
  return Object.fromEntries(feeds);
}

function quote(value) {
  return JSON.stringify(value) ?? String(value);
}

/** NaN where it is missing; undefined, here and below, where it is none. */
function number(value) {
  if (value === null) return NaN;
  return typeof value === 'number' && Math.abs(value) !== Infinity ? value : undefined;
}

/** Days since 1970-01-01 UTC. */
function date(value) {
  if (value === null || typeof value === 'number') return number(value);
  const isText = typeof value === 'string' && /^\\d{4}-\\d\\d-\\d\\d/.test(value);
  const time = isText ? Date.parse(utc(value)) : value instanceof Date ? value.getTime() : NaN;
  return Number.isNaN(time) ? undefined : time / 86_400_000;
}

/** A time without a zone is UTC. */
function utc(text) {
  return /T.*(Z|[+-]\\d\\d:?\\d\\d)$/.test(text) || !text.includes('T') ? text : \`\${text}Z\`;
}

/** Empty where it is missing. */
function text(value, spellings) {
  if (value === null) return '';
  if (typeof value === 'boolean') return spellings ? spellings[Number(value)] : String(value);
  return typeof value === 'string' ? value.trim() : undefined;
}`;

const IMAGES = `async function feedsOf(images) {
  const { height, width, channels } = SIZE;
  const length = height * width * channels;
  const pixels = new Float32Array(images.length * length);
  for (const [i, image] of images.entries()) pixels.set(resize(await pixelsOf(image)), i * length);
  return { image: new ort.Tensor('float32', pixels, [images.length, height, width, channels]) };
}

/** RGBA pixels as they are given, or of what a canvas can draw. */
async function pixelsOf(image) {
  const { data, width, height } = image;
  if (data && data.length === 4 * width * height) return image;
  const bitmap = await createImageBitmap(image, { premultiplyAlpha: 'none', colorSpaceConversion: 'none' });
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
}

/**
 * To the model's size, 0 to 255, as Lathe does it: by the mean of the area where an axis shrinks, linearly where it
 * grows; on white where it is transparent; one channel is the luminance of ITU-R BT.601.
 */
function resize({ data, width, height }) {
  const { channels } = SIZE;
  const rows = axisWeights(height, SIZE.height);
  const columns = axisWeights(width, SIZE.width);
  const narrow = new Float64Array(height * SIZE.width * channels);
  for (let y = 0; y < height; y++) {
    const line = flatten(data.subarray(4 * y * width, 4 * (y + 1) * width), channels);
    columns.forEach(({ first, weights }, x) => {
      for (let c = 0; c < channels; c++) {
        const sum = weights.reduce((total, weight, k) => total + weight * line[(first + k) * channels + c], 0);
        narrow[(y * SIZE.width + x) * channels + c] = sum;
      }
    });
  }
  const stride = SIZE.width * channels;
  const resized = new Float32Array(SIZE.height * stride);
  rows.forEach(({ first, weights }, y) => {
    for (let i = 0; i < stride; i++) {
      const sum = weights.reduce((total, weight, k) => total + weight * narrow[(first + k) * stride + i], 0);
      resized[y * stride + i] = Math.min(255, Math.floor(sum + 0.5));
    }
  });
  return resized;
}

/** One line over white: [width, channels]. */
function flatten(rgba, channels) {
  const line = new Float64Array((rgba.length / 4) * channels);
  for (let x = 0; x < rgba.length / 4; x++) {
    const alpha = rgba[4 * x + 3];
    const [r, g, b] = [0, 1, 2].map((c) => (rgba[4 * x + c] * alpha + 255 * (255 - alpha)) / 255);
    if (channels === 3) line.set([r, g, b], 3 * x);
    else line[x] = r === g && g === b ? r : 0.299 * r + 0.587 * g + 0.114 * b;
  }
  return line;
}

/** For each pixel after, the pixels before that it is made of; the weights add up to 1. */
function axisWeights(before, after) {
  const ratio = before / after;
  return Array.from({ length: after }, (_, i) => {
    if (after > before) {
      const center = Math.min(Math.max((i + 0.5) * ratio - 0.5, 0), before - 1);
      const first = Math.min(Math.floor(center), Math.max(0, before - 2));
      return { first, weights: before === 1 ? [1] : [1 - (center - first), center - first] };
    }
    const start = (i * before) / after;
    const end = ((i + 1) * before) / after;
    const first = Math.floor(start);
    const count = Math.ceil(end) - first;
    const share = (_, k) => (Math.min(end, first + k + 1) - Math.max(start, first + k)) / ratio;
    return { first, weights: Array.from({ length: count }, share) };
  });
}`;
