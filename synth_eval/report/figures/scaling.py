"""Scaling laws as PNG and SVG: loss over tokens, iso-loss mixes, best ratio, speed-ups. Needs matplotlib."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.report.figures.calibration import FORMATS, check_plots_possible
from synth_eval.report.scaling.view import count_text, size_text
from synth_eval.scaling.report import CurveResult, MixtureResult, ScalingReport, TaskScaling, largest_tokens
from synth_eval.text import joined

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure


# Okabe and Ito's colours, told apart with any kind of colour vision; markers repeat them
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999")
MARKERS = "osD^v<>P"
SMOOTH = 120  # places along a fitted curve
LEVELS = 8  # lines of equal loss


def plot_scaling(report: ScalingReport, folder: Path) -> tuple[Path, ...]:
    """Draw the figures of every task into ``folder``, ``<family>-<task>-<figure>.png`` and ``.svg``.

    A figure whose answers were all refused is left out. Names keep letters, digits, ".", "-" and "_" of the originals.

    Raises
    ------
    SynthEvalError : no matplotlib.
    """
    check_plots_possible()
    import matplotlib

    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    taken: set[str] = set()
    for task in report.tasks:
        # a fixed salt and no date: the same numbers give the same bytes
        with matplotlib.rc_context({"svg.hashsalt": "synth-eval", "svg.fonttype": "none"}):
            for name, figure in scaling_figures(task, report.sizes):
                stem = _free_stem(f"{task.family}-{task.task}-{name}", taken)
                for ending in FORMATS:
                    files.append(folder / f"{stem}.{ending}")
                    metadata = {"Date": None} if ending == "svg" else {"Software": None}
                    figure.savefig(files[-1], format=ending, dpi=150, metadata=metadata)
    return tuple(files)


def scaling_figures(task: TaskScaling, sizes: dict[float, str]) -> Iterator[tuple[str, Figure]]:
    """The figures of one task, each with its name."""
    if task.curves:
        yield "loss-over-tokens", _loss_figure(task)
    for mixture in task.mixtures:
        if mixture.answers.fit is None:
            continue
        label = joined(mixture.source, mixture.size, between="-")
        yield f"{label}-iso-loss", _iso_loss_figure(mixture, sizes)
        if any(best.answer.value is not None for best in mixture.answers.best):
            yield f"{label}-best-ratio", _best_ratio_figure(mixture, sizes)
        if any(each.answer.value is not None for each in mixture.answers.speed_ups):
            yield f"{label}-speed-up", _speed_up_figure(mixture, sizes)


def _loss_figure(task: TaskScaling) -> Figure:
    """A panel a source of synthetic data, natural data in each; a colour a ratio, a curve a size."""
    sources = list(dict.fromkeys(curve.source for curve in task.curves if curve.ratio > 0)) or [task.curves[0].source]
    ratios = sorted({curve.ratio for curve in task.curves})
    figure, panels = _panels(len(sources))
    for axes, source in zip(panels, sources):
        fit = next((m.answers.fit for m in task.mixtures if m.source == source and m.answers.fit is not None), None)
        drawn: set[float] = set()
        for curve in task.curves:
            if curve.source != source and curve.ratio > 0:
                continue
            number = ratios.index(curve.ratio)
            label = None if curve.ratio in drawn else f"ratio {curve.ratio:g}"
            drawn.add(curve.ratio)
            _draw_curve(axes, curve, number, label)
            own = curve.answers.fit or fit
            if own is not None and (curve.answers.fit is not None or curve.size):
                tokens = np.geomspace(curve.points.tokens.min(), curve.points.tokens.max(), SMOOTH)
                loss = own.loss(curve.points.size[0], tokens, curve.ratio)
                axes.plot(tokens, loss, color=_colour(number), linewidth=1.0)
        axes.set(xscale="log", yscale="log", xlabel="training tokens", title=source)
        _plain_ticks(axes.yaxis)
        axes.legend(fontsize=7, frameon=False)
    panels[0].set_ylabel("error rate" if task.error_rate else "loss")
    figure.suptitle(f"{task.family}: {task.task} (filled: held out in the comparison of forms)", fontsize=9)
    return figure


def _draw_curve(axes: Axes, curve: CurveResult, number: int, label: str | None) -> None:
    held = largest_tokens(curve.points)
    tokens, loss, marker = curve.points.tokens, curve.points.loss, MARKERS[number % len(MARKERS)]
    for chosen, fill, said in ((~held, "none", label), (held, "full", None)):
        axes.plot(
            tokens[chosen], loss[chosen], fillstyle=fill, label=said, color=_colour(number), linestyle="",
            marker=marker, markersize=4,
        )  # fmt: skip
    last = int(np.argmax(tokens))
    if curve.size and curve.ratio == 0:
        axes.annotate(curve.size, (tokens[last], loss[last]), fontsize=6, xytext=(3, 0), textcoords="offset points")


def _iso_loss_figure(mixture: MixtureResult, sizes: dict[float, str]) -> Figure:
    """A panel a size: lines of equal fitted loss over ratio and tokens, and the tested places."""
    fit = mixture.answers.fit
    assert fit is not None
    points = mixture.points
    tested = np.unique(points.size)
    figure, panels = _panels(len(tested))
    for axes, size in zip(panels, tested):
        mine = points.size == size
        ratio = np.linspace(0.0, points.ratio[mine].max(), SMOOTH // 2)
        tokens = np.geomspace(points.tokens[mine].min(), points.tokens[mine].max(), SMOOTH // 2)
        x, y = np.meshgrid(ratio, tokens)
        loss = fit.loss(size, y.ravel(), x.ravel()).reshape(x.shape)
        # evenly apart in tokens of natural data, so that none of the lines lies beyond the others
        levels = np.unique(fit.loss(size, np.geomspace(tokens[0], tokens[-1], LEVELS + 2)[1:-1], 0.0))
        lines = axes.contour(x, y, loss, levels=levels, cmap="viridis", linewidths=1.0)
        axes.clabel(lines, fontsize=6, fmt="%.3g")
        axes.plot(points.ratio[mine], points.tokens[mine], ".", color="#999999", markersize=3)
        axes.set(yscale="log", xlabel="synthetic ratio", title=size_text(size, sizes) if size != 1 else "")
    panels[0].set_ylabel("training tokens")
    figure.suptitle(f"Mixes of equal loss: {mixture.source}", fontsize=9)
    return figure


def _best_ratio_figure(mixture: MixtureResult, sizes: dict[float, str]) -> Figure:
    figure, (axes,) = _panels(1)
    told = [best for best in mixture.answers.best if best.answer.value is not None]
    for number, size in enumerate(dict.fromkeys(best.size for best in told)):
        mine = [best for best in told if best.size == size]
        tokens = [best.tokens for best in mine]
        label = size_text(size, sizes) if size != 1 else mixture.source
        values = np.array([best.answer.value for best in mine], dtype=float)
        axes.plot(tokens, values, color=_colour(number), marker=MARKERS[number % len(MARKERS)], label=label)
        bands = np.array([best.answer.interval for best in mine])
        axes.fill_between(tokens, bands[:, 0], bands[:, 1], color=_colour(number), alpha=0.12, linewidth=0)
    axes.set(xscale="log", xlabel="training tokens", ylabel="best ratio r*", ylim=(0, 1))
    axes.axhspan(0, mixture.points.ratio.max(), color="#EEEEEE", zorder=0, label="tested ratios")
    axes.legend(fontsize=7, frameon=False)
    figure.suptitle(f"Best ratio and its 95% band: {mixture.source}", fontsize=9)
    return figure


def _speed_up_figure(mixture: MixtureResult, sizes: dict[float, str]) -> Figure:
    figure, (axes,) = _panels(1)
    told = [each for each in mixture.answers.speed_ups if each.answer.value is not None]
    names = [
        f"{size_text(each.size, sizes) if each.size != 1 else ''} ratio {each.ratio:g}, {count_text(each.tokens)}"
        for each in told
    ]
    values = np.array([each.answer.value for each in told], dtype=float)
    bands = np.array([each.answer.interval for each in told])
    places = np.arange(len(told))[::-1]
    axes.barh(places, values - 1.0, left=1.0, color=[_colour(1) if v >= 1 else _colour(2) for v in values])
    axes.errorbar(
        values, places, xerr=np.clip([values - bands[:, 0], bands[:, 1] - values], 0, None), fmt="none",
        ecolor="black", capsize=2, linewidth=0.8,
    )  # fmt: skip
    axes.set_yticks(places, names, fontsize=6)
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set(xscale="log", xlabel="natural tokens to the same loss / tokens of the mix")
    _plain_ticks(axes.xaxis)
    figure.suptitle(f"Speed-up: {mixture.source}", fontsize=9)
    return figure


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0 * count, 4.2), layout="constrained")
    return figure, list(figure.subplots(1, count, squeeze=False, sharey=True)[0])


def _plain_ticks(axis: Axis) -> None:
    """2.4 rather than 2.4 x 10^0 on a logarithmic axis."""
    from matplotlib.ticker import FormatStrFormatter

    axis.set_major_formatter(FormatStrFormatter("%.3g"))
    axis.set_minor_formatter(FormatStrFormatter("%.3g"))
    axis.set_tick_params(which="both", labelsize=7)


def _free_stem(name: str, taken: set[str]) -> str:
    """A file name that is not taken yet, upper and lower case taken as one."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")[:100] or "figure"
    free, number = stem, 2
    while free.lower() in taken:
        free, number = f"{stem}_{number}", number + 1
    taken.add(free.lower())
    return free


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]
