#!/usr/bin/env python3
"""Why runs do not converge: how much of the residual no gradient can reach.

For every run of a results folder that stopped at its last epoch, from the saved weights alone, in double precision:
  dead      samples for which no hidden unit is on, and their share of the loss
  null      share of ‖r‖² in the null space of the tangent kernel J Jᵀ (eigenvalues below 1e-10 of the largest):
            gradient descent of any kind leaves that part of the residual as it is, as Jᵀr does not see it
  gradient  ‖∇L‖²

Networks with one hidden layer, on the first images of each class (`data.draw = "first"`). Needs numpy; a kernel of
side 4096 takes a minute.

Usage: stuck_residual.py RESULTS
"""
import argparse
import csv
import json
import pathlib
import struct

import numpy as np

import mnist

ROOT = pathlib.Path(__file__).resolve().parent.parent
NULL = 1e-10


def samples(settings):
    if settings["draw"] != "first" or settings["label_noise"] or settings["pool"] != 1 or settings["copies"] != 1:
        raise SystemExit("only for the first images of each class as they are")
    pixels, targets = mnist.first_of_each(
        settings["classes"], settings["samples_per_class"], ROOT / settings["folder"], settings["split"]
    )
    return mnist.scaled(pixels, settings["scaling"]), targets.astype(float)


def weights(path):
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    tensor = lambda v: np.frombuffer(body[slice(*v["data_offsets"])], np.float32).reshape(v["shape"]).astype(float)
    return {name: tensor(v) for name, v in header.items() if name != "__metadata__"}


def kernel(x, on, hidden, second):
    """J Jᵀ with the outputs of one sample in consecutive rows."""
    n, q = len(x), len(second)
    inputs, features = x @ x.T + 1, hidden @ hidden.T + 1
    result = np.empty((n * q, n * q))
    for a in range(q):
        for b in range(q):
            result[a::q, b::q] = ((on * second[a]) @ (on * second[b]).T) * inputs + (features if a == b else 0)
    return result


def measure(record, folder):
    layers = weights(folder / "minimum.safetensors")
    first, second = sorted({name.rsplit(".", 1)[0] for name in layers}, key=lambda name: (len(name), name))
    x, y = samples(record["spec"]["data"])
    z = x @ layers[f"{first}.weight"].T + layers[f"{first}.bias"]
    hidden, on = np.maximum(z, 0), (z > 0).astype(float)
    residual = hidden @ layers[f"{second}.weight"].T + layers[f"{second}.bias"] - y
    squares = (residual**2).sum(1)
    dead = on.sum(1) == 0
    values, vectors = np.linalg.eigh(kernel(x, on, hidden, layers[f"{second}.weight"]))
    parts = (vectors.T @ residual.reshape(-1)) ** 2
    factor = record["spec"]["loss"]["factor"]
    return {
        "loss": factor * squares.mean(),
        "dead": int(dead.sum()),
        "share": squares[dead].sum() / squares.sum(),
        "null": parts[values < NULL * values[-1]].sum() / parts.sum(),
        "gradient": (2 * factor / len(x)) ** 2 * (values.clip(0) * parts).sum(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=pathlib.Path)
    results = parser.parse_args().results
    rows = [row for row in csv.DictReader((results / "summary.csv").open()) if row["stop_reason"] == "max_epochs"]
    print("| B | η | seed | loss | dead samples | their share of the loss | null space | gradient |")
    print("|---|---|---|---|---|---|---|---|")
    for row in sorted(rows, key=lambda row: (int(row["batch_size"]), float(row["learning_rate"]))):
        folder = results / "runs" / row["run_id"]
        found = measure(json.loads((folder / "record.json").read_text()), folder)
        print(f"| {row['batch_size']} | {float(row['learning_rate']):.4g} | {row['seed']} | {found['loss']:.3g} "
              f"| {found['dead']} | {found['share']:.3f} | {found['null']:.3f} | {found['gradient']:.1e} |", flush=True)


if __name__ == "__main__":
    main()
