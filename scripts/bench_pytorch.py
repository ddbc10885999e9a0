#!/usr/bin/env python3
"""Microseconds per SGD step in PyTorch, for comparison with `cargo bench --bench fused_step`.

784-1024-4, ReLU, quadratic loss, f32, one thread, the first 256 MNIST images of each digit 0 to 3. The ways:
  eager    autograd and torch.optim.SGD
  manual   the gradient written out, updates in place with addmm_
  compile  torch.compile of eager (loss, gradient and update)
  compile-manual  torch.compile of manual
With --momentum M, all of them with heavy-ball momentum, and two more:
  foreach  eager with torch.optim.SGD(foreach=True)
  fused    eager with torch.optim.SGD(fused=True), where this PyTorch has it
The time of a step is the lower decile of all steps: what it takes when nothing else runs.
Usage: bench_pytorch.py [--momentum M] [--batch-sizes 1,8,64,1024] [--seconds 1.5] [--skip-compile] [--json FILE]
Needs torch and numpy.
"""
import argparse
import json
import pathlib
import time

import numpy as np
import torch

import mnist

HIDDEN, CLASSES, PER_CLASS, RATE = 1024, 4, 256, 1e-6


def samples(scaling):
    pixels, targets = mnist.first_of_each(range(CLASSES), PER_CLASS)
    x = mnist.scaled(pixels, scaling, np.float32)
    return torch.from_numpy(x), torch.from_numpy(targets.astype(np.float32))


def network():
    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Linear(784, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, CLASSES))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(15)
    return net


def loss_of(net, x, y):
    return ((net(x) - y) ** 2).sum() / len(x)


def eager(batch_size, momentum, **options):
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=RATE, momentum=momentum, **options)

    def step(x, y):
        optimizer.zero_grad(set_to_none=True)
        loss_of(net, x, y).backward()
        optimizer.step()

    return step


def foreach(batch_size, momentum):
    return eager(batch_size, momentum, foreach=True)


def fused(batch_size, momentum):
    return eager(batch_size, momentum, fused=True)


def manual(batch_size, momentum):
    net = network()
    w1, b1, w2, b2 = (p.data for p in net.parameters())
    rate = 2 * RATE / batch_size
    if momentum:
        return manual_momentum([w1, b1, w2, b2], 2 / batch_size, momentum)

    @torch.no_grad()
    def step(x, y):
        hidden = torch.addmm(b1, x, w1.t()).relu_()
        residual = torch.addmm(b2, hidden, w2.t()).sub_(y)
        back = residual.mm(w2).mul_(hidden > 0)
        w2.addmm_(residual.t(), hidden, alpha=-rate)
        b2.add_(residual.sum(0), alpha=-rate)
        w1.addmm_(back.t(), x, alpha=-rate)
        b1.add_(back.sum(0), alpha=-rate)

    return step


def manual_momentum(parameters, factor, momentum):
    w1, b1, w2, b2 = parameters
    u1, c1, u2, c2 = velocities = [torch.zeros_like(p) for p in parameters]

    @torch.no_grad()
    def step(x, y):
        hidden = torch.addmm(b1, x, w1.t()).relu_()
        residual = torch.addmm(b2, hidden, w2.t()).sub_(y)
        back = residual.mm(w2).mul_(hidden > 0)
        u2.addmm_(residual.t(), hidden, beta=momentum, alpha=factor)
        c2.mul_(momentum).add_(residual.sum(0), alpha=factor)
        u1.addmm_(back.t(), x, beta=momentum, alpha=factor)
        c1.mul_(momentum).add_(back.sum(0), alpha=factor)
        for parameter, velocity in zip(parameters, velocities):
            parameter.add_(velocity, alpha=-RATE)

    return step


def compiled(batch_size, momentum):
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=RATE, momentum=momentum)

    @torch.compile
    def update():
        optimizer.step()

    loss = torch.compile(loss_of)

    def step(x, y):
        optimizer.zero_grad(set_to_none=True)
        loss(net, x, y).backward()
        update()

    return step


def compiled_manual(batch_size, momentum):
    return torch.compile(manual(batch_size, momentum))


def microseconds(step, x, y, batch_size, seconds):
    order = torch.randperm(len(x))
    batches = [(x[i], y[i]) for i in order.split(batch_size)]
    for batch in batches[:3]:
        step(*batch)
    times, end, i = [], time.perf_counter() + seconds, 0
    while time.perf_counter() < end or len(times) < 5:
        begin = time.perf_counter()
        step(*batches[i % len(batches)])
        times.append(time.perf_counter() - begin)
        i += 1
    return 1e6 * float(np.quantile(times, 0.1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch-sizes", default="1,8,64,1024")
    parser.add_argument("--scalings", default="unit,standard")
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--momentum", type=float, default=0.0)
    parser.add_argument("--skip-compile", action="store_true")
    parser.add_argument("--json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    ways = {"eager": eager, "manual": manual}
    if options.momentum:
        ways |= {"foreach": foreach, "fused": fused}
    if not options.skip_compile:
        ways |= {"compile": compiled, "compile-manual": compiled_manual}
    sizes = [int(b) for b in options.batch_sizes.split(",")]
    print(f"PyTorch {torch.__version__}, 1 thread, microseconds per step")
    print(f"{'scaling':10}{'way':16}" + "".join(f"{'B = ' + str(b):>12}" for b in sizes))
    rows = []
    for scaling in options.scalings.split(","):
        x, y = samples(scaling)
        for name, way in ways.items():
            try:
                way(sizes[0], options.momentum)
            except (RuntimeError, TypeError) as error:
                print(f"{scaling:10}{name:16}not in this PyTorch: {error}"[:120], flush=True)
                continue
            found = {b: microseconds(way(b, options.momentum), x, y, b, options.seconds) for b in sizes}
            rows += [{"scaling": scaling, "way": name, "batch_size": b, "microseconds": t} for b, t in found.items()]
            print(f"{scaling:10}{name:16}" + "".join(f"{t:12.1f}" for t in found.values()), flush=True)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
