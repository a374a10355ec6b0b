// The Python module that MLflow loads a model with: the same text for every model of a kind.

import { MODULE } from '../python/module.ts';

const LOAD = `

def _load_pyfunc(path):
    """Called by MLflow with the path of the ONNX file."""
    return Scorer(path)
`;

const TABLE = `"""What MLflow calls: a DataFrame of raw columns in, a DataFrame of predictions out."""

import pandas

from ${MODULE} import Model


class Scorer:
    def __init__(self, path):
        self.model = Model(path)

    def predict(self, data, params=None):
        columns = {name: data[name].tolist() for name in data.columns}
        return pandas.DataFrame(self.model.predict(columns), index=data.index)
${LOAD}`;

const IMAGES = `"""What MLflow calls: an array of images in, a DataFrame of predictions out."""

import numpy
import pandas

from ${MODULE} import Model


class Scorer:
    def __init__(self, path):
        self.model = Model(path)

    def predict(self, data, params=None):
        return pandas.DataFrame(self.model.predict(list(numpy.asarray(data))))
${LOAD}`;

export function pythonFunction(kind: 'table' | 'images'): string {
  return kind === 'table' ? TABLE : IMAGES;
}
