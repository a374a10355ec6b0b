// What a field of a recipe must be, each with the words that say so.

import * as v from 'valibot';

export const text = v.pipe(v.string('must be text'), v.nonEmpty('must not be empty'));
export const flag = v.boolean('must be true or false');

export const oneOf = <const T extends readonly string[]>(...options: T) =>
  v.picklist(options, `must be one of ${options.map((option) => `'${option}'`).join(', ')}`);

export const number = (min: number, max: number, what = `must be a number from ${min} to ${max}`) =>
  v.pipe(v.number(what), v.finite(what), v.minValue(min, what), v.maxValue(max, what));

export const whole = (min: number, max: number, what = `must be a whole number from ${min} to ${max}`) =>
  v.pipe(v.number(what), v.integer(what), v.minValue(min, what), v.maxValue(max, what));

export const below1 = (name: string) => {
  const what = `must be a number from 0 to below 1 (${name})`;
  return v.pipe(v.number(what), v.minValue(0, what), v.ltValue(1, what));
};

export const above0 = (max: number) => {
  const what = `must be a number above 0 and at most ${max}`;
  return v.pipe(v.number(what), v.finite(what), v.gtValue(0, what), v.maxValue(max, what));
};
