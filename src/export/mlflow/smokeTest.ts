// The smoke test of an MLflow model: loads the folder as MLflow does and compares made-up examples with Lathe's figures.

const OPEN = `"""Loads this folder with MLflow, scores a few made-up examples and compares with what Lathe predicted.

    python3 smoke_test.py
"""

import json
import pathlib
import sys

import mlflow.pyfunc
`;

const MAIN = `

def main():
    facts = json.loads((HERE / "smoke_test.json").read_text(encoding="utf-8"))
    predictions = mlflow.pyfunc.load_model(str(HERE)).predict(examples(facts))
    labels, expected = facts["labels"], facts["expected"]
    names = [f"probability {label}" for label in labels] or ["prediction"]
    if len(predictions) != len(expected):
        sys.exit(f"{len(predictions)} rows were scored, not {len(expected)}")
    largest = 0.0
    for row, wanted in enumerate(expected):
        numbers = [float(predictions[name].iloc[row]) for name in names]
        largest = max(largest, *(abs(number - value) for number, value in zip(numbers, wanted, strict=True)))
        if labels and predictions["prediction"].iloc[row] != labels[numbers.index(max(numbers))]:
            sys.exit(f"the label of row {row} is not the most probable one")
    if not largest <= facts["tolerance"]:
        sys.exit(f"differs from Lathe by {largest}, more than {facts['tolerance']}")
    print(f"ok: {len(expected)} examples, largest difference {largest:.1e}")


if __name__ == "__main__":
    main()
`;

const TABLE = `${OPEN}import pandas

HERE = pathlib.Path(__file__).resolve().parent


def examples(facts):
    """The made-up rows with the types that the signature has."""
    frame = pandas.DataFrame(facts["columns"], dtype=object)
    for name in facts["dates"]:
        frame[name] = pandas.to_datetime(frame[name])
    return frame.astype({name: float for name in facts["numbers"]})
${MAIN}`;

const IMAGES = `${OPEN}import numpy

HERE = pathlib.Path(__file__).resolve().parent


def examples(facts):
    """The made-up images: [images, height, width, channels], 0 to 255."""
    height, width, channels = facts["image"]
    count = len(facts["expected"])
    values = (31 * numpy.arange(height * width * channels) + 97 * numpy.arange(count)[:, None]) % 256
    return values.reshape(count, height, width, channels).astype(numpy.float32)
${MAIN}`;

export function mlflowSmokeTest(kind: 'table' | 'images'): string {
  return kind === 'table' ? TABLE : IMAGES;
}
