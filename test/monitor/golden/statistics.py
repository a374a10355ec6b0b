"""Writes statistics.json, or the file that is named: p-values and distances by SciPy, on small samples, ties, empty categories and large samples."""

import json
import sys
from pathlib import Path

import numpy as np
from scipy import stats
from scipy.spatial.distance import jensenshannon

rng = np.random.default_rng(0)
out = {"ks": [], "kstwo": [], "wasserstein": [], "chiSquared": [], "jensenShannon": [], "proportions": [], "fisher": [], "special": []}

for n in [1, 2, 5, 10, 40, 140, 141, 500, 1000, 5000, 20000, 100000, 500000]:
    for z in [0.2, 0.3, 0.5, 0.7, 1, 1.2, 1.5, 1.9, 2.1, 2.5, 3, 4]:
        d = z / np.sqrt(n)
        if d < 1:
            out["kstwo"].append({"d": d, "n": n, "p": float(stats.kstwo.sf(d, n))})

# the samples are drawn again by the test, so that the file stays small: linear congruential, the same in both languages
def draw(seed, count, shift, digits):
    values, state = [], seed
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append(round(state / 2**32 * 10**digits) / 10**digits + shift)
    return np.sort(values)

for n, m in [(1, 1), (1, 5), (2, 2), (3, 3), (7, 12), (10, 10), (100, 50), (500, 500), (500, 497), (1000, 9000), (12000, 30), (20000, 15000)]:
    for shift in [0, 0.125, 0.5]:
        for digits in [0, 1, 6]:
            a, b = draw(1, n, 0, digits), draw(2, m, shift, digits)
            ks = stats.ks_2samp(a, b)
            case = {"n": n, "m": m, "shift": shift, "digits": digits}
            out["ks"].append({**case, "statistic": float(ks.statistic), "p": float(ks.pvalue)})
            out["wasserstein"].append({**case, "distance": float(stats.wasserstein_distance(a, b))})

tables = [([10, 20, 30], [12, 18, 33]), ([5, 0, 5], [0, 3, 9]), ([1, 1], [1, 1]), ([100, 0, 0, 7], [90, 0, 0, 20]), ([3, 4, 0], [0, 0, 9])]
for _ in range(10):
    k = int(rng.integers(2, 12))
    tables.append((rng.integers(0, 60, k).tolist(), rng.integers(0, 90, k).tolist()))
for first, second in tables:
    table = np.array([first, second])
    kept = table[:, table.sum(axis=0) > 0]
    statistic, p, _, _ = stats.chi2_contingency(kept, correction=False)
    out["chiSquared"].append({"first": first, "second": second, "statistic": float(statistic), "p": float(p)})
    p1, p2 = np.array(first) / sum(first), np.array(second) / sum(second)
    out["jensenShannon"].append({"first": first, "second": second, "distance": float(jensenshannon(p1, p2))})

for hits, of, other, other_of in [(10, 100, 25, 110), (0, 50, 1, 60), (3, 7, 4, 9), (500, 1000, 480, 1000)]:
    # the square of the pooled z is Pearson's statistic of the two by two table
    table = [[hits, of - hits], [other, other_of - other]]
    statistic, p, _, _ = stats.chi2_contingency(table, correction=False)
    out["proportions"].append({"hits": hits, "of": of, "otherHits": other, "otherOf": other_of, "zSquared": float(statistic), "p": float(p)})

for hits, of, other, other_of in [(0, 30, 3, 300), (1, 8, 9, 10), (3, 3, 0, 3), (0, 5, 0, 9), (4, 900, 3, 30), (2, 30, 0, 5000), (30, 30, 290, 300), (12, 700, 9, 800)]:
    _, p = stats.fisher_exact([[hits, of - hits], [other, other_of - other]])
    out["fisher"].append({"hits": hits, "of": of, "otherHits": other, "otherOf": other_of, "p": float(p)})

for k in [1, 2, 3, 10, 99, 1000]:
    for q in [1e-8, 0.001, 0.1, 0.5, 0.9, 0.999, 1 - 1e-12]:
        x = float(stats.chi2.ppf(q, k))
        out["special"].append({"name": "chiSquaredSf", "args": [x, k], "value": float(stats.chi2.sf(x, k))})
for z in [-5, -1, 0, 0.1, 1, 3, 8, 20]:
    out["special"].append({"name": "normalSf", "args": [z], "value": float(stats.norm.sf(z))})
for p in [1e-12, 0.001, 0.025, 0.3, 0.5, 0.9, 0.999]:
    out["special"].append({"name": "normalQuantile", "args": [p], "value": float(stats.norm.ppf(p))})

target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("statistics.json")
target.write_text(json.dumps(out, separators=(",", ":")) + "\n")
