"""Stands in for onnxruntime, which Debian does not package: the same names, answered by ONNX Runtime for the web.

Only what the exported scripts use. protocolServer.mjs runs the file; its metadata is read by onnx.
"""

import json
import math
import pathlib
import subprocess
import urllib.request

import numpy as np
import onnx

SERVER = pathlib.Path(__file__).resolve().parents[1] / "protocolServer.mjs"


class InferenceSession:
    def __init__(self, path, providers=None):
        self.model = onnx.load(path)
        self.server = subprocess.Popen(["node", str(SERVER), f"model={path}"], stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.server.stdout.readline())}/v2/models/model/infer"

    def __del__(self):
        if hasattr(self, "server"):
            self.server.terminate()
            self.server.wait()
            self.server.stdout.close()

    def get_modelmeta(self):
        class Meta:
            custom_metadata_map = {entry.key: entry.value for entry in self.model.metadata_props}

        return Meta

    def run(self, names, feeds):
        inputs = []
        for name, values in feeds.items():
            # as strict as the real one: a column of text is an array of objects, a column of numbers is float32
            datatype = {np.dtype(object): "BYTES", np.dtype(np.float32): "FP32"}[values.dtype]
            data = [None if value != value else value for value in values.reshape(-1).tolist()]
            assert not any(isinstance(value, float) and math.isinf(value) for value in data)
            inputs.append({"name": name, "shape": list(values.shape), "datatype": datatype, "data": data})
        body = json.dumps({"inputs": inputs, "outputs": [{"name": name} for name in names]}).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url, body)) as answer:
            outputs = {output["name"]: output for output in json.load(answer)["outputs"]}
        dtypes = {"BYTES": object, "FP32": np.float32}
        return [
            np.array(outputs[name]["data"], dtype=dtypes[outputs[name]["datatype"]]).reshape(outputs[name]["shape"])
            for name in names
        ]
