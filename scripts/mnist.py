"""Digits of MNIST for the other scripts. Needs numpy."""

import gzip
import pathlib
import struct

import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "data" / "mnist"


def read_idx(folder, name):
    """The array of an IDX file, packed or not: one row per image or label."""
    packed = folder / f"{name}.gz"
    data = gzip.decompress(packed.read_bytes()) if packed.exists() else (folder / name).read_bytes()
    dimensions = data[3]
    count = struct.unpack(">I", data[4:8])[0]
    return np.frombuffer(data[4 + 4 * dimensions :], np.uint8).reshape(count, -1)


def first_of_each(classes, per_class, folder=FOLDER, split="train"):
    """Pixels 0 to 255 of the first images of each class, class after class, and their one-hot targets."""
    images = read_idx(folder, f"{split}-images-idx3-ubyte")
    labels = read_idx(folder, f"{split}-labels-idx1-ubyte")[:, 0]
    chosen = np.concatenate([np.flatnonzero(labels == c)[:per_class] for c in classes])
    return images[chosen], labels[chosen, None] == np.array(classes)


def scaled(pixels, scaling, number=np.float64):
    """Pixels as the network's inputs, as `data.scaling` names it."""
    unit = pixels.astype(number) / number(255)
    if scaling == "standard":
        return (unit - number(0.1307)) / number(0.3081)
    return 2 * unit - 1 if scaling == "symmetric" else unit
