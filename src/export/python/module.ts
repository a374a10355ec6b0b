// The Python module inside the Python and MLflow bundles, the same text for every model of a table and for every model of
// images: what it needs to know stands in the metadata of the ONNX file beside it.

import { MISSING_TOKENS } from '../../data/cells.ts';
import { MODEL_FILE } from '../bundle.ts';

/** The name of the module's file, without `.py`. */
export const MODULE = 'lathe_model';

const OPEN = `        self.session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        facts = self.session.get_modelmeta().custom_metadata_map
        self.labels = json.loads(facts["labels"])
        self.preparation = json.loads(facts["preparation"])
        self.outputs = json.loads(facts["outputs"])
        #: the names of what predict gives
        self.columns = ["prediction", *(f"probability {label}" for label in self.labels)]`;

const RUN = `    def _run(self, feeds):
        """{name: values of all rows}: the label and the probability of each label, or the value."""
        if not self.labels:
            (values,) = self.session.run([self.outputs["value"]], feeds)
            return {"prediction": values[:, 0]}
        names = [self.outputs["label"], self.outputs["probabilities"]]
        labels, probabilities = self.session.run(names, feeds)
        return dict(zip(self.columns, [labels, *probabilities.T], strict=True))`;

const TABLE = `"""A model made with Lathe, run by ONNX Runtime: raw columns in, predictions out.

The preparation is inside the ONNX file; this module only brings values into the types that the file takes.
"""

import datetime
import json
import math
import pathlib
import re

import numpy as np
import onnxruntime

#: spellings of a missing value
MISSING = {
${python([...MISSING_TOKENS])}
}
#: numbers with thousands set apart, by what stands before a fraction
GROUPED = {
    ".": re.compile(r"[+-]?[1-9]\\d{0,2}([,'’\\u00a0\\u202f])\\d{3}(\\1\\d{3})*(\\.\\d+)?"),
    ",": re.compile(r"[+-]?[1-9]\\d{0,2}([.'’\\u00a0\\u202f])\\d{3}(\\1\\d{3})*(,\\d+)?"),
}
NUMBER = re.compile(r"[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?")
DATE = re.compile(
    r"(\\d{4})([-/.])(\\d{1,2})\\2(\\d{1,2})"
    r"(?:[T ](\\d{1,2}):(\\d{2})(?::(\\d{2})(\\.\\d{1,9})?)?\\s*(?:(Z)|([+-])(\\d{2}):?(\\d{2}))?)?"
)
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
LARGEST = float(np.finfo(np.float32).max)


class Model:
    """\`Model().predict(columns)\`"""

    def __init__(self, path=pathlib.Path(__file__).parent / "${MODEL_FILE}"):
${OPEN}
        #: of each feature: the column, the input of the file, the type, the two spellings of a boolean, and the decimal mark
        #: of numbers in text where the training data had one
        self.features = []
        inputs = dict(map(tuple, json.loads(facts["inputs"])))
        marks = {style["column"]: style.get("mark") for style in self.preparation.get("styles", [])}
        for feature in self.preparation["features"]:
            spellings = [value for value in feature.get("outputs", []) if value != ""]
            booleans = spellings if feature["type"] == "boolean" and len(spellings) == 2 else None
            mark = marks.get(feature["column"])
            self.features.append((feature["column"], inputs[feature["column"]], feature["type"], booleans, mark))

    def predict(self, columns):
        """{name: values of all rows}: the label and the probability of each label, or the value.

        columns: {name: values of all rows}. Numbers may be text, with the decimal mark of the training data; a date is a
        date, ISO 8601 text or days since 1970-01-01 UTC; None, NaN and the spellings in MISSING are missing. Columns that
        the model does not take are passed over.
        Raises KeyError where a column is not there, ValueError("row 1, column 'a': ...") where a value cannot be read.
        """
        absent = [column for column, *_ in self.features if column not in columns]
        if absent:
            raise KeyError(f"the model takes columns that are not there: {', '.join(map(repr, absent))}")
        feeds = {}
        for column, name, kind, booleans, mark in self.features:
            values = [cell(value, kind, booleans, mark, row, column) for row, value in enumerate(columns[column])]
            is_text = kind in ("category", "boolean")
            feeds[name] = np.array(values, dtype=object if is_text else np.float32).reshape(-1, 1)
        return self._run(feeds)

${RUN}


def cell(value, kind, booleans, mark, row, column):
    """One value as the file takes it: a float (NaN where it is missing) or a string (empty where it is missing)."""
    missing = "" if kind in ("category", "boolean") else math.nan
    if is_missing(value):
        return missing
    if kind in ("category", "boolean"):
        return label(value, booleans)
    number = days(value) if kind == "date" else plain_number(value, mark)
    if number is None or not abs(number) <= LARGEST:
        number = "a number, or text with a decimal comma such as 1,5" if mark == "," else "a number such as 1.5"
        wanted = "a date such as 2024-05-31" if kind == "date" else number
        raise ValueError(f"row {row + 1}, column {column!r}: {value!r} is not {wanted}")
    return number


def is_missing(value):
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return value.strip() in MISSING if isinstance(value, str) else value != value


def label(value, booleans):
    """A category as text; a boolean in the data's own spelling."""
    if isinstance(value, (bool, np.bool_)):
        return booleans[int(value)] if booleans else str(bool(value)).lower()
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def plain_number(value, mark=None):
    """None where it is none."""
    if isinstance(value, str):
        text = plain_text(value.strip(), mark)
        return float(text) if NUMBER.fullmatch(text) else None
    return float(value) if isinstance(value, (int, float, np.number, np.bool_)) else None


def plain_text(text, mark):
    """A number as Python writes it, out of text with that decimal mark: 1.234 may be 1234. Empty with the other mark."""
    grouped = GROUPED[mark].fullmatch(text) if mark else None
    if grouped:
        text = text.replace(grouped[1], "")
    if mark != ",":
        return text
    return "" if "." in text else text.replace(",", ".", 1)


def days(value):
    """Days since 1970-01-01 UTC; a time without a zone is UTC. None where it is no date."""
    if isinstance(value, str):
        return date_in_text(value.strip())
    if isinstance(value, datetime.datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
        return (moment - EPOCH) / datetime.timedelta(days=1)
    if isinstance(value, datetime.date):
        return float((value - EPOCH.date()).days)
    return plain_number(value)


def date_in_text(text):
    match = DATE.fullmatch(text)
    if not match:
        return plain_number(text)
    year, _, month, day, hour, minute, second, fraction, _, sign, hours, minutes = match.groups()
    try:
        date = datetime.date(int(year), int(month), int(day))
    except ValueError:
        return None
    if int(hour or 0) > 24 or int(minute or 0) > 59 or int(second or 0) > 60:
        return None
    offset = (int(hours) * 60 + int(minutes)) * (1 if sign == "+" else -1) if sign else 0
    seconds = int(hour or 0) * 3600 + (int(minute or 0) - offset) * 60 + int(second or 0) + float(fraction or 0)
    return (date - EPOCH.date()).days + seconds / 86400
`;

const IMAGES = `"""A model made with Lathe, run by ONNX Runtime: images in, predictions out.

Images are resized as Lathe resizes them: by the mean of the area where they shrink, linearly where they grow.
"""

import json
import pathlib

import numpy as np
import onnxruntime
from PIL import Image, ImageOps


class Model:
    """\`Model().predict(images)\`"""

    def __init__(self, path=pathlib.Path(__file__).parent / "${MODEL_FILE}"):
${OPEN}

    def predict(self, images):
        """{name: values of all images}: the label and the probability of each label, or the value.

        images: arrays [height, width, channels] of the model's own size, 0 to 255, or Pillow images or files of any size.
        """
        pixels = [image if isinstance(image, np.ndarray) else self.pixels(image) for image in images]
        return self._run({"image": np.stack(pixels).astype(np.float32)})

    def pixels(self, image):
        """A Pillow image or a file as the model takes it: [height, width, channels], 0 to 255."""
        if not isinstance(image, Image.Image):
            with Image.open(image) as opened:
                return self.pixels(opened)
        rgba = np.asarray(ImageOps.exif_transpose(image).convert("RGBA"), dtype=np.float64)
        alpha = rgba[..., 3:]
        rgb = (rgba[..., :3] * alpha + 255 * (255 - alpha)) / 255  # what is transparent lies on white
        if self.preparation["channels"] == 1:
            rgb = rgb @ np.array([[0.299], [0.587], [0.114]])  # luminance of ITU-R BT.601
        rows = axis_weights(rgb.shape[0], self.preparation["height"])
        columns = axis_weights(rgb.shape[1], self.preparation["width"])
        resized = np.einsum("yh,hwc,xw->yxc", rows, rgb, columns, optimize=True)
        return np.minimum(255, np.floor(resized + 0.5 + 1e-9)).astype(np.uint8)

${RUN}


def axis_weights(before, after):
    """[after, before]: what each pixel after is made of."""
    weights = np.zeros((after, before))
    ratio = before / after
    for i in range(after):
        if after > before:
            center = min(max((i + 0.5) * ratio - 0.5, 0), before - 1)
            first = min(int(center), max(0, before - 2))
            weights[i, first] = 1 if before == 1 else 1 - (center - first)
            if before > 1:
                weights[i, first + 1] = center - first
        else:
            start, end = i * before / after, (i + 1) * before / after
            for k in range(int(start), int(np.ceil(end))):
                weights[i, k] = (min(end, k + 1) - max(start, k)) / ratio
    return weights
`;

/** The text of the module. */
export function pythonModule(kind: 'table' | 'images'): string {
  return kind === 'table' ? TABLE : IMAGES;
}

/** Strings as the lines of a Python set. */
function python(texts: string[]): string {
  return `    ${texts.map((text) => JSON.stringify(text)).join(', ')},`.replace(/(.{80,100}?,) /g, '$1\n    ');
}
