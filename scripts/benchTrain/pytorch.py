"""The training bench in PyTorch on the CPU; prints JSON rows. Arguments: parts of workload names, all without."""

import json
import sys
import time

import torch
from torch import nn


class Depthwise(nn.Sequential):
    def __init__(self, channels, filters, stride):
        super().__init__(
            nn.Conv2d(channels, channels, 3, stride, 1, groups=channels),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, filters, 1),
            nn.BatchNorm2d(filters),
            nn.ReLU(),
        )


def conv(channels, filters, padding=0):
    return [nn.Conv2d(channels, filters, 3, padding=padding), nn.ReLU()]


WORKLOADS = [
    ("logistic 30-2", (30,), 32, lambda: nn.Linear(30, 2)),
    (
        "MLP 20-64-64-3",
        (20,),
        32,
        lambda: nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3)),
    ),
    (
        "MLP 784-512-512-10",
        (784,),
        128,
        lambda: nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)),
    ),
    (
        "CNN 28x28x1",
        (1, 28, 28),
        64,
        lambda: nn.Sequential(
            *conv(1, 8),
            nn.MaxPool2d(2),
            *conv(8, 16),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Dropout(0.25),
            nn.Linear(400, 10),
        ),
    ),
    (
        "CNN 32x32x3",
        (3, 32, 32),
        64,
        lambda: nn.Sequential(
            *conv(3, 32, 1),
            *conv(32, 32, 1),
            nn.MaxPool2d(2),
            *conv(32, 64, 1),
            *conv(64, 64, 1),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(4096, 128),
            nn.ReLU(),
            nn.Linear(128, 10),
        ),
    ),
    (
        "depthwise stack 32x32x3",
        (3, 32, 32),
        64,
        lambda: nn.Sequential(
            nn.Conv2d(3, 16, 3, 2, 1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            Depthwise(16, 32, 1),
            Depthwise(32, 64, 2),
            Depthwise(64, 64, 1),
            Depthwise(64, 128, 2),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(128, 10),
        ),
    ),
]


def measure(name, shape, batch, make):
    model = make()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    x = torch.randn(batch, *shape)
    y = torch.randint(0, model(x).shape[1], (batch,))

    def step():
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()

    begin = time.perf_counter()
    step()
    first = time.perf_counter() - begin
    times = []
    for _ in range(3):
        steps, begin = 0, time.perf_counter()
        while time.perf_counter() - begin < 0.7:
            step()
            steps += 1
        times.append((time.perf_counter() - begin) / steps)
    return {
        "workload": name,
        "trainer": "PyTorch cpu",
        "msPerStep": sorted(times)[1] * 1000,
        "firstStepMs": first * 1000,
    }


wanted = sys.argv[1:]
print(json.dumps([measure(*one) for one in WORKLOADS if not wanted or any(part in one[0] for part in wanted)]))
