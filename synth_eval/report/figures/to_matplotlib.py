"""Figures as PNG and SVG files. Needs matplotlib, the optional extra `plots`."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from synth_eval.errors import SynthEvalError
from synth_eval.report.figures import description as fig
from synth_eval.text import joined, visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#000000")  # Okabe and Ito's
SYMBOLS = ("o", "s", "D", "^", "X", "*")
DASHES = ("-", "--", ":", "-.", (0, (5, 1)), (0, (3, 1, 1, 1)))
NAMED_COLOURS = {"ink": "#000000", "quiet": "#808080"}
NAMED_DASHES = {"solid": "-", "dash": "--", "dot": ":"}
FORMATS = ("png", "svg")
INCH = 105.0  # pixels of the page
POINT = 0.55  # of a pixel of the page: markers
ACROSS = 3  # panels side by side
# a fixed salt and no date: the same numbers give the same bytes; names are no formulas
SETTINGS = {"svg.hashsalt": "synth-eval", "svg.fonttype": "none", "text.parse_math": False, "font.size": 9}


def check_matplotlib(option: str) -> None:
    """
    Raises
    ------
    SynthEvalError : no matplotlib, which this option of a command needs.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise SynthEvalError(f"{option} needs matplotlib: pip install 'synth-eval[plots]'")


def write_figures(
    figures: Mapping[str, fig.Figure], folder: Path, *, on_figure: Callable[[str], None] = lambda name: None
) -> tuple[Path, ...]:
    """Draw every figure, ``<folder>/<name>.png`` and ``.svg``.

    Parameters
    ----------
    folder : made if need be; files of the same names are replaced.
    on_figure : called with the name of each figure that is drawn, for a progress bar.

    Returns
    -------
    The files, in the order of the figures. The same figures give the same bytes.

    Raises
    ------
    SynthEvalError : no matplotlib.
    """
    check_matplotlib("drawing figures")
    import matplotlib

    files: list[Path] = []
    for name, figure in figures.items():
        drawing = matplotlib_figure(figure)
        for ending in FORMATS:
            files.append(folder / f"{name}.{ending}")
            files[-1].parent.mkdir(parents=True, exist_ok=True)
            metadata = {"Date": None} if ending == "svg" else {"Software": None}
            with matplotlib.rc_context(SETTINGS):
                drawing.savefig(files[-1], format=ending, dpi=200, metadata=metadata)
        on_figure(name)
    return tuple(files)


def matplotlib_figure(figure: fig.Figure) -> Drawing:
    """A figure of matplotlib: panels below each other on one x axis if they are stacked, else side by side."""
    import matplotlib
    from matplotlib.figure import Figure as Drawing

    heights = [(len(panel.rows) or 1) * panel.height / INCH for panel in figure.panels]
    with matplotlib.rc_context(SETTINGS):
        if isinstance(figure.panels[0].layers[0], fig.HeatMap):
            return _heat_map(figure.title, figure.panels[0].layers[0])
        if figure.stacked:
            drawing = Drawing(figsize=(5.5, 1.0 + sum(heights)), layout="constrained")
            grid = drawing.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)
        else:
            across = min(ACROSS, len(heights))
            down = math.ceil(len(heights) / across)
            width = 3.0 if across > 1 else 5.0
            drawing = Drawing(figsize=(width * across, 0.8 + down * max(2.4, *heights)), layout="constrained")
            grid = drawing.subplots(down, across, squeeze=False)
        for axes, panel in zip(grid.flat, figure.panels):
            _panel(axes, panel)
        for axes in list(grid.flat)[len(heights) :]:
            axes.set_visible(False)
        if figure.stacked:
            for axes in grid.flat[:-1]:
                axes.set_xlabel("")
        title = joined(visible(figure.title), visible(figure.note), between="\n")
        drawing.suptitle(title, fontsize=9 if figure.note else 10)
        if len(figure.legend) > 1:
            handles = [_handle(key) for key in figure.legend]
            columns = 2 if figure.stacked else 4
            drawing.legend(handles=handles, loc="outside lower center", ncols=columns, fontsize=7, frameon=False)
        return drawing


def _panel(axes: Axes, panel: fig.Panel) -> None:
    for layer in panel.layers:
        _DRAW[type(layer)](axes, layer)
    _axis(axes, "x", panel.x)
    if panel.rows:
        names = [visible(row.label) for row in panel.rows]
        axes.set_yticks(range(len(names)), names, fontsize=7)
        axes.set_ylim(len(names) - 0.4, -0.6)
    else:
        _axis(axes, "y", panel.y)
    axes.tick_params(labelsize=7)
    title = f"{panel.title} ({panel.aside})" if panel.aside else panel.title
    axes.set_title(visible(title), loc="left", fontsize=8)


def _axis(axes: Axes, name: Literal["x", "y"], axis: fig.Axis) -> None:
    from matplotlib.ticker import FuncFormatter, NullLocator

    drawn = axes.xaxis if name == "x" else axes.yaxis
    if axis.log:
        axes.set(**{f"{name}scale": "log"})
        drawn.set_minor_locator(NullLocator())
    if axis.limits is not None:
        axes.set(**{f"{name}lim": axis.limits})
    if axis.ticks:
        room = 0.0 if axis.log else 0.08 * (axis.ticks[-1] - axis.ticks[0])
        drawn.set_ticks(fig.spaced(axis.ticks, room))
    drawn.set_major_formatter(FuncFormatter(lambda value, _: fig.tick_text(value, axis.form)))
    drawn.set_label_text(visible(axis.label), fontsize=8)


def _polyline(axes: Axes, layer: fig.Polyline) -> None:
    x, y = _numbers(layer.x), _numbers(layer.y)
    known = np.isfinite(y)
    dash = NAMED_DASHES[layer.dash] if layer.dash else fig.style_of(layer.role, DASHES)
    axes.plot(x[known], y[known], color=_colour(layer.role), linestyle=dash, linewidth=0.65 * layer.width)
    if layer.label:
        axes.annotate(layer.label, (x[0], y[0]), fontsize=6, xytext=(2, 2), textcoords="offset points")


def _markers(axes: Axes, layer: fig.Markers) -> None:
    x, y = _numbers(layer.x), _numbers(layer.y)
    filled = np.broadcast_to(np.array(layer.filled), x.shape)
    sizes = np.broadcast_to(np.array(layer.size, dtype=float), x.shape)
    colour, marker = _colour(layer.role), "x" if layer.cross else fig.style_of(layer.role, SYMBOLS)
    if layer.joined:
        axes.plot(x, y, color=colour, linewidth=0.5, alpha=0.5)
    for name, middle, spread in (("xerr", x, layer.x_spread), ("yerr", y, layer.y_spread)):
        if spread:
            low, high = np.array(spread, dtype=float).T
            reach = np.clip([middle - low, high - middle], 0.0, None)
            bars: dict[str, Any] = {name: reach}
            axes.errorbar(x, y, **bars, fmt="none", ecolor=colour, capsize=2, elinewidth=0.9)
    for fill in (False, True):
        for size in np.unique(sizes[filled == fill]):
            mine = (filled == fill) & (sizes == size)
            axes.plot(
                x[mine], y[mine], color=colour, marker=marker, linestyle="none", markersize=POINT * size,
                fillstyle="full" if fill else "none", markeredgewidth=0.8,
            )  # fmt: skip


def _band(axes: Axes, layer: fig.Band) -> None:
    x, low, high = map(_numbers, (layer.x, layer.low, layer.high))
    quiet = layer.role == "quiet"
    axes.fill_between(x, low, high, color=_colour(layer.role), alpha=0.3 if quiet else 0.13, linewidth=0)


def _bars(axes: Axes, layer: fig.Bars) -> None:
    draw = axes.hlines if layer.along == "x" else axes.vlines
    draw(layer.at, layer.start, layer.end, color=_colour(layer.role), linewidth=0.8 * layer.width, alpha=0.8)


def _level(axes: Axes, layer: fig.Level) -> None:
    draw = axes.axvline if layer.axis == "x" else axes.axhline
    draw(layer.at, color=_colour(layer.role), linewidth=0.8, linestyle=NAMED_DASHES[layer.dash or "dot"], zorder=1)
    if layer.label:
        side = "bottom" if layer.above else "top"
        axes.text(
            0.995, layer.at, layer.label, transform=axes.get_yaxis_transform(), ha="right", va=side, fontsize=6,
            color=NAMED_COLOURS["quiet"],
        )  # fmt: skip


_DRAW: dict[type[fig.Layer], Callable[[Any, Any], None]] = {
    fig.Polyline: _polyline, fig.Markers: _markers, fig.Band: _band, fig.Bars: _bars, fig.Level: _level,
}  # fmt: skip


def _heat_map(title: str, fields: fig.HeatMap) -> Drawing:
    from matplotlib.figure import Figure as Drawing
    from matplotlib.patches import Rectangle

    values = np.array(fields.values, dtype=float)
    down, across = values.shape
    drawing = Drawing(figsize=(1.8 + 0.75 * across, 0.9 + 0.3 * down), layout="constrained")
    axes = drawing.subplots()
    image = axes.imshow(values, cmap="PuOr_r", vmin=-fields.reach, vmax=fields.reach, aspect="auto")
    for i, j in sorted(fields.hatched):
        corner = (j - 0.5, i - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, facecolor="0.93", edgecolor="0.78", hatch="///", linewidth=0))
    for i, row in enumerate(fields.texts):
        for j, text in enumerate(row):
            dark = abs(values[i, j]) > 0.7 * fields.reach
            axes.text(j, i, text, ha="center", va="center", fontsize=7, color="white" if dark else "black")
    axes.set_xticks(range(across), fields.columns)
    axes.set_yticks(range(down), [visible(name) for name in fields.rows])
    axes.set_title(visible(title), fontsize=10)
    drawing.colorbar(image, label=fields.label)
    return drawing


def _handle(key: fig.LegendKey) -> Any:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    colour, label = _colour(key.role), visible(key.label)
    if key.kind == "band":
        return Patch(color=colour, alpha=0.3, linewidth=0, label=label)
    marker = "none" if key.kind == "line" else fig.style_of(key.role, SYMBOLS)
    dash = NAMED_DASHES[key.dash] if key.dash else fig.style_of(key.role, DASHES)
    dash = "none" if key.kind in ("filled", "open") else dash
    fill = "none" if key.kind == "open" else "full"
    return Line2D([], [], color=colour, marker=marker, linestyle=dash, fillstyle=fill, markersize=4, label=label)


def _colour(role: fig.Role) -> str:
    return COLOURS[role % fig.SERIES] if isinstance(role, int) else NAMED_COLOURS[role]


def _numbers(values: tuple[float | None, ...]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], dtype=float)
