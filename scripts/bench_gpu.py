#!/usr/bin/env python3
"""Batched runs on a GPU: this program compared with PyTorch and the same batching, in one run.

784-1024-4 on the first 256 MNIST images of each digit 0 to 3, standardised, quadratic loss, f32; R networks with
their own step sizes and batches. Runs × steps per second of
  rows     `cargo bench --bench batched_runs`: the tensor engine's rows, two kernels a step up to B = 16
  tensors  the same without those kernels
  fused    the fused engine on all cores, at the start of training and near a minimum
  baddbmm  PyTorch, the gradient written out with baddbmm on weights [R, ...]
  graph    the same, captured as a CUDA graph (NVIDIA only)
and the share of the steps that the memory's bandwidth allows (8 bytes a weight and step).

Usage: bench_gpu.py [--features wgpu] [--backend cuda] [--runs 0] [--batch-sizes 1,8,64,1024] [--seconds 3]
                    [--torch-device cuda]
Without a GPU both sides run on the CPU; say --runs 2 then. Needs torch and numpy.
"""
import argparse
import json
import pathlib
import subprocess
import time

import torch

from bench_pytorch import CLASSES, HIDDEN, samples

ROOT = pathlib.Path(__file__).resolve().parent.parent
PARAMETERS = 785 * HIDDEN + (HIDDEN + 1) * CLASSES


def ours(options):
    command = ["cargo", "bench", "--bench", "batched_runs"]
    command += ["--features", options.features] if options.features else []
    command += ["--", "--json", "--runs", str(options.runs), "--batch-sizes", options.batch_sizes]
    command += ["--seconds", str(options.seconds)] + (["--backend", options.backend] if options.backend else [])
    text = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


class Row:
    """R networks; the residual carries −2cη/B, so every product is what is added to the weights."""

    def __init__(self, runs, device):
        torch.manual_seed(1)
        uniform = lambda *shape, fan: (torch.rand(runs, *shape, device=device) * 2 - 1) * 15 / fan**0.5
        self.w1, self.b1 = uniform(784, HIDDEN, fan=784), uniform(1, HIDDEN, fan=784)
        self.w2, self.b2 = uniform(HIDDEN, CLASSES, fan=HIDDEN), uniform(1, CLASSES, fan=HIDDEN)
        self.loss = torch.zeros(runs, device=device)

    def step(self, x, y, scale):
        h = torch.baddbmm(self.b1, x, self.w1).relu_()
        residual = torch.baddbmm(self.b2, h, self.w2).sub_(y)
        self.loss += residual.square().sum((1, 2))
        delta = residual.mul_(scale)
        back = torch.bmm(delta, self.w2.mT).mul_(h > 0)
        self.w2.baddbmm_(h.mT, delta)
        self.b2 += delta.sum(1, keepdim=True)
        self.w1.baddbmm_(x.mT, back)
        self.b1 += back.sum(1, keepdim=True)


def epoch(row, data, size, scale, step):
    x, y = data
    runs = len(scale)
    orders = torch.stack([torch.randperm(len(x)) for _ in range(runs)]).to(x.device)
    for start in range(0, len(x), size):
        chosen = orders[:, start : start + size].reshape(-1)
        step(x[chosen].view(runs, -1, 784), y[chosen].view(runs, -1, CLASSES), scale)
    row.loss.cpu()


def captured(row, runs, size, scale, device):
    """row.step as a CUDA graph with fixed places for the batch."""
    x, y = torch.zeros(runs, size, 784, device=device), torch.zeros(runs, size, CLASSES, device=device)
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        row.step(x, y, scale)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        row.step(x, y, scale)

    def step(batch, targets, _):
        x.copy_(batch), y.copy_(targets)
        graph.replay()

    return step


def per_second(work, seconds):
    work()
    begin, times = time.perf_counter(), 0
    while times < 2 or time.perf_counter() - begin < seconds:
        work()
        times += 1
    return times / (time.perf_counter() - begin)


@torch.no_grad()
def pytorch(runs, size, device, seconds, graph):
    data = [part.to(device) for part in samples("standard")]
    row = Row(runs, device)
    scale = torch.full((runs, 1, 1), -2e-7 / size, device=device)
    step = captured(row, runs, size, scale, device) if graph else row.step
    return per_second(lambda: epoch(row, data, size, scale, step), seconds) * runs * -(-len(data[0]) // size)


@torch.no_grad()
def bandwidth(device):
    a = torch.zeros(64 << 20, device=device)
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    return per_second(lambda: (a.mul_(1.5), wait()), 2) * 8 * len(a)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", default="wgpu")
    parser.add_argument("--backend")
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--batch-sizes", default="1,8,64,1024")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--torch-device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = False
    device = options.torch_device
    rows = ours(options)
    speed = bandwidth(device)
    name = torch.cuda.get_device_name() if device == "cuda" else "the CPU"
    print(f"PyTorch {torch.__version__} on {name}, CUDA {torch.version.cuda}, {speed / 1e9:.1f} GB/s by scaling")
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    try:
        driver = subprocess.run(query, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    except (FileNotFoundError, subprocess.CalledProcessError):
        driver = "nvidia-smi does not answer"
    print("driver:", driver)
    print("runs × steps per second\n")
    print("| B | R | rows | of the limit | tensors | baddbmm | of the limit | graph | fused, start | fused, late |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    limit = speed / (8 * PARAMETERS)
    for found in rows:
        size, runs = found["batch_size"], found["runs"]
        eager = pytorch(runs, size, device, options.seconds, graph=False)
        graph = f"{pytorch(runs, size, device, options.seconds, graph=True):.0f}" if device == "cuda" else "–"
        print(f"| {size} | {runs} | {found['rows']:.0f} | {found['of_limit']:.1%} | {found['tensors']:.0f} | {eager:.0f} | {eager / limit:.1%} "
              f"| {graph} | {found['fused_start']:.0f} | {found['fused_late']:.0f} |", flush=True)


if __name__ == "__main__":
    main()
