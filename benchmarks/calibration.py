"""How fast the calibration layer is, against netcal and torchmetrics in the same run; writes calibration.md beside it.

Run with ``OMP_NUM_THREADS=1 python benchmarks/calibration.py`` (about two minutes; ``--quick`` for one tenth of it).
Each comparison alternates between the contestants, so that a busy machine slows both, and gives the median of the
ratios of neighbouring runs.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from synth_eval import calibration as cal
from synth_eval.calibration.binning import blocks
from synth_eval.calibration.check import require_within

ALTERNATIONS = 15


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the items and resamples; writes nothing")
    parser.add_argument("--bootstrap", type=int, help=argparse.SUPPRESS)  # own process, so that memory is its own
    parser.add_argument("--resamples", type=int, default=1000, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bootstrap:
        _bootstrap(options.bootstrap, options.resamples)
        return
    n = 100_000 if options.quick else 1_000_000
    resamples = 100 if options.quick else 1000
    lines = [*_heading(), *_against_peers(n), *_linear(n), *_resampled(n, resamples), *_small_files()]
    print("\n".join(lines))
    if not options.quick:
        Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _heading() -> list[str]:
    load = f"{os.getloadavg()[0]:.1f} processes running on {os.cpu_count()} cores" if hasattr(os, "getloadavg") else ""
    return [
        "# Calibration: speed and memory",
        "",
        "Written by `OMP_NUM_THREADS=1 python benchmarks/calibration.py`. "
        f"Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}, one thread; {load} at the "
        "start.",
        "",
    ]


def _data(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    confidence = 0.25 + 0.75 * rng.random(n)
    return confidence, rng.random(n) < confidence**1.2


def _seconds(function: Callable[[], float]) -> tuple[float, float]:
    """Processor time, which other programs on the machine lengthen less than the time on the wall."""
    start = time.process_time()
    value = float(function())
    return time.process_time() - start, value


def _against_peers(n: int) -> list[str]:
    import torch
    from netcal.metrics import ECE, MCE
    from sklearn.metrics import brier_score_loss, log_loss
    from torchmetrics.functional.classification import binary_calibration_error
    from torchmetrics.regression import MeanSquaredError

    torch.set_num_threads(1)
    confidence, correct = _data(n)
    outcome = correct.astype(np.float64)
    tensor, label = torch.from_numpy(confidence), torch.from_numpy(correct.astype(np.int64))
    ece, mce, mass = ECE(15), MCE(15), ECE(15, equal_intervals=False)

    def torch_brier() -> float:
        metric = MeanSquaredError()
        return float(metric(tensor, label.double()))

    def torch_nll() -> float:
        return float(torch.nn.functional.binary_cross_entropy(tensor, label.double()))

    def error(**options: str) -> Callable[[], float]:
        return lambda: cal.expected_calibration_error(confidence, correct, **options)

    def torch_error(norm: str, validate: bool = True) -> Callable[[], float]:
        return lambda: binary_calibration_error(tensor, label, n_bins=15, norm=norm, validate_args=validate)

    brier = partial(cal.brier_score, confidence, correct)
    nll = partial(cal.negative_log_likelihood, confidence, correct)
    contests: list[tuple[str, Callable[[], float], str, Callable[[], float]]] = [
        ("ECE, 15 equal widths", error(), "netcal", lambda: ece.measure(confidence, outcome)),
        ("ECE, 15 equal widths", error(), "torchmetrics", torch_error("l1")),
        ("ECE, 15 equal widths", error(), "torchmetrics, its checks off", torch_error("l1", validate=False)),
        ("maximum error", error(norm="max"), "netcal", lambda: mce.measure(confidence, outcome)),
        ("maximum error", error(norm="max"), "torchmetrics", torch_error("max")),
        ("root mean square error", error(norm="l2"), "torchmetrics", torch_error("l2")),
        ("ECE, 15 equal masses", error(scheme="mass"), "netcal", lambda: mass.measure(confidence, outcome)),
        ("Brier score", brier, "torchmetrics (mean squared error)", torch_brier),
        ("Brier score", brier, "scikit-learn", lambda: brier_score_loss(correct, confidence)),
        ("negative log-likelihood", nll, "torch (binary cross entropy)", torch_nll),
        ("negative log-likelihood", nll, "scikit-learn", lambda: log_loss(correct, confidence)),
    ]
    lines = [
        f"## Point estimates, {n:,} items",
        "",
        f"Processor time, median of {ALTERNATIONS} alternations; our times include checking the input.",
        "",
        "| number | peer | ours, ms | peer, ms | times faster | difference |",
        "|---|---|---|---|---|---|",
    ]
    for name, ours, peer, theirs in contests:
        _seconds(ours), _seconds(theirs)  # warm caches and lazy imports
        runs = [(_seconds(ours), _seconds(theirs)) for _ in range(ALTERNATIONS)]
        mine, other = (float(np.median([run[i][0] for run in runs])) * 1e3 for i in range(2))
        ratio = float(np.median([their / my for (my, _), (their, _) in runs]))
        difference = abs(runs[0][0][1] - runs[0][1][1])
        lines.append(f"| {name} | {peer} | {mine:.1f} | {other:.1f} | {ratio:.1f} | {difference:.0e} |")
    return [*lines, "", *_floor(confidence, correct), ""]


def _floor(confidence: np.ndarray, correct: np.ndarray) -> list[str]:
    """What the Brier score cannot do without."""
    brier, read, outcomes, looked = (
        float(np.median([_seconds(function)[0] for _ in range(ALTERNATIONS)])) * 1e3
        for function in (
            partial(cal.brier_score, confidence, correct),
            confidence.sum,
            lambda: sum(len(right) for _, right in blocks(confidence, correct)),
            lambda: require_within(confidence) or 0.0,
        )
    )
    return [
        f"What binds the Brier score ({brier:.2f} ms here): to read the confidences once and add them up takes "
        f"{read:.2f} ms, to check that all lie in [0, 1] {looked:.2f} ms by itself, to check them block by block and "
        f"to turn right and wrong into numbers {outcomes:.2f} ms; a subtraction and a product of each block, in cache, "
        "are the rest. torchmetrics' mean squared error checks nothing, so ten times its speed would leave too little "
        "for more than one look at the data."
    ]


def _linear(n: int) -> list[str]:
    sizes = [n // 100, n // 10, n]
    functions: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
        "ECE, equal width": cal.expected_calibration_error,
        "ECE, equal mass": lambda c, y: cal.expected_calibration_error(c, y, scheme="mass"),
        "smooth ECE": cal.smooth_calibration_error,
        "debiased error": cal.debiased_calibration_error,
        "Brier score": cal.brier_score,
        "negative log-likelihood": cal.negative_log_likelihood,
        "AUROC": cal.auroc,
        "AURC": cal.area_under_risk_coverage,
    }
    lines = [
        "## Cost against the number of items, ms",
        "",
        "| number | " + " | ".join(f"{size:,}" for size in sizes) + " |",
        "|---|" + "---|" * len(sizes),
    ]
    for name, function in functions.items():
        times = []
        for size in sizes:
            data = _data(size)
            function(*data)
            times.append(float(np.median([_seconds(lambda: function(*data))[0] for _ in range(5)])) * 1e3)  # noqa: B023
        lines.append(f"| {name} | " + " | ".join(f"{each:.2f}" for each in times) + " |")
    return [
        *lines,
        "",
        "AUROC, AURC and the debiased error sort the items; equal mass sorts up to 20,000 and counts above.",
        "",
    ]


def _resampled(n: int, resamples: int) -> list[str]:
    command = [sys.executable, __file__, "--bootstrap", str(n), "--resamples", str(resamples)]
    seconds, processor, memory, before = subprocess.run(
        command, capture_output=True, text=True, check=True
    ).stdout.split()
    return [
        f"## ECE, Brier and NLL of {n:,} items with {resamples:,} bootstrap resamples",
        "",
        f"{float(processor):.1f} s of processor time on one core ({float(seconds):.1f} s of wall time), at most "
        f"{float(memory):.2f} GiB resident ({float(before):.2f} GiB of it Python, numpy and the making of the data). "
        "The time includes as many draws of calibrated answers, for the null band and the p-value: twice the resamples "
        "that the heading says. Resamples are of items, exactly; nothing is subsampled.",
        "",
    ]


def _bootstrap(n: int, resamples: int) -> None:
    data = _data(n)
    before = _peak_gib()
    score = partial(cal.assess, *data, metrics=("ece", "brier", "nll"), resamples=resamples)
    start = time.perf_counter()
    processor, _ = _seconds(lambda: score()["ece"].value)
    print(time.perf_counter() - start, processor, _peak_gib(), before)


def _peak_gib() -> float:
    """Most memory that this process has held so far."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count the parent's memory from before this process had its own
        line = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
        return int(line.split()[1]) / 2**20
    unit = 2**30 if sys.platform == "darwin" else 2**20  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _small_files() -> list[str]:
    rng = np.random.default_rng(1)
    logits = 2.0 * rng.normal(size=(2000, 4))
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    gold = rng.integers(0, 4, size=2000)
    seconds = float(np.median([_seconds(lambda: cal.assess_choices(probs, gold).n)[0] for _ in range(5)]))
    return [
        "## Everything, 2,000 items of four choices",
        "",
        f"All {len(cal.METRICS)} numbers with 1,000 resamples and 1,000 null draws each: {seconds:.2f} s.",
        "",
    ]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
