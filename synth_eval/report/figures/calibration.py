"""Reliability diagrams as PNG and SVG. Needs matplotlib, the optional extra `plots`."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.compare.calibration import CalibrationReport, CalibrationRow, ReliabilityCurve
from synth_eval.compare.calibration_words import calibration_words
from synth_eval.errors import SynthEvalError
from synth_eval.text import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


# Okabe and Ito's colours, told apart with any kind of colour vision; shape and line style say the same
POINTS, SMOOTH, BAND = "#0072B2", "#D55E00", "#BBBBBB"
FORMATS = ("png", "svg")


def check_plots_possible() -> None:
    """Raises SynthEvalError, saying how to install it, if there is no matplotlib."""
    if importlib.util.find_spec("matplotlib") is None:
        raise SynthEvalError("--plots needs matplotlib: pip install 'synth-eval[plots]'")


def plot_calibration(
    report: CalibrationReport, folder: Path, *, on_plot: Callable[[str], None] = lambda name: None
) -> tuple[Path, ...]:
    """Draw every row of a report, ``<folder>/<model>/<row>.png`` and ``.svg``.

    Parameters
    ----------
    folder : made if need be; files of the same names are replaced.
    on_plot : called with the name of each row that is drawn, for a progress bar.

    Returns
    -------
    The files, in the order of the report. Names keep letters, digits, ".", "-" and "_" of the originals; names that
    would then be the same get a number.

    Raises
    ------
    SynthEvalError : no matplotlib.
    """
    check_plots_possible()
    import matplotlib

    files: list[Path] = []
    taken: set[str] = set()
    for model in report.models:
        subfolder = folder / _free_name(model.model, taken)
        subfolder.mkdir(parents=True, exist_ok=True)
        names: set[str] = set()
        for row in model.rows:
            stem = _free_name(row.name, names)
            # a fixed salt and no date: the same numbers give the same bytes
            with matplotlib.rc_context({"svg.hashsalt": "synth-eval", "svg.fonttype": "none"}):
                figure = reliability_figure(row, title=f"{model.model}: {row.name}")
                for ending in FORMATS:
                    files.append(subfolder / f"{stem}.{ending}")
                    metadata = {"Date": None} if ending == "svg" else {"Software": None}
                    figure.savefig(files[-1], format=ending, dpi=150, metadata=metadata)
            on_plot(row.name)
    return tuple(files)


def reliability_figure(row: CalibrationRow, *, title: str) -> Figure:
    """Accuracy against confidence with both bands and the smoothed curve, and below it how many items each bin has."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0, 6.2), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    _draw_curves(top, row)
    _draw_counts(bottom, row.curve)
    error = row.assessment[row.error]
    words = f"ECE {error.value:.3f}, {calibration_words(row)}, n = {row.n:,}"
    top.set_title(f"{visible(title)}\n{words}", parse_math=False, fontsize=9)
    return figure


def _draw_curves(axes: Axes, row: CalibrationRow) -> None:
    curve, level = row.curve, f"{100 * row.curve.level:g}%"
    axes.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle=":", label="perfect calibration")
    if np.isfinite(curve.null_low).all():
        axes.fill_between(
            curve.confidence,
            curve.null_low,
            curve.null_high,
            label=f"{level} of calibrated models",
            color=BAND,
            alpha=0.6,
            linewidth=0,
        )
    if row.smooth is not None:
        smooth = row.smooth
        axes.plot(smooth.confidence, smooth.accuracy, color=SMOOTH, linestyle="--", linewidth=1.5, label="smoothed")
        axes.fill_between(smooth.confidence, smooth.low, smooth.high, color=SMOOTH, alpha=0.15, linewidth=0)
    spread = None
    if np.isfinite(curve.low).all():
        spread = np.clip([curve.accuracy - curve.low, curve.high - curve.accuracy], 0.0, None)
    axes.errorbar(
        curve.confidence, curve.accuracy, yerr=spread, fmt="o", color=POINTS, markersize=4, capsize=2,
        linewidth=1.0, label=f"bins, {level} bootstrap band" if spread is not None else "bins",
    )  # fmt: skip
    axes.set(xlim=(0, 1), ylim=(0, 1), ylabel="accuracy")
    axes.legend(loc="lower right", fontsize=7, frameon=False)


def _draw_counts(axes: Axes, curve: ReliabilityCurve) -> None:
    axes.vlines(curve.confidence, 0, curve.count, color=POINTS, linewidth=5)
    axes.set(xlabel="confidence", ylabel="items", ylim=(0, None))


def _free_name(name: str, taken: set[str]) -> str:
    """A file name that is not taken yet, upper and lower case taken as one, as some file systems do."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")[:100] or "unnamed"
    free, number = stem, 2
    while free.lower() in taken:
        free, number = f"{stem}_{number}", number + 1
    taken.add(free.lower())
    return free
