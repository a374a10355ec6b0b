"""Writes recurrent.json: what recurrent layers give and the gradients of every weight, by PyTorch on the CPU.

/usr/bin/python3 test/train/golden/recurrent.py [OUTPUT] (a Python that has torch). simpleRnn and lstm are torch.nn.RNN and
torch.nn.LSTM. torch.nn.GRU resets after the product with the state; the gru here resets before it, so it is written out
from the definition of the ONNX operator GRU with linear_before_reset 0, and differentiated by autograd.
Weights are written in Keras' layout, which is the project's: [in, gates * units], lstm in the order i, f, c, o.
"""

import json
import sys
from pathlib import Path

import torch

torch.manual_seed(0)
torch.set_num_threads(1)
ROWS, STEPS, CHANNELS, UNITS = 4, 6, 3, 5
GATES = {"simpleRnn": 1, "lstm": 4, "gru": 3}


def rounded(tensor):
    """Numbers with few digits, which are the same float32 in every language."""
    return torch.round(tensor * 4096) / 4096


def by_torch(kind, weights, x):
    """torch keeps [gates * units, in], two biases, and an lstm in the order i, f, c, o as well."""
    module = {"simpleRnn": torch.nn.RNN, "lstm": torch.nn.LSTM}[kind](CHANNELS, UNITS, batch_first=True)
    named = {
        "weight_ih_l0": weights["kernel"].T,
        "weight_hh_l0": weights["recurrentKernel"].T,
        "bias_ih_l0": weights["bias"],
        "bias_hh_l0": torch.zeros_like(weights["bias"]),
    }
    for name, value in named.items():
        delattr(module, name)
        setattr(module, name, value)  # no parameters, so that gradients reach the weights above
    module._flat_weights = list(named.values())
    return module(x)[0]


def gru(weights, x):
    cut = lambda value: value.split(UNITS, dim=-1)
    (wz, wr, wh), (rz, rr, rh), (bz, br, bh) = (cut(weights[role]) for role in ("kernel", "recurrentKernel", "bias"))
    h, given = torch.zeros(ROWS, UNITS), []
    for step in x.unbind(1):
        z = torch.sigmoid(step @ wz + h @ rz + bz)
        r = torch.sigmoid(step @ wr + h @ rr + br)
        candidate = torch.tanh(step @ wh + (r * h) @ rh + bh)
        h = (1 - z) * candidate + z * h
        given.append(h)
    return torch.stack(given, 1)


def case(kind):
    outputs = GATES[kind] * UNITS
    shapes = {"kernel": (CHANNELS, outputs), "recurrentKernel": (UNITS, outputs), "bias": (outputs,)}
    weights = {role: rounded(torch.randn(shape) / 2).requires_grad_(True) for role, shape in shapes.items()}
    x = rounded(torch.randn(ROWS, STEPS, CHANNELS)).requires_grad_(True)
    given = gru(weights, x) if kind == "gru" else by_torch(kind, weights, x)
    towards = rounded(torch.randn(given.shape))  # the gradient that comes from above, another for each step
    given.backward(towards)
    flat = lambda tensor: [round(value, 8) for value in tensor.detach().flatten().tolist()]
    return {
        "kind": kind,
        "units": UNITS,
        "x": {"shape": list(x.shape), "data": flat(x)},
        "weights": {role: {"shape": list(value.shape), "data": flat(value)} for role, value in weights.items()},
        "towards": flat(towards),
        "given": flat(given),
        "gradients": {"x": flat(x.grad), **{role: flat(value.grad) for role, value in weights.items()}},
    }


target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_suffix(".json")
target.write_text(json.dumps([case(kind) for kind in GATES], separators=(",", ":")) + "\n")
