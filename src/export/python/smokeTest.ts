// The smoke test of a Python bundle: scores made-up examples through predict.py itself and compares with Lathe's figures.

const HEAD = `"""Scores a few made-up examples with predict.py and compares with what Lathe predicted.

    python3 smoke_test.py
"""

import csv
import json
import pathlib
import sys
import tempfile
`;

const COMPARE = `    with output.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    labels, expected = facts["labels"], facts["expected"]
    width = max(1, len(labels))
    largest = 0.0
    if len(rows) != len(expected):
        sys.exit(f"{len(rows)} rows were scored, not {len(expected)}")
    for cells, wanted in zip(rows, expected, strict=True):
        numbers = [float(cell) for cell in cells[-width:]]
        largest = max(largest, *(abs(number - value) for number, value in zip(numbers, wanted, strict=True)))
        if labels and cells[-width - 1] != labels[numbers.index(max(numbers))]:
            sys.exit(f"the label {cells[-width - 1]!r} is not the most probable one")
    if not largest <= facts["tolerance"]:
        sys.exit(f"differs from Lathe by {largest}, more than {facts['tolerance']}")
    print(f"ok: {len(rows)} examples, largest difference {largest:.1e}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(pathlib.Path(temporary))
`;

const TABLE = `${HEAD}
import predict

HERE = pathlib.Path(__file__).parent


def main(folder):
    facts = json.loads((HERE / "smoke_test.json").read_text(encoding="utf-8"))
    output = folder / "predictions.csv"
    predict.main([str(HERE / "sample.csv"), "--output", str(output)])
${COMPARE}`;

const IMAGES = `${HEAD}
import numpy as np
from PIL import Image

import predict

HERE = pathlib.Path(__file__).parent


def main(folder):
    facts = json.loads((HERE / "smoke_test.json").read_text(encoding="utf-8"))
    height, width, channels = facts["image"]
    for image in range(len(facts["expected"])):
        values = (31 * np.arange(height * width * channels) + 97 * image) % 256
        pixels = values.astype(np.uint8).reshape(height, width, channels)
        Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(folder / f"{image}.png")
    output = folder / "predictions.csv"
    predict.main([str(folder), "--output", str(output)])
${COMPARE}`;

export function pythonSmokeTest(kind: 'table' | 'images'): string {
  return kind === 'table' ? TABLE : IMAGES;
}
