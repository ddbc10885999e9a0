#!/usr/bin/env python3
"""Write the Gram matrix G = A Aᵀ of any PyTorch model for `etastar thresholds`.

In your own code, for the loss c‖f(x) − y‖² per sample, c = 1 for the plain squared error and c = 1/q for
nn.MSELoss() with q outputs:

    from export_gram import save_gram
    save_gram(model, inputs, "gram.npy", factor=c)

or for the cross entropy of softmax(f(x)), at a minimum where it is the targets (of label smoothing, say):

    save_gram(model, inputs, "gram.npy", loss="cross_entropy")

Then

    etastar thresholds gram.npy --outputs q

Run directly, it trains a small convolutional network on MNIST digits and writes its Gram matrix:

    python scripts/export_gram.py gram.npy

Needs torch and numpy.
"""

import argparse
import pathlib

import numpy as np
import torch
from torch import nn
from torch.func import functional_call, jacrev, vmap


def jacobian(model, inputs):
    """One row per sample and output: the gradient of that output in all parameters, flattened."""
    parameters = {name: p.detach() for name, p in model.named_parameters()}
    buffers = dict(model.named_buffers())

    def outputs(parameters, x):
        return functional_call(model, (parameters, buffers), (x.unsqueeze(0),)).squeeze(0)

    blocks = vmap(jacrev(outputs), (None, 0))(parameters, inputs)
    rows = inputs.shape[0] * next(iter(blocks.values())).shape[1]
    return torch.cat([block.reshape(rows, -1) for block in blocks.values()], dim=1)


def squared(outputs, factor):
    """R_i with H_i = (R_iJ_i)ᵀ(R_iJ_i) for c‖f − y‖²: √(2c) times the identity, n × q × q."""
    n, q = outputs.shape
    return (2.0 * factor) ** 0.5 * torch.eye(q, dtype=torch.float64).expand(n, q, q)


def cross_entropy(outputs, factor):
    """The same for −c Σ y log softmax(f): R_iᵀ = √c (diag √p − p √pᵀ), so that R_iᵀR_i = c (diag p − p pᵀ)."""
    p = outputs.double().softmax(1)
    return factor**0.5 * (torch.diag_embed(p.sqrt()) - p.sqrt().unsqueeze(2) * p.unsqueeze(1))


LOSSES = {"squared": squared, "cross_entropy": cross_entropy}


def save_gram(model, inputs, path, factor=1.0, chunk=64, loss="squared"):
    """Write G (float64, side n·q, samples in blocks of q rows), `chunk` samples at a time.

    Put the model into evaluation mode first: dropout and batch statistics have no Jacobian.
    """
    if model.training:
        raise ValueError("call model.eval() first: dropout and batch statistics have no Jacobian")
    if loss not in LOSSES:
        raise ValueError(f"loss must be one of {', '.join(LOSSES)}, not {loss!r}")
    with torch.no_grad():
        roots = LOSSES[loss](model(inputs).cpu(), factor)
    n, q, _ = roots.shape
    parts = inputs.split(chunk)
    rows = []
    for i, left in enumerate(parts):
        left = jacobian(model, left).double()
        row = [left @ jacobian(model, right).double().T for right in parts[:i]]
        rows.append(row + [left @ left.T])
    count = len(parts)
    full = [[rows[i][j] if j <= i else rows[j][i].T for j in range(count)] for i in range(count)]
    kernel = torch.cat([torch.cat(row, dim=1) for row in full]).cpu().reshape(n, q, n, q)
    gram = torch.einsum("iab,ibjc,jdc->iajd", roots, kernel, roots).reshape(n * q, n * q)
    np.save(path, ((gram + gram.T) / 2).numpy())


def digits(folder, classes, per_class):
    """The first images of each class, in [0, 1], and their one-hot targets."""
    import mnist  # of the example only: `save_gram` needs no other file

    pixels, targets = mnist.first_of_each(range(classes), per_class, folder)
    inputs = mnist.scaled(pixels, "unit").reshape(-1, 1, 28, 28)
    return torch.tensor(inputs, dtype=torch.float32), torch.tensor(targets, dtype=torch.float32)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("path", type=pathlib.Path, help="the .npy file to write")
    arguments.add_argument("--data", type=pathlib.Path, default=pathlib.Path("data/mnist"))
    arguments.add_argument("--epochs", type=int, default=300)
    arguments = arguments.parse_args()

    torch.manual_seed(0)
    inputs, targets = digits(arguments.data, classes=3, per_class=16)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=2), nn.ReLU(),
        nn.Conv2d(8, 16, 5, stride=2), nn.ReLU(),
        nn.Flatten(), nn.Linear(16 * 4 * 4, 3),
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(arguments.epochs):
        for batch in torch.randperm(len(inputs)).split(4):
            loss = (model(inputs[batch]) - targets[batch]).square().sum(1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    loss = (model(inputs) - targets).square().sum(1).mean().item()
    model.eval()
    save_gram(model, inputs, arguments.path)
    print(f"loss {loss:.2e}; wrote {arguments.path}; now: etastar thresholds {arguments.path} --outputs 3")


if __name__ == "__main__":
    main()
