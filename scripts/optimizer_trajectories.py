#!/usr/bin/env python3
"""Writes tests/fixtures/optimizer_trajectories.json: 200 steps of PyTorch's torch.optim.SGD in double precision.

A small network with ReLU is trained by every variant of the optimizer (SGDW, with decoupled weight decay, is
torch.optim.SGD after a multiplication by 1 - lr w), at several batch sizes and on two data sets: mostly zeros,
and the same shifted, as by standardising. Some inputs are never on, and some hidden units hardly ever. The step
size grows every 40 steps for the first 120. The engines' tests start at the same weights, take the same
batches and compare the weights at the end.

Usage: optimizer_trajectories.py    (needs torch and numpy)
"""
import json
import pathlib

import numpy as np
import torch

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "optimizer_trajectories.json"
SAMPLES, INPUTS, HIDDEN, OUTPUTS, STEPS, EPOCH = 16, 12, 9, 2, 200, 40
RATES = [0.0025, 0.005, 0.01, 0.02, 0.02]
VARIANTS = [
    {},
    {"momentum": 0.5},
    {"momentum": 0.9},
    {"momentum": 0.9, "weight_decay": 0.05},
    {"weight_decay": 0.05},
    {"momentum": 0.8, "nesterov": True},
    {"momentum": 0.8, "nesterov": True, "weight_decay": 0.05},
    {"momentum": 0.8, "weight_decay": 0.05, "decoupled": True},
    # Weights and velocities oscillate: (1 + m - lr w)^2 < 4m.
    {"momentum": 0.9, "weight_decay": 0.5},
]


def single(array):
    """Rounded to numbers that single precision holds and JSON shows shortly."""
    return np.round(array * 1024) / 1024


def problem(random):
    on = random.random((SAMPLES, INPUTS)) < 0.4
    on[:, [3, 7]] = False
    start = {
        "0.weight": random.normal(size=(HIDDEN, INPUTS)) * 0.5,
        "0.bias": np.concatenate([random.normal(size=HIDDEN - 3) * 0.5, [-1.5, -1.5, -4.0]]),
        "2.weight": random.normal(size=(OUTPUTS, HIDDEN)) * 0.5,
        "2.bias": random.normal(size=OUTPUTS) * 0.5,
    }
    return {
        "samples": SAMPLES, "features": INPUTS, "outputs": OUTPUTS, "hidden": HIDDEN, "steps_per_rate": EPOCH,
        "rates": RATES,
        "inputs": single(on * random.random((SAMPLES, INPUTS)) * 1.5).ravel().tolist(),
        "targets": single(random.normal(size=(SAMPLES, OUTPUTS)) + 1).ravel().tolist(),
        "start": {name: single(values).ravel().tolist() for name, values in start.items()},
        "order": random.integers(0, SAMPLES, 12 * STEPS).tolist(),
    }


def trained(given, shift, batch_size, momentum=0.0, nesterov=False, weight_decay=0.0, decoupled=False):
    """The weights after all steps on the loss sum((f - y)^2)/2, in PyTorch's order"""
    tensor = lambda values, *shape: torch.tensor(values, dtype=torch.float64).reshape(shape)
    x, y = tensor(given["inputs"], SAMPLES, INPUTS) + shift, tensor(given["targets"], SAMPLES, OUTPUTS)
    layers = torch.nn.Linear(INPUTS, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, OUTPUTS)
    net = torch.nn.Sequential(*layers).double()
    net.load_state_dict({name: tensor(given["start"][name], *p.shape) for name, p in net.named_parameters()})
    coupled = 0.0 if decoupled else weight_decay
    optimizer = torch.optim.SGD(net.parameters(), lr=1, momentum=momentum, nesterov=nesterov, weight_decay=coupled)
    order = torch.tensor(given["order"])
    for step in range(STEPS):
        batch = order[step * batch_size:(step + 1) * batch_size]
        optimizer.param_groups[0]["lr"] = rate = RATES[step // EPOCH]
        optimizer.zero_grad()
        (((net(x[batch]) - y[batch]) ** 2).sum() / 2 / batch_size).backward()
        if decoupled:
            with torch.no_grad():
                for parameter in net.parameters():
                    parameter.mul_(1 - rate * weight_decay)
        optimizer.step()
    return torch.cat([p.detach().ravel() for p in net.parameters()])


def main():
    given = problem(np.random.default_rng(7))
    trajectories = []
    for settings in VARIANTS:
        for shift in (0.0, -0.4375):
            for batch_size in (1, 3, 12):
                end = trained(given, shift, batch_size, **settings)
                end = [float(f"{value:.9g}") for value in end.tolist()]
                trajectories.append({"settings": settings, "shift": shift, "batch_size": batch_size, "end": end})
    lines = ",\n".join(json.dumps(trajectory) for trajectory in trajectories)
    OUT.write_text(f'{{"given": {json.dumps(given)},\n"trajectories": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
