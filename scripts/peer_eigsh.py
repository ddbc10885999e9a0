#!/usr/bin/env python3
"""The generalized sharpness by SciPy's eigsh, to compare `etastar thresholds` with.

The same operator, Y -> sqrt(h) * V'[alpha W + beta n Bd(W)]V with W = V(sqrt(h) * Y)V', from the same
.npy file, sampling without replacement. No certificate: eigsh returns one Ritz value.

    python scripts/peer_eigsh.py GRAM.npy --outputs 4 --batch-sizes 1,2,4 [--tolerance 1e-4]

Needs numpy and scipy.
"""
import argparse
import resource
import time

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh


def coefficients(n, batch_size):
    beta = 0.0 if batch_size == n else (n - batch_size) / (batch_size * (n - 1))
    return 1 - beta, beta


def operator(values, vectors, q, alpha, beta):
    """The symmetric operator on r*r numbers, with a counter of its applications."""
    side, rank = vectors.shape
    n = side // q
    root = np.sqrt(2 * np.outer(values, values) / np.add.outer(values, values))
    count = [0]

    def apply(y):
        count[0] += 1
        y = root * y.reshape(rank, rank)
        w = (vectors @ y).reshape(n, q, rank)
        blocks = np.einsum("ikr,ilr->ikl", w, vectors.reshape(n, q, rank))
        noise = np.einsum("ikl,ilr->ikr", blocks, vectors.reshape(n, q, rank)).reshape(side, rank)
        return (root * (alpha * y + beta * n * (vectors.T @ noise))).ravel()

    return LinearOperator((rank * rank, rank * rank), matvec=apply, dtype=float), count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gram")
    parser.add_argument("--outputs", type=int, required=True)
    parser.add_argument("--batch-sizes", default="1")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    arguments = parser.parse_args()

    started = time.perf_counter()
    gram = np.load(arguments.gram).astype(float)
    n = len(gram) // arguments.outputs
    values, vectors = np.linalg.eigh(gram / n)
    keep = values > len(gram) * np.finfo(float).eps * values[-1]
    values, vectors = values[keep], np.ascontiguousarray(vectors[:, keep])
    print(f"eigendecomposition {time.perf_counter() - started:.1f} s", flush=True)
    for batch_size in map(int, arguments.batch_sizes.split(",")):
        started = time.perf_counter()
        linear, count = operator(values, vectors, arguments.outputs, *coefficients(n, batch_size))
        top = eigsh(linear, k=1, which="LA", tol=arguments.tolerance, v0=np.eye(len(values)).ravel(),
                    return_eigenvectors=False)[0]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"B {batch_size}: {top:.8g} in {time.perf_counter() - started:.1f} s, "
              f"{count[0]} applications, peak {peak:.2f} GiB", flush=True)


if __name__ == "__main__":
    main()
