#!/usr/bin/env python3
"""The fused engine compared with PyTorch, one thread each, in one run.

Runs `cargo bench --bench fused_step` and bench_pytorch.py in turn, several rounds, and prints for every input
scaling and batch size microseconds per step, PyTorch's fastest way among eager, manual and torch.compile, and
the ratio. PyTorch's time is the lower decile of its steps, the engine's that of its fastest epoch of steps, and
of the rounds the median: what each takes when nothing else runs. Ratios of one run are worth more than times.

Usage: bench_engines.py [--python PYTHON_WITH_TORCH] [--rounds 3] [--momentum 0.9] [--skip-compile] [--workers]
  --momentum  both with heavy-ball momentum 0.9, PyTorch's other optimizers included
  --workers   also measure how much two processes on two cores do together, compared with one
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIZES = (1, 8, 64, 1024)
SAMPLES = 1024
FASTEST, MEDIAN = 0, 2
UNITS = {"ns": 1e-3, "µs": 1.0, "ms": 1e3, "s": 1e6}
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def bench_binary():
    command = ["cargo", "bench", "--bench", "fused_step", "--no-run", "--message-format=json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    built = [json.loads(line) for line in lines if line.startswith("{")]
    return next(m["executable"] for m in built if m.get("executable") and m["target"]["name"] == "fused_step")


def parse_table(text, column):
    """{(scaling, stage, batch size): microseconds per epoch} from divan's table"""
    times, size = {}, None
    for line in text.splitlines():
        if header := re.match(r"[│ ]*[├╰]─ (\d+)\s", line):
            size = int(header[1])
        if row := re.search(r"\((\w+), (\w+)\)(.*)", line):
            number, unit = row[3].split("│")[column].split()
            times[row[1].lower(), row[2].lower(), size] = float(number) * UNITS[unit]
    return times


def time_fused(binary, momentum):
    command = [binary, "--bench", "--color", "never", "momentum" if momentum else "epoch"]
    text = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, env=ENVIRONMENT).stdout
    return parse_table(text, FASTEST)


def time_pytorch(python, momentum, skip_compile):
    """{(scaling, batch size): (microseconds per step, way)} for the fastest way"""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        command = [python, ROOT / "scripts" / "bench_pytorch.py", "--json", out.name, "--seconds", "1"]
        command += ["--skip-compile"] if skip_compile else []
        command += ["--momentum", str(momentum)] if momentum else []
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
        rows = json.load(out)
    best = {}
    for row in rows:
        key = row["scaling"], row["batch_size"]
        best[key] = min(best.get(key, (float("inf"), "")), (row["microseconds"], row["way"]))
    return best


def compare_workers(binary):
    def together(count):
        command = [binary, "--bench", "--color", "never", "--min-time", "3", "epoch"]
        processes = [
            subprocess.Popen(["taskset", "-c", str(core), *command], cwd=ROOT, stdout=subprocess.PIPE, text=True)
            for core in range(count)
        ]
        return [parse_table(process.communicate()[0], MEDIAN) for process in processes]

    [one], two = together(1), together(2)
    print("\nthroughput of two processes on two cores, in that of one")
    for (scaling, stage, size), time in one.items():
        ratio = sum(time / each[scaling, stage, size] for each in two)
        print(f"  {scaling:9}{stage:6} B = {size:<5} {ratio:5.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--momentum", type=float, default=0.0, choices=[0.0, 0.9])
    parser.add_argument("--skip-compile", action="store_true")
    parser.add_argument("--workers", action="store_true")
    options = parser.parse_args()
    binary = bench_binary()
    fused, pytorch = [], []
    for _ in range(options.rounds):
        pytorch.append(time_pytorch(options.python, options.momentum, options.skip_compile))
        fused.append(time_fused(binary, options.momentum))
    print("microseconds per step, one thread\n")
    print("| scaling | B | PyTorch's fastest | fused, start | ratio | fused, late | ratio |")
    print("|---|---|---|---|---|---|---|")
    for scaling in ("unit", "standard"):
        for size in SIZES:
            torch = statistics.median(round_[scaling, size][0] for round_ in pytorch)
            way = pytorch[-1][scaling, size][1]
            start, late = (
                statistics.median(r[scaling, stage, size] for r in fused) * size / SAMPLES for stage in ("start", "late")
            )
            print(f"| {scaling} | {size} | {torch:.1f} ({way}) | {start:.2f} | {torch / start:.1f} "
                  f"| {late:.2f} | {torch / late:.1f} |")
    if options.workers:
        compare_workers(binary)


if __name__ == "__main__":
    main()
