import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../../src/train/backend.ts';
import { GOLDEN_CASES, repeat } from './golden.ts';

beforeAll(async () => {
  await useBackend('cpu');
});

describe('the loss curve and the weights are PyTorch’s to 1e-5', () => {
  it.each(GOLDEN_CASES)('$name', async (golden) => {
    const { loss, weight } = await repeat(golden);
    expect(loss).toBeLessThan(1e-5);
    expect(weight).toBeLessThan(1e-5);
  });
});
