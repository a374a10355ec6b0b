"""Stands in for mlflow.pyfunc, which is not installed: loads a folder by its MLmodel as MLflow's documents say.

Columns must be those of the signature and of their types; the loader is imported from the folder's own code.
"""

import importlib
import json
import pathlib
import sys

import numpy as np
import yaml

KINDS = {"double": "f", "string": "O", "datetime": "M"}


class PyFuncModel:
    def __init__(self, implementation, inputs):
        self.implementation = implementation
        self.inputs = inputs

    def predict(self, data):
        if self.inputs[0]["type"] == "tensor":
            spec = self.inputs[0]["tensor-spec"]
            assert data.dtype == np.dtype(spec["dtype"]), data.dtype
            assert list(data.shape[1:]) == spec["shape"][1:], data.shape
            return self.implementation.predict(data, None)
        for column in self.inputs:
            kind = data[column["name"]].dtype.kind
            fits = kind == KINDS[column["type"]] or (kind in "iu" and column["type"] == "double")
            assert fits, f"{column['name']!r} is {data[column['name']].dtype}, not {column['type']}"
        return self.implementation.predict(data[[column["name"] for column in self.inputs]], None)


def load_model(folder):
    folder = pathlib.Path(folder)
    model = yaml.safe_load((folder / "MLmodel").read_text("utf-8"))
    flavor = model["flavors"]["python_function"]
    sys.path.insert(0, str(folder / flavor["code"]))
    implementation = importlib.import_module(flavor["loader_module"])._load_pyfunc(str(folder / flavor["data"]))
    return PyFuncModel(implementation, json.loads(model["signature"]["inputs"]))
