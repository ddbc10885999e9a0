#!/usr/bin/env python3
"""The study behind configs/paper.toml: which unstated setting of Mulayoff & Michaeli (2024) comes closest.

Trains a few points of the paper's grid under every candidate setting (one sweep per candidate, resumable, in
results/calibration/NAME) and prints, per candidate, the ratios of λ_max to the curves in data/published, and the
median and worst |log ratio|. The candidates vary one thing at a time around the first.

Usage: calibrate.py [--etastar PATH] [--only NAME ...] [--compare-only]
"""
import argparse
import csv
import math
import pathlib
import statistics
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
PUBLISHED = ROOT / "data" / "published" / "mulayoff2024_figures.csv"
FOLDER = ROOT / "results" / "calibration"

BATCH_SIZES = (1, 4, 16)
LEARNING_RATES = (0.00200923, 0.01232847, 0.04328761)
BASE = {"data.scaling": "standard", "loss.factor": 0.25, "train.warmup.shape": "geometric"}
CANDIDATES = {
    "standard_quarter": {},
    "unit_quarter": {"data.scaling": "unit"},
    "unit_one": {"data.scaling": "unit", "loss.factor": 1.0},
    "symmetric_quarter": {"data.scaling": "symmetric"},
    "standard_half": {"loss.factor": 0.5},
    "standard_one": {"loss.factor": 1.0},
    "biases_unscaled": {"model.scale_biases": False},
    "warmup_linear": {"train.warmup.shape": "linear"},
    "warmup_100": {"train.warmup.epochs": 100},
    "warmup_2000": {"train.warmup.epochs": 2000},
    "linear_250": {"train.warmup.shape": "linear", "train.warmup.epochs": 250},
    "linear_1000": {"train.warmup.shape": "linear", "train.warmup.epochs": 1000},
    "linear_biases_unscaled": {"train.warmup.shape": "linear", "model.scale_biases": False},
    "linear_independent_batches": {"train.warmup.shape": "linear", "train.sampling": "uniform"},
    "linear_other_init": {"train.warmup.shape": "linear", "model.init_seed": 1},
    "linear_random_draw": {"train.warmup.shape": "linear", "data.draw": "random"},
    "linear_classes_6789": {"train.warmup.shape": "linear", "data.classes": [6, 7, 8, 9]},
}


def literal(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def run(etastar, name):
    settings = BASE | CANDIDATES[name] | {
        "sweep.batch_size": list(BATCH_SIZES),
        "sweep.learning_rate": list(LEARNING_RATES),
        "analysis.thresholds": False,
        "analysis.hessian": False,
        "run.results": FOLDER / name,
        "run.workers": 1,
    }
    sets = [f"--set={key}={literal(value)}" for key, value in settings.items()]
    subprocess.run([etastar, "sweep", ROOT / "configs" / "paper.toml", *sets], cwd=ROOT, check=True)


def published():
    rows = list(csv.DictReader(PUBLISHED.open()))
    return {(int(row["B"]), float(row["eta"])): float(row["lam_max_H"]) for row in rows}


def nearest(curves, batch_size, rate):
    found = [(abs(math.log(eta / rate)), value) for (b, eta), value in curves.items() if b == batch_size]
    distance, value = min(found)
    return value if distance < 0.035 else None


def compare(name, curves):
    path = FOLDER / name / "summary.csv"
    if not path.exists():
        return None
    ratios = {}
    for row in csv.DictReader(path.open()):
        key = int(row["batch_size"]), float(row["learning_rate"])
        value = nearest(curves, *key)
        if row["stop_reason"] == "converged" and row["sharpness_gn"] and value:
            ratios[key] = float(row["sharpness_gn"]) / value
    return ratios


def table(curves):
    points = [(b, eta) for b in BATCH_SIZES for eta in LEARNING_RATES]
    print("| setting | " + " | ".join(f"B={b} η={eta:.3g}" for b, eta in points) + " | median | worst |")
    print("|---|" + "---|" * (len(points) + 2))
    for name in CANDIDATES:
        if not (ratios := compare(name, curves)):
            continue
        cells = [f"{ratios[point]:.2f}" if point in ratios else "–" for point in points]
        errors = [abs(math.log(ratio)) for ratio in ratios.values()]
        print(f"| {name} | {' | '.join(cells)} | {statistics.median(errors):.2f} | {max(errors):.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--etastar", default=ROOT / "target" / "release" / "etastar", type=pathlib.Path)
    parser.add_argument("--only", nargs="*", choices=CANDIDATES, default=list(CANDIDATES))
    parser.add_argument("--compare-only", action="store_true")
    arguments = parser.parse_args()
    if not arguments.compare_only:
        for name in arguments.only:
            run(arguments.etastar.resolve(), name)
    table(published())


if __name__ == "__main__":
    main()
