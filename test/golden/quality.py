"""Writes quality.json: how well scikit-learn learns the samples on Lathe's own split (splits.json, by splits.mjs).

Features are standardised on the training part alone; nothing is fitted on validation or test. A multi-layer perceptron
depends on its seed, so it is the median of five. Run: /usr/bin/python3 quality.py [file]
"""

import csv
import io
import json
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error, mean_squared_error, r2_score, roc_auc_score
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

GOLDEN = Path(__file__).resolve().parent
SAMPLES = GOLDEN.parents[1] / "public" / "samples"
SEEDS = range(5)

warnings.filterwarnings("ignore", category=ConvergenceWarning)


def read_table(name):
    """[rows, features], the last column as strings, and the features' names."""
    with open(SAMPLES / f"{name}.csv", newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    return np.array([row[:-1] for row in rows], float), np.array([row[-1] for row in rows]), header[:-1]


def read_digits():
    """[images, 64] of 0..1 in the order of the zip, and the folders' names."""
    with zipfile.ZipFile(SAMPLES / "digits.zip") as archive:
        names = archive.namelist()
        pixels = [np.asarray(Image.open(io.BytesIO(archive.read(name)))).ravel() / 255 for name in names]
    return np.array(pixels), np.array([name.split("/")[0] for name in names])


def split(name, x, y, standardise=True):
    """Training and test parts."""
    rows = json.loads((GOLDEN / "splits.json").read_text())[name]
    train, test = rows["train"], rows["test"]
    scaler = StandardScaler(with_mean=standardise, with_std=standardise).fit(x[train])
    return scaler.transform(x[train]), y[train], scaler.transform(x[test]), y[test]


def score_classes(model, parts):
    x, y, test_x, test_y = parts
    model.fit(x, y)
    figures = {"accuracy": accuracy_score(test_y, model.predict(test_x))}
    if hasattr(model, "predict_proba"):
        p = model.predict_proba(test_x)
        figures["logLoss"] = log_loss(test_y, p, labels=model.classes_)
        one_score = p[:, 1] if len(model.classes_) == 2 else p
        figures["rocAuc"] = roc_auc_score(test_y, one_score, multi_class="ovr", labels=model.classes_)
    return figures


def logistic(parts):
    return score_classes(LogisticRegression(max_iter=10_000), parts)


def mlp(parts, layers):
    runs = [score_classes(MLPClassifier(layers, max_iter=1000, random_state=seed), parts) for seed in SEEDS]
    accuracies = [run["accuracy"] for run in runs]
    return {key: float(np.median([run[key] for run in runs])) for key in runs[0]} | {"accuracies": accuracies}


def linear(parts, names):
    x, y, test_x, test_y = parts
    model = LinearRegression().fit(x, y)
    guess = model.predict(test_x)
    return {
        "r2": r2_score(test_y, guess),
        "mae": mean_absolute_error(test_y, guess),
        "rmse": mean_squared_error(test_y, guess, squared=False),
        "intercept": float(model.intercept_),
        "coefficients": dict(zip(names, model.coef_.tolist())),  # of standardised features
    }


def main(file):
    x, y, _ = read_table("iris")
    iris = split("iris", x, y)
    x, y, _ = read_table("breast-cancer")
    cancer = split("breast-cancer", x, y)
    x, y, names = read_table("diabetes")
    diabetes = split("diabetes", x, y.astype(float))
    digits = split("digits", *read_digits(), standardise=False)
    figures = {
        "iris": {"logistic": logistic(iris), "mlp": mlp(iris, (16, 16))},
        "breast-cancer": {"logistic": logistic(cancer), "mlp": mlp(cancer, (32, 16))},
        "diabetes": {"linear": linear(diabetes, names)},
        "digits": {"svc": score_classes(SVC(), digits), "mlp": mlp(digits, (64,))},
    }
    file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else GOLDEN / "quality.json")
