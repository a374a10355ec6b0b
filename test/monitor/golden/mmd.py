"""Writes mmd.json, or the file that is named: the maximum mean discrepancy by its definition, with SciPy's distances and
permutation test."""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.spatial.distance import cdist, pdist
from scipy.stats import permutation_test

rng = np.random.default_rng(1)


def discrepancy(first, second, bandwidth):
    kernel = lambda a, b: np.exp(-cdist(a, b, "sqeuclidean") / (2 * bandwidth**2))
    m, n = len(first), len(second)
    within = lambda k, count: (k.sum() - np.trace(k)) / (count * (count - 1))
    return within(kernel(first, first), m) + within(kernel(second, second), n) - 2 * kernel(first, second).mean()


cases = []
for m, n, width, shift in [(5, 4, 1, 0.0), (5, 4, 2, 1.5), (4, 6, 3, 0.5), (30, 20, 8, 0.4), (25, 40, 64, 0.0)]:
    first = np.round(64 * rng.normal(size=(m, width))) / 64  # as float32 holds it
    second = np.round(64 * (rng.normal(size=(n, width)) + shift)) / 64
    both = np.concatenate([first, second])
    bandwidth = float(np.sqrt(np.median(pdist(both, "sqeuclidean"))))
    case = {"first": first.tolist(), "second": second.tolist(), "bandwidth": bandwidth}
    case["squared"] = float(discrepancy(first, second, bandwidth))
    if m + n <= 10:  # every split
        split = lambda index_a, index_b, axis=-1: discrepancy(both[index_a.astype(int)], both[index_b.astype(int)], bandwidth)
        exact = permutation_test((np.arange(m), np.arange(m, m + n)), split, vectorized=False, alternative="greater", n_resamples=np.inf)
        case["pValue"] = float(exact.pvalue)
    cases.append(case)

target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("mmd.json")
target.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
