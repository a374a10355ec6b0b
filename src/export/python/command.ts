// predict.py of a Python bundle: a CSV file scored to a CSV file, or images to one. The same text for every model.

import { MODULE } from './module.ts';

const SHARED = `class Output:
    """A CSV file that is there only when it is whole; standard output where no path is given."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        if self.path is None:
            self.file = sys.stdout
        else:
            self.part = self.path.with_name(f"{self.path.name}.part")
            self.file = self.part.open("w", encoding="utf-8", newline="")
        return csv.writer(self.file)

    def __exit__(self, kind, *_):
        if self.path is not None:
            self.file.close()
            self.part.unlink() if kind else os.replace(self.part, self.path)


def added(names, header):
    """The names of the predictions, none of which the input has already."""
    taken, free = set(header), []
    for name in names:
        candidate, n = name, 2
        while candidate in taken:
            candidate, n = f"{name} ({n})", n + 1
        taken.add(candidate)
        free.append(candidate)
    return free


def rows_of(predictions):
    return zip(*(values.tolist() for values in predictions.values()), strict=True)`;

const TABLE = `"""Scores a CSV file: its columns, then the prediction's.

    python3 predict.py input.csv --output predictions.csv
"""

import argparse
import csv
import os
import pathlib
import re
import sys

from ${MODULE} import Model


${SHARED}


def batches(file, delimiter, size):
    """The header, then lists of (line, cells) of at most size rows."""
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    header = next(reader, None)
    if not header:
        raise ValueError("the input is empty: its first line must name the columns")
    yield header
    batch = []
    for cells in reader:
        if not cells:
            continue
        if len(cells) != len(header):
            raise ValueError(f"line {reader.line_num} has {len(cells)} cells and the header {len(header)}")
        batch.append((reader.line_num, cells))
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def score(model, file, output, delimiter=",", size=4096):
    """Writes the predictions of a CSV file to another; gives the number of rows."""
    parts = batches(file, delimiter, size)
    header = next(parts)
    with Output(output) as writer:
        writer.writerow([*header, *added(model.columns, header)])
        total = 0
        for batch in parts:
            columns = dict(zip(header, zip(*(cells for _, cells in batch), strict=True), strict=True))
            try:
                predictions = model.predict(columns)
            except ValueError as error:
                place = re.match(r"row (\\d+), ", str(error))
                if not place:
                    raise
                raise ValueError(f"line {batch[int(place[1]) - 1][0]}, {str(error)[place.end():]}") from None
            for (_, cells), predicted in zip(batch, rows_of(predictions), strict=True):
                writer.writerow([*cells, *predicted])
            total += len(batch)
        if total == 0:  # a file without rows must have the right columns all the same
            model.predict({name: [] for name in header})
    return total


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input", help="a CSV file in UTF-8, or - for standard input")
    parser.add_argument("-o", "--output", type=pathlib.Path, help="where the CSV goes; standard output if left out")
    parser.add_argument("--model", type=pathlib.Path, help="another model.onnx")
    parser.add_argument("--delimiter", default=",", help="between cells of the input, a comma if left out")
    options = parser.parse_args(arguments)
    try:
        model = Model(options.model) if options.model else Model()
        if options.input == "-":
            total = score(model, sys.stdin, options.output, options.delimiter)
        else:
            with open(options.input, encoding="utf-8-sig", newline="") as file:
                total = score(model, file, options.output, options.delimiter)
    except (OSError, ValueError, KeyError, csv.Error) as error:
        parser.exit(2, f"{parser.prog}: {error.args[0] if isinstance(error, KeyError) else error}\\n")
    print(f"{total} rows", file=sys.stderr)


if __name__ == "__main__":
    main()
`;

const IMAGES = `"""Scores images to a CSV file: the file, then the prediction.

    python3 predict.py picture.png folder --output predictions.csv
"""

import argparse
import csv
import os
import pathlib
import sys

from ${MODULE} import Model

#: endings of the images that are taken from a folder
ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"}


${SHARED}


def images_of(paths):
    """The files themselves, and every image in the folders, in the order of their names."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.suffix.lower() in ENDINGS)
        else:
            yield path


def score(model, paths, output, size=64):
    """Writes the predictions of images to a CSV file; gives their number."""
    files = list(images_of(paths))
    if not files:
        raise ValueError("there is no image to score")
    with Output(output) as writer:
        writer.writerow(["file", *added(model.columns, ["file"])])
        for start in range(0, len(files), size):
            batch = files[start : start + size]
            for file, predicted in zip(batch, rows_of(model.predict(batch)), strict=True):
                writer.writerow([str(file), *predicted])
    return len(files)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input", nargs="+", type=pathlib.Path, help="images, or folders of them")
    parser.add_argument("-o", "--output", type=pathlib.Path, help="where the CSV goes; standard output if left out")
    parser.add_argument("--model", type=pathlib.Path, help="another model.onnx")
    options = parser.parse_args(arguments)
    try:
        total = score(Model(options.model) if options.model else Model(), options.input, options.output)
    except (OSError, ValueError) as error:
        parser.exit(2, f"{parser.prog}: {error}\\n")
    print(f"{total} images", file=sys.stderr)


if __name__ == "__main__":
    main()
`;

export function pythonCommand(kind: 'table' | 'images'): string {
  return kind === 'table' ? TABLE : IMAGES;
}
