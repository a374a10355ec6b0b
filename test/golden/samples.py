"""Writes public/samples from the data sets that scikit-learn ships: three CSV files, one zip of images, and index.json.

Values are written as they were measured, not standardised. Run it with Debian's Python: /usr/bin/python3 test/golden/samples.py
[folder]. The same input gives the same bytes: fixed order, fixed dates, nothing of the machine in it.
"""

import csv
import json
import struct
import sys
import zipfile
import zlib
from pathlib import Path

from sklearn import datasets

SAMPLES = Path(__file__).resolve().parents[2] / "public" / "samples"
SKLEARN = "scikit-learn (BSD-3-Clause)"


def number(value):
    """The shortest text that reads back as the same number; whole numbers without a point."""
    value = float(value)
    return str(int(value)) if value.is_integer() else repr(value)


def write_csv(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def grey_png(pixels):
    """An 8-bit greyscale PNG of rows of bytes, without any optional chunk."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", len(pixels[0]), len(pixels), 8, 0, 0, 0, 0)
    scanlines = b"".join(b"\0" + bytes(line) for line in pixels)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(scanlines, 9)) + chunk(b"IEND", b"")


def digit_grey(digits):
    """[rows, 8, 8] of 0..16 as bytes 0..255; the rounding is reversible, since the 17 levels lie 15.9 apart."""
    return [[[int(v * 255 / 16 + 0.5) for v in line] for line in image] for image in digits.images]


def write_iris(folder):
    iris = datasets.load_iris()
    rows = [[*map(number, x), iris.target_names[y]] for x, y in zip(iris.data, iris.target)]
    write_csv(folder / "iris.csv", [*iris.feature_names, "species"], rows)
    return {
        "id": "iris",
        "file": "iris.csv",
        "title": "Iris",
        "kind": "table",
        "rows": len(rows),
        "columns": len(iris.feature_names),
        "target": "species",
        "task": "multiclass",
        "classes": sorted(map(str, iris.target_names)),
        "description": "Tell three species of iris apart by the length and width of their sepals and petals.",
        "source": f"Fisher 1936, UCI Machine Learning Repository, doi:10.24432/C56C76, through {SKLEARN}",
        "licence": "CC BY 4.0",
    }


def write_breast_cancer(folder):
    cancer = datasets.load_breast_cancer()
    rows = [[*map(number, x), cancer.target_names[y]] for x, y in zip(cancer.data, cancer.target)]
    write_csv(folder / "breast-cancer.csv", [*cancer.feature_names, "diagnosis"], rows)
    return {
        "id": "breast-cancer",
        "file": "breast-cancer.csv",
        "title": "Breast cancer",
        "kind": "table",
        "rows": len(rows),
        "columns": len(cancer.feature_names),
        "target": "diagnosis",
        "task": "binary",
        "classes": sorted(map(str, cancer.target_names)),
        "description": "Tell malignant from benign breast tumours by 30 measurements of cell nuclei in a microscope image.",
        "source": "Wolberg, Mangasarian, Street and Street 1993, UCI Machine Learning Repository, doi:10.24432/C5DW2B, "
        f"through {SKLEARN}",
        "licence": "CC BY 4.0",
    }


def write_diabetes(folder):
    diabetes = datasets.load_diabetes(scaled=False)
    rows = [[*map(number, x), number(y)] for x, y in zip(diabetes.data, diabetes.target)]
    write_csv(folder / "diabetes.csv", [*diabetes.feature_names, "progression"], rows)
    return {
        "id": "diabetes",
        "file": "diabetes.csv",
        "title": "Diabetes",
        "kind": "table",
        "rows": len(rows),
        "columns": len(diabetes.feature_names),
        "target": "progression",
        "task": "regression",
        "description": "Predict how far diabetes has progressed after a year from age, sex, body mass index, blood pressure "
        "and six blood values.",
        "source": f"Efron, Hastie, Johnstone and Tibshirani 2004, through {SKLEARN}",
        "licence": "No licence stated by the authors; distributed with scikit-learn (BSD-3-Clause)",
    }


def write_digits(folder):
    digits = datasets.load_digits()
    names = [f"{label}/{index:04d}.png" for index, label in enumerate(digits.target)]
    files = dict(zip(names, map(grey_png, digit_grey(digits))))
    with zipfile.ZipFile(folder / "digits.zip", "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return {
        "id": "digits",
        "file": "digits.zip",
        "title": "Digits",
        "kind": "images",
        "rows": len(files),
        "columns": 64,
        "image": {"height": 8, "width": 8, "channels": 1},
        "target": "label",
        "task": "imageClassification",
        "classes": [str(label) for label in range(10)],
        "description": "Read handwritten digits from grey images of 8 by 8 pixels.",
        "source": "Alpaydin and Kaynak 1998 (its test part), UCI Machine Learning Repository, doi:10.24432/C50P49, "
        f"through {SKLEARN}",
        "licence": "CC BY 4.0",
    }


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    index = [write(folder) for write in (write_iris, write_breast_cancer, write_diabetes, write_digits)]
    (folder / "index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES)
