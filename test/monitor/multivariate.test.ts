import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import { detectDomain, fitComponents, reconstructionErrors } from '../../src/monitor/multivariate.ts';

/** Two columns that go together (or not) and one of noise; each for itself is a standard normal either way. */
function draw(seed: number, rows: number, correlation: number): Float64Array[] {
  const random = createRandom(seed);
  const [a, b, c] = [new Float64Array(rows), new Float64Array(rows), new Float64Array(rows)];
  for (let i = 0; i < rows; i++) {
    a[i] = random.normal();
    b[i] = correlation * a[i] + Math.sqrt(1 - correlation ** 2) * random.normal();
    c[i] = random.normal();
  }
  return [a, b, c];
}

describe('a domain classifier', () => {
  it('cannot tell rows of one distribution apart, and its interval says so', () => {
    let outside = 0;
    for (let seed = 0; seed < 20; seed++) {
      const { low, high } = detectDomain(draw(seed, 800, 0.9), draw(seed + 100, 400, 0.9), seed);
      if (low > 0.5 || high < 0.5) outside++;
    }
    expect(outside).toBeLessThanOrEqual(4);
  });

  it('finds columns that no longer go together though each looks as before, and names them', () => {
    const { low, importance } = detectDomain(draw(1, 800, 0.9), draw(2, 400, -0.9), 3);
    expect(low).toBeGreaterThan(0.8);
    expect(importance[2]).toBeLessThan(Math.min(importance[0], importance[1]));
    expect(importance.reduce((sum, share) => sum + share)).toBeCloseTo(1, 12);
  });

  it('gives the same answer for the same seed', () => {
    expect(detectDomain(draw(1, 300, 0), draw(2, 300, 0.5), 9)).toEqual(
      detectDomain(draw(1, 300, 0), draw(2, 300, 0.5), 9),
    );
  });
});

describe('principal components', () => {
  it('are orthonormal and keep 65 % of the variance', () => {
    const { vectors } = fitComponents(draw(1, 5000, 0.9));
    expect(vectors).toHaveLength(2); // 1.9 and 1.0 of 3.0
    const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);
    expect(dot(vectors[0], vectors[0])).toBeCloseTo(1, 12);
    expect(dot(vectors[0], vectors[1])).toBeCloseTo(0, 12);
    expect(Math.abs(vectors[0][0])).toBeCloseTo(Math.SQRT1_2, 1);
  });

  it('say rows of the reference better than rows whose columns no longer go together', () => {
    const components = fitComponents(draw(1, 2000, 0.9));
    const mean = (errors: Float64Array) => errors.reduce((sum, value) => sum + value, 0) / errors.length;
    const before = mean(reconstructionErrors(components, draw(2, 2000, 0.9)));
    expect(mean(reconstructionErrors(components, draw(3, 2000, -0.9)))).toBeGreaterThan(3 * before);
  });

  it('take constant columns and missing values', () => {
    const features = [new Float64Array(10).fill(3), Float64Array.from({ length: 10 }, (_, i) => (i % 3 ? i : NaN))];
    expect(reconstructionErrors(fitComponents(features), features).every(Number.isFinite)).toBe(true);
  });
});
