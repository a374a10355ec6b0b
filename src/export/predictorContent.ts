// What a predictor file carries, as text: JSON in which typed arrays are base64 and no `<` stands, so that it can lie in
// an element of HTML. Nothing of it runs.

import { fromBase64, toBase64 } from '../base/base64.ts';
import { UserError } from '../base/errors.ts';
import { parse, stringify } from '../base/json.ts';
import type { PredictField, Preparation } from '../data/preparation.ts';
import type { Task } from '../model/recipe.ts';
import type { Network, Weight } from '../model/spec.ts';
import type { ReferenceProfile } from '../monitor/reference.ts';

export interface PredictorContent {
  format: 'lathe-predictor';
  version: 1;
  /** the version that it was made of */
  model: {
    /** `<model>@<number>` */
    id: string;
    name: string;
    number: number;
    /** ISO 8601, UTC */
    createdAt: string;
    note: string;
    task: Task;
    target: string;
    parameters: number;
    /** SHA-256 of the weights, hex: whose profiles go together */
    fingerprint: string;
  };
  data: { name: string; rows: { train: number; validation: number; test: number } };
  /** of the test part, the model's and a dummy's */
  metrics: Record<string, number>;
  dummy: Record<string, number>;
  /** what it does not say, a sentence or two each */
  limits: string[];
  /** class labels in the order of the outputs; a value: [] */
  labels: string[];
  /** one for each column that it takes; images: [] */
  fields: PredictField[];
  network: Network;
  weights: Weight[];
  preparation: Preparation;
  /** without any row of the data; null where the data was gone when the file was made */
  reference: ReferenceProfile | null;
}

const ARRAYS = { Uint8Array, Int32Array, Float32Array, Float64Array };
type ArrayType = keyof typeof ARRAYS;

/** Of the element that holds it. */
export const CONTENT_ID = 'lathe-model';
const OPENING = `<script id="${CONTENT_ID}" type="application/json">`;
const CLOSING = '</script>';

/** The element that a predictor reads its model from. */
export function contentElement(content: PredictorContent): string {
  const json = stringify(content, (object) => {
    if (object instanceof Map) return ['Map', [...object]];
    const type = object.constructor?.name as ArrayType;
    if (!ArrayBuffer.isView(object) || !Object.hasOwn(ARRAYS, type)) return undefined;
    return [type, toBase64(new Uint8Array(object.buffer, object.byteOffset, object.byteLength))];
  });
  return `${OPENING}${json.replaceAll('<', '\\u003c')}${CLOSING}`;
}

/** What stands in such an element. @throws UserError where it is damaged, or of a later form */
export function parseContent(json: string): PredictorContent {
  let value: unknown;
  try {
    value = parse(json, (name, content) => {
      if (name === 'Map') return new Map(content as [unknown, unknown][]);
      if (!Object.hasOwn(ARRAYS, name)) throw new SyntaxError(`unknown tag '${name}'`);
      return new ARRAYS[name as ArrayType](fromBase64(content as string).buffer);
    });
  } catch (cause) {
    throw new UserError('invalid', 'predictor file: its model is damaged or cut off. Ask for the file again', {
      cause,
    });
  }
  const { format, version } = (value ?? {}) as Partial<PredictorContent>;
  if (format !== 'lathe-predictor' || version !== 1) {
    throw new UserError('unsupported', 'predictor file: its model is of a form that is unknown here. Ask for the file again'); // prettier-ignore
  }
  return value as PredictorContent;
}

/** The model inside the text of a predictor file. @throws UserError where there is none */
export function contentOf(html: string): PredictorContent {
  const start = html.indexOf(OPENING);
  const end = html.indexOf(CLOSING, start);
  if (start < 0 || end < 0) throw new UserError('missing', 'model in the predictor file: it has none. Choose a file that Lathe exported'); // prettier-ignore
  return parseContent(html.slice(start + OPENING.length, end));
}
