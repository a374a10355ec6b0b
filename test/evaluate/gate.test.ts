import { describe, expect, it } from 'vitest';
import { judgeGate, presetGate, type Evidence, type GateRule, type RowsEvidence } from '../../src/evaluate/gate.ts';
import type { PairedFigure } from '../../src/evaluate/paired.ts';
import type { WorseSlice } from '../../src/monitor/slices.ts';

const around = (value: number, by: number) => ({ value, low: value - by, high: value + by });
const figure = (metric: string, first: number, second: number, by: number): PairedFigure => ({
  metric,
  first: around(first, by),
  second: around(second, by),
  difference: around(second - first, by),
  pValue: 0.5,
});
const slice = (rows: number, value: number): WorseSlice => ({
  conditions: [{ column: 'region', kind: 'category', category: 'north' }],
  rows,
  difference: around(value, 0.01),
  pValue: 0.001,
});

function evidence(change: Partial<Evidence> = {}, rows: Partial<Exclude<RowsEvidence, string>> = {}): Evidence {
  const heldOut = { figures: [], worseSlices: () => [], loss: 0.2, isValue: false, ...rows };
  return { heldOut, newestBatch: 'no batch has labels', weightBytes: 1000, latencyFactor: 1.5, ...change };
}
const uplift = (change: Partial<GateRule & { kind: 'uplift' }> = {}): GateRule => ({
  id: 'u',
  enabled: true,
  kind: 'uplift',
  on: 'heldOut',
  metric: 'accuracy',
  least: 0.01,
  relative: false,
  significant: false,
  ...change,
});
const resultOf = (rule: GateRule, given: Evidence) => judgeGate([rule], given).checks[0];

describe('a rule on an uplift', () => {
  const accuracy = evidence({}, { figures: [figure('accuracy', 0.8, 0.85, 0.06), figure('mae', 10, 9, 0.5)] });

  it('asks for an improvement, which is a lower figure where that is an error', () => {
    expect(resultOf(uplift(), accuracy)).toMatchObject({ result: 'pass', value: expect.closeTo(0.05, 9) });
    expect(resultOf(uplift({ least: 0.06 }), accuracy).result).toBe('fail');
    expect(resultOf(uplift({ metric: 'mae', least: 1 }), accuracy)).toMatchObject({ result: 'pass', value: 1 });
    expect(resultOf(uplift({ metric: 'mae', least: 1.5 }), accuracy).result).toBe('fail');
  });

  it('counts in shares of the first one’s figure where it is relative', () => {
    const ten = uplift({ metric: 'mae', least: 0.1, relative: true });
    expect(resultOf(ten, accuracy)).toMatchObject({ result: 'pass', value: 0.1 });
    expect(resultOf({ ...ten, least: 0.11 } as GateRule, accuracy).result).toBe('fail');
  });

  it('asks for more than chance where it says so', () => {
    expect(resultOf(uplift({ significant: true }), accuracy).result).toBe('fail');
    expect(resultOf(uplift({ metric: 'mae', least: 0, significant: true }), accuracy).result).toBe('pass');
  });

  it('cannot be told without the rows or the figure', () => {
    expect(resultOf(uplift({ on: 'newestBatch' }), accuracy)).toMatchObject({ result: 'unknown', why: 'no batch has labels' }); // prettier-ignore
    expect(resultOf(uplift({ metric: 'rocAuc' }), accuracy)).toMatchObject({ result: 'unknown', value: null });
  });
});

describe('the other rules', () => {
  it('fail on the part of the rows that is worst, and name it', () => {
    const rule: GateRule = { id: 's', enabled: true, kind: 'slice', on: 'heldOut', leastRows: 30, mostWorse: 0.1 };
    const worseSlices = (least: number) => [slice(40, 0.08), slice(32, 0.2)].filter(({ rows }) => rows >= least);
    const given = evidence({}, { worseSlices });
    expect(resultOf(rule, given)).toMatchObject({ result: 'fail', value: 0.2, slice: { rows: 32 } });
    expect(resultOf({ ...rule, leastRows: 40 }, given)).toMatchObject({ result: 'pass', value: 0.08, slice: null });
    expect(resultOf({ ...rule, leastRows: 50 }, given)).toMatchObject({ result: 'pass', value: 0 });
    // of values it is a share of the first one's mean error
    expect(resultOf(rule, evidence({}, { worseSlices, loss: 10, isValue: true }))).toMatchObject({ result: 'pass', value: 0.02 }); // prettier-ignore
  });

  it('hold the size and the time of a row', () => {
    const size: GateRule = { id: 'b', enabled: true, kind: 'size', mostBytes: 1000 };
    expect(resultOf(size, evidence()).result).toBe('pass');
    expect(resultOf({ ...size, mostBytes: 999 }, evidence()).result).toBe('fail');
    const latency: GateRule = { id: 't', enabled: true, kind: 'latency', mostFactor: 1.4 };
    expect(resultOf(latency, evidence())).toMatchObject({ result: 'fail', value: 1.5 });
    expect(resultOf(latency, evidence({ latencyFactor: 'a training goes on' })).result).toBe('unknown');
  });
});

it('the gate fails where one rule does, and does not pass where one cannot be told', () => {
  const good = evidence({}, { figures: [figure('accuracy', 0.8, 0.8, 0.1)] });
  expect(judgeGate(presetGate('accuracy'), good)).toMatchObject({ result: 'unknown', checks: { length: 3 } });
  expect(
    judgeGate(
      presetGate('accuracy').filter(({ id }) => id !== 'uplift-batch'),
      good,
    ).result,
  ).toBe('pass');
  const worse = evidence({}, { figures: [figure('accuracy', 0.8, 0.79, 0.1)] });
  expect(judgeGate(presetGate('accuracy'), worse).result).toBe('fail');
  expect(judgeGate([], worse)).toEqual({ result: 'pass', checks: [] });
});
