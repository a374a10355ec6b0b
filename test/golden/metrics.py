"""Writes metrics.json: scikit-learn's figures of given predictions, for src/evaluate. Run: /usr/bin/python3 metrics.py [file]

Probabilities are float32 values handed to scikit-learn as float64, as a person does who reads them from JSON. Labels are
all the model's for the confusion matrix, the per-class figures and the log loss; scikit-learn's own default (those that
occur) for the averages. A figure that scikit-learn does not define is left out.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
from sklearn import metrics as m
from sklearn.dummy import DummyClassifier

warnings.filterwarnings("ignore")
random = np.random.RandomState(7)


def probabilities(rows, classes, levels=None):
    """Float32 rows that add up to about 1; with `levels`, of so few values that scores tie."""
    raw = random.gamma(0.7, size=(rows, classes)) + 1e-3
    share = raw / raw.sum(axis=1, keepdims=True)
    if levels:
        share = np.round(share * levels) / levels
    if classes == 2:
        share[:, 0] = 1 - share[:, 1]
    return share.astype(np.float32)


def labels_like(p, keep=0.6):
    """Actual classes that agree with the most probable one in about `keep` of the rows."""
    guess = p.argmax(axis=1)
    return np.where(random.rand(len(p)) < keep, guess, random.randint(p.shape[1], size=len(p)))


def label_figures(y, predicted, classes):
    """The figures of labels alone."""
    figures = {"accuracy": m.accuracy_score(y, predicted), "balancedAccuracy": m.balanced_accuracy_score(y, predicted)}
    for average in ("macro", "weighted"):
        p, r, f, _ = m.precision_recall_fscore_support(y, predicted, average=average, zero_division=0)
        for name, value in zip(("precision", "recall", "f1"), (p, r, f)):
            figures[name + average.capitalize()] = value
    if classes == 2:
        p, r, f, _ = m.precision_recall_fscore_support(y, predicted, average="binary", pos_label=1, zero_division=0)
        figures.update(precision=p, recall=r, f1=f)
    return figures


def curve_figures(y, p):
    """Curves of each class against the rest; of two classes only the second."""
    roc, precision_recall = [], []
    for c in [1] if p.shape[1] == 2 else range(p.shape[1]):
        hit = (y == c).astype(int)
        if 0 < hit.sum() < len(hit):
            fpr, tpr, thresholds = m.roc_curve(hit, p[:, c])
            roc.append({"fpr": fpr, "tpr": tpr, "thresholds": thresholds, "auc": m.roc_auc_score(hit, p[:, c])})
        else:
            roc.append({"fpr": [], "tpr": [], "thresholds": [], "auc": None})
        if hit.sum() > 0:
            precision, recall, thresholds = m.precision_recall_curve(hit, p[:, c])
            precision_recall.append(
                {
                    "precision": precision[::-1],
                    "recall": recall[::-1],
                    "thresholds": np.r_[thresholds[-1] + 1, thresholds[::-1]],
                    "averagePrecision": m.average_precision_score(hit, p[:, c]),
                }
            )
        else:
            precision_recall.append({"precision": [], "recall": [], "thresholds": [], "averagePrecision": None})
    return roc, precision_recall


def probability_figures(y, p):
    roc, precision_recall = curve_figures(y, p)
    figures = {"logLoss": m.log_loss(y, p, labels=np.arange(p.shape[1]))}
    for name, values in (
        ("rocAuc", [c["auc"] for c in roc]),
        ("averagePrecision", [c["averagePrecision"] for c in precision_recall]),
    ):
        known = [v for v in values if v is not None]
        if known:
            figures[name] = np.mean(known)
    # Where scikit-learn averages the classes itself, it must say the same.
    if p.shape[1] > 2 and len(np.unique(y)) == p.shape[1] and np.allclose(p.sum(axis=1), 1):
        hits = np.eye(p.shape[1])[y]
        assert abs(figures["rocAuc"] - m.roc_auc_score(hits, p, average="macro")) < 1e-12
        assert abs(figures["averagePrecision"] - m.average_precision_score(hits, p, average="macro")) < 1e-12
    return figures


def class_case(name, y, p, trained=None):
    """One case; `trained` are the training part's classes, for the dummy."""
    classes = p.shape[1]
    y = np.asarray(y)
    p64 = p.astype(np.float64)
    trained = np.arange(classes) if trained is None else np.asarray(trained)
    predicted = p64.argmax(axis=1)
    roc, precision_recall = curve_figures(y, p64)
    per_class = m.precision_recall_fscore_support(y, predicted, labels=range(classes), zero_division=0)

    dummy = DummyClassifier(strategy="prior").fit(np.zeros((len(trained), 1)), trained)
    shares = np.zeros(classes)
    shares[dummy.classes_] = dummy.class_prior_
    says = dummy.predict(np.zeros((len(y), 1)))
    return {
        "name": name,
        "actual": y,
        "probabilities": p64.ravel(),
        "shares": shares,
        "metrics": {**label_figures(y, predicted, classes), **probability_figures(y, p64)},
        "dummy": {**label_figures(y, says, classes), **probability_figures(y, np.tile(shares, (len(y), 1)))},
        "confusion": m.confusion_matrix(y, predicted, labels=range(classes)),
        "classes": [dict(zip(("precision", "recall", "f1", "support"), row)) for row in zip(*per_class)],
        "roc": roc,
        "precisionRecall": precision_recall,
    }


def class_cases():
    p = probabilities(60, 2)
    yield class_case("two classes", labels_like(p), p, [0] * 3 + [1] * 4)
    p = probabilities(80, 2, levels=5)
    yield class_case("two classes with tied scores, 0.5 and the ends among them", labels_like(p), p, [0] * 7 + [1] * 2)
    p = probabilities(12, 2)
    yield class_case("two classes, no actual positive", np.zeros(12, int), p)
    yield class_case("two classes, no actual negative", np.ones(12, int), p)
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]], np.float32)
    yield class_case("two classes, no positive predicted", [0, 1, 0], p)
    yield class_case("two classes, one score for all", [0, 1, 1, 0, 1], np.full((5, 2), 0.5, np.float32))
    p = np.array([[1, 0], [0, 1], [1, 0], [0, 1], [1e-9, 1], [1 - 1e-9, 1e-30]], np.float32)
    yield class_case("probabilities of 0 and 1, some of them wrong", [0, 1, 1, 0, 1, 0], p)
    p = probabilities(90, 3)
    yield class_case("three classes", labels_like(p), p, [0, 1, 1, 2])
    p = probabilities(90, 3, levels=4)
    yield class_case("three classes with tied scores", labels_like(p), p, [2, 1, 1, 2])
    p = probabilities(50, 4)
    y = labels_like(p)
    yield class_case("a class that is predicted and never actual", np.where(y == 2, 3, y), p, [0, 0, 1, 2, 3])
    p = probabilities(50, 4)
    y = labels_like(p)
    p[:, 1] = 0.001
    yield class_case("a class that is actual and never predicted", y, p)
    p = probabilities(50, 4)
    p[:, 3] = 0.002
    y = labels_like(p[:, :3])
    yield class_case("a class of the model that does not occur", y, p, [0, 1, 2, 3, 3])
    p = probabilities(50, 4)
    yield class_case("a class unknown to the training part", labels_like(p), p, [0, 1, 1, 3])
    yield class_case("one row, right", [1], np.array([[0.2, 0.7, 0.1]], np.float32))
    yield class_case("one row, wrong", [0], np.array([[0.2, 0.8]], np.float32))
    yield class_case("one actual class of three", [1] * 6, probabilities(6, 3))
    p = probabilities(300, 10)
    yield class_case("ten classes", labels_like(p), p, np.arange(10).repeat(np.arange(1, 11)))


def value_case(name, y, predicted, trained_mean):
    y, predicted = np.asarray(y, float), np.asarray(predicted, float)

    def figures(guess):
        out = {"mae": m.mean_absolute_error(y, guess), "rmse": m.mean_squared_error(y, guess, squared=False)}
        if len(np.unique(y)) > 1:
            out["r2"] = m.r2_score(y, guess)
        return out

    counts, edges = np.histogram(y - predicted, bins=min(40, int(np.ceil(np.sqrt(len(y))))))
    return {
        "name": name,
        "actual": y,
        "predicted": predicted,
        "dummyMean": trained_mean,
        "metrics": figures(predicted),
        "dummy": figures(np.full(len(y), trained_mean)),
        "histogram": {"edges": edges, "counts": counts},
    }


def value_cases():
    y = random.normal(150, 70, 120)
    yield value_case("values", y, y + random.normal(0, 40, 120), 152.1)
    yield value_case("values far from zero", 1e9 + y, 1e9 + y + random.normal(0, 40, 120), 1e9 + 150)
    yield value_case("whole numbers, residuals on the edges of bins", np.arange(100) % 7, np.arange(100) % 5, 3)
    yield value_case("a perfect prediction", y, y, 150)
    yield value_case("worse than the mean", y, 300 - y, 150)
    yield value_case("equal actual values that have no exact mean", [0.1] * 10, np.linspace(0, 1, 10), 0.1)
    yield value_case("one row", [3.5], [3.0], 2)


def main(file):
    cases = {"classes": list(class_cases()), "values": list(value_cases())}
    file.write_text(json.dumps(cases, default=lambda value: value.tolist()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("metrics.json"))
