"""Writes estimate.json, or the file that is named: isotonic regression and boosted trees by scikit-learn."""

import json
import sys
from pathlib import Path

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score

rng = np.random.default_rng(1)
out = {"isotonic": [], "boosted": {}}

for count, digits in [(1, 3), (2, 3), (7, 1), (60, 2), (300, 6)]:
    scores = np.round(rng.random(count), digits)
    hits = (rng.random(count) < scores**2).astype(float)
    fitted = IsotonicRegression(out_of_bounds="clip").fit(scores, hits)
    at = np.round(np.linspace(-0.1, 1.1, 25), 4)
    out["isotonic"].append({"scores": scores.tolist(), "hits": hits.tolist(), "at": at.tolist(), "shares": fitted.predict(at).tolist()})

x = np.round(rng.normal(size=(1200, 4)), 4)
y = np.round(np.sin(2 * x[:, 0]) + 0.5 * x[:, 1] * (x[:, 2] > 0) + 0.2 * rng.normal(size=1200), 4)
label = (y > 0.3).astype(int)
train, test = slice(0, 800), slice(800, 1200)
options = {"n_estimators": 100, "max_depth": 3, "learning_rate": 0.1, "min_samples_leaf": 20, "random_state": 0}
regressor = GradientBoostingRegressor(**options).fit(x[train], y[train])
classifier = GradientBoostingClassifier(**options).fit(x[train], label[train])
out["boosted"] = {
    "x": x.T.tolist(),
    "y": y.tolist(),
    "label": label.tolist(),
    "r2": float(regressor.score(x[test], y[test])),
    "auc": float(roc_auc_score(label[test], classifier.predict_proba(x[test])[:, 1])),
}

target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("estimate.json")
target.write_text(json.dumps(out, separators=(",", ":")) + "\n")
