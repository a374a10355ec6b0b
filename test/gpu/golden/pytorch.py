"""Writes pytorch.json: losses of 200 steps by PyTorch on the CPU, from given weights and batches.

Run with a Python that has torch:  python3 test/gpu/golden/pytorch.py
Layouts are those of the project: dense [in, out], convolutions [height, width, in, out], images channels last.
"""

import json
import os

import torch
from torch.nn import functional as F

torch.manual_seed(0)
torch.set_num_threads(1)


def rounded(tensor):
    """Numbers with few digits, which are the same float32 in every language."""
    return torch.round(tensor * 4096) / 4096


def mlp(weights, x):
    h = torch.tanh(x @ weights["0_dense/kernel"] + weights["0_dense/bias"])
    h = torch.relu(h @ weights["1_dense/kernel"] + weights["1_dense/bias"])
    return h @ weights["head/kernel"] + weights["head/bias"]


def cnn(weights, x):
    h = x.permute(0, 3, 1, 2)
    h = F.conv2d(h, weights["0_conv2d/kernel"].permute(3, 2, 0, 1), weights["0_conv2d/bias"], padding=1)
    h = F.max_pool2d(torch.relu(h), 2)
    # batch normalisation by the batch, variance divided by n
    mean = h.mean((0, 2, 3), keepdim=True)
    variance = ((h - mean) ** 2).mean((0, 2, 3), keepdim=True)
    gamma = weights["2_batchNorm/gamma"].reshape(1, -1, 1, 1)
    beta = weights["2_batchNorm/beta"].reshape(1, -1, 1, 1)
    h = (h - mean) / torch.sqrt(variance + 1e-3) * gamma + beta
    h = h.permute(0, 2, 3, 1).flatten(1)
    return h @ weights["head/kernel"] + weights["head/bias"]


def train(name, network, shapes, forward, rows, batch, optimizer, make, features, steps=200):
    x = rounded(torch.randn(rows, *features))
    flat = x.reshape(rows, -1)
    score = flat[:, 0] + flat[:, 1] * flat[:, 2]
    y = (score > 0.4).long() + (score > -0.4).long()
    weights, start = {}, []
    for key, shape in shapes.items():
        if key.endswith("gamma") or key.endswith("movingVariance"):
            value = torch.ones(shape)
        elif key.endswith("kernel"):
            fan = torch.tensor(shape[:-1]).prod().item()
            value = rounded(torch.randn(shape) * (1 / fan) ** 0.5)
        else:
            value = torch.zeros(shape)
        start.append({"name": key, "shape": list(shape), "data": value.flatten().tolist()})
        if "moving" not in key:
            weights[key] = value.clone().requires_grad_(True)
    rule = make(weights.values())
    orders, losses = [], []
    while len(losses) < steps:
        order = torch.randperm(rows)
        orders.append(order.tolist())
        for begin in range(0, rows, batch):
            pick = order[begin : begin + batch]
            loss = F.cross_entropy(forward(weights, x[pick]), y[pick])
            rule.zero_grad()
            loss.backward()
            rule.step()
            losses.append(round(loss.item(), 8))
    assert len(losses) == steps
    return {
        "name": name,
        "network": network,
        "batch": batch,
        "optimizer": optimizer,
        "x": x.flatten().tolist(),
        "y": y.tolist(),
        "weights": start,
        "orders": orders,
        "losses": losses,
    }


softmax = {"kind": "softmax", "units": 3}
cases = [
    train(
        "multilayer perceptron, Adam",
        {
            "inputShape": [10],
            "layers": [
                {"kind": "dense", "units": 16, "activation": "tanh"},
                {"kind": "dense", "units": 12, "activation": "relu"},
            ],
            "head": softmax,
        },
        {
            "0_dense/kernel": (10, 16),
            "0_dense/bias": (16,),
            "1_dense/kernel": (16, 12),
            "1_dense/bias": (12,),
            "head/kernel": (12, 3),
            "head/bias": (3,),
        },
        mlp,
        rows=120,
        batch=32,
        optimizer={"kind": "adam", "learningRate": 0.005, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-5},
        make=lambda weights: torch.optim.Adam(weights, lr=0.005, eps=1e-5),
        features=(10,),
    ),
    train(
        "convolutional network, momentum",
        {
            "inputShape": [8, 8, 2],
            "layers": [
                {"kind": "conv2d", "filters": 6, "kernelSize": 3, "padding": "same", "activation": "relu"},
                {"kind": "maxPool2d", "poolSize": 2},
                {"kind": "batchNorm"},
                {"kind": "flatten"},
            ],
            "head": softmax,
        },
        {
            "0_conv2d/kernel": (3, 3, 2, 6),
            "0_conv2d/bias": (6,),
            "2_batchNorm/gamma": (6,),
            "2_batchNorm/beta": (6,),
            "2_batchNorm/movingMean": (6,),
            "2_batchNorm/movingVariance": (6,),
            "head/kernel": (96, 3),
            "head/bias": (3,),
        },
        cnn,
        rows=60,
        batch=16,
        optimizer={"kind": "momentum", "learningRate": 0.01, "momentum": 0.9, "nesterov": False},
        make=lambda weights: torch.optim.SGD(weights, lr=0.01, momentum=0.9),
        features=(8, 8, 2),
    ),
]
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pytorch.json")
with open(path, "w") as file:
    json.dump({"torch": torch.__version__, "cases": cases}, file, separators=(",", ":"))
    file.write("\n")
