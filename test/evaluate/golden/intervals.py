"""Writes intervals.json: how far figures vary, for src/evaluate/intervals.ts. Run: /usr/bin/python3 intervals.py [file]

The derivative of each of scikit-learn's figures by each row's weight is taken numerically; the standard error is the root of
n / (n - 1) times the sum of their squares. Wilson's intervals are SciPy's.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
from scipy.stats import binomtest
from sklearn import metrics as m

warnings.filterwarnings("ignore")
random = np.random.RandomState(5)
STEP = 1e-4


def error(figure, rows):
    slopes = []
    for i in range(rows):
        weights = [np.ones(rows), np.ones(rows)]
        weights[0][i] += STEP
        weights[1][i] -= STEP
        slopes.append((figure(weights[0]) - figure(weights[1])) / (2 * STEP))
    return np.sqrt(np.sum(np.square(slopes)) * rows / (rows - 1))


def class_case(name, y, p):
    rows, classes = p.shape
    p64 = p.astype(np.float64)
    said = p64.argmax(axis=1)
    figures = {
        "balancedAccuracy": lambda w: m.balanced_accuracy_score(y, said, sample_weight=w),
        "logLoss": lambda w: m.log_loss(y, p64 / p64.sum(axis=1, keepdims=True), labels=np.arange(classes), sample_weight=w),
    }
    for key in ("precision", "recall", "f1"):
        score = getattr(m, key + "_score")
        for average in ("macro", "weighted"):
            if key + average != "recallweighted":
                figures[key + average.capitalize()] = lambda w, s=score, a=average: s(y, said, average=a, sample_weight=w, zero_division=0)
    if classes == 2:
        figures["rocAuc"] = lambda w: m.roc_auc_score(y, p64[:, 1], sample_weight=w)
        figures["averagePrecision"] = lambda w: m.average_precision_score(y, p64[:, 1], sample_weight=w)
        figures["f1"] = lambda w: m.f1_score(y, said, sample_weight=w)
    else:
        present = [c for c in range(classes) if (y == c).any()]
        figures["rocAuc"] = lambda w: np.mean([m.roc_auc_score(y == c, p64[:, c], sample_weight=w) for c in present])
        figures["averagePrecision"] = lambda w: np.mean([m.average_precision_score(y == c, p64[:, c], sample_weight=w) for c in present])
    return {
        "name": name,
        "actual": y,
        "probabilities": p64.ravel(),
        "classes": classes,
        "errors": {key: error(figure, rows) for key, figure in figures.items()},
    }


def draw(rows, classes, levels=None, absent=None):
    raw = random.gamma(0.9, size=(rows, classes)) + 1e-2
    p = raw / raw.sum(axis=1, keepdims=True)
    if levels:
        p = (np.round(p * levels) + 0.1) / (levels + 0.1 * classes)
    p = p.astype(np.float32)
    y = np.where(random.rand(rows) < 0.6, p.argmax(axis=1), random.randint(classes, size=rows))
    if absent is not None:
        y[y == absent] = (absent + 1) % classes
    return y, p


def value_case(name, y, said):
    figures = {
        "mae": lambda w: m.mean_absolute_error(y, said, sample_weight=w),
        "squares": lambda w: m.mean_squared_error(y, said, sample_weight=w),
        "r2": lambda w: m.r2_score(y, said, sample_weight=w),
    }
    return {"name": name, "actual": y, "predicted": said, "errors": {key: error(f, len(y)) for key, f in figures.items()}}


x = random.normal(size=60)
golden = {
    "wilson": [
        {"hits": k, "rows": n, "low": ci.low, "high": ci.high}
        for k, n in [(0, 1), (1, 1), (0, 30), (3, 10), (50, 60), (97, 97), (123456, 1000000)]
        for ci in [binomtest(k, n).proportion_ci(0.95, method="wilson")]
    ],
    "classes": [
        class_case("two classes", *draw(60, 2)),
        class_case("two classes with ties", *draw(50, 2, levels=4)),
        class_case("four classes", *draw(90, 4)),
        class_case("four classes with ties, one of them absent", *draw(70, 4, levels=5, absent=2)),
    ],
    "values": [value_case("values", 3 + 2 * x + random.normal(size=60), 3 + 1.8 * x)],
}


def plain(value):
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_suffix(".json")
target.write_text(json.dumps(golden, default=plain) + "\n")
