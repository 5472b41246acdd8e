"""What is logged, for any tracker: a series of numbers over ratio for each place of the grid, and the figures."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from synth_eval.compare.places import Place, place_names
from synth_eval.compare.tidy import tidy
from synth_eval.comparison import Comparison
from synth_eval.report.exports import markdown_report
from synth_eval.report.view import ReportView

if TYPE_CHECKING:
    import pandas as pd

STEPS = 1000
"""Trackers that count in whole steps get thousandths of the ratio: step 300 is ratio 0.3."""

ONLY_PLACE = "all checkpoints"


@dataclass(frozen=True)
class Series:
    """One place of the grid. ``points`` are (ratio, numbers by name), in rising order; ``final`` holds what a curve
    has once: onset and safe budget."""

    place: str
    points: tuple[tuple[float, Mapping[str, float]], ...]
    final: Mapping[str, float]


@dataclass(frozen=True)
class Material:
    """``table`` is the tidy table (None: no number); ``figures`` PNG files by name; ``text`` is report.md."""

    family: str
    created: str
    settings: Mapping[str, str]
    series: tuple[Series, ...]
    table: pd.DataFrame
    figures: Mapping[str, Path]
    text: str
    note: str = ""  # what is missing


def material_of(comparison: Comparison, view: ReportView, folder: Path) -> Material:
    """Everything that is logged; figures are drawn into the folder, if matplotlib is there."""
    figures: dict[str, Path] = {}
    note = "no figures: pip install 'synth-eval[plots]'"
    if importlib.util.find_spec("matplotlib") is not None:
        from synth_eval.report.figures import report_figures, write_figures

        figures = {path.stem: path for path in write_figures(report_figures(view), folder) if path.suffix == ".png"}
        note = ""
    table = tidy(comparison)
    return Material(
        family=comparison.family,
        created=comparison.created,
        settings={str(key): str(value) for key, value in comparison.provenance.items()},
        series=series_of(comparison),
        table=table.astype(object).where(table.notna(), None),
        figures=figures,
        text=markdown_report(view),
        note=note,
    )


def series_of(comparison: Comparison) -> tuple[Series, ...]:
    """The numbers of every metric over ratio, by place of the grid.

    Names are ``task/metric`` for the value and ``task/metric change`` for the change from baseline, with ``low`` and
    ``high`` for its 95% limits. Numbers that the data cannot give are left out.
    """
    found: dict[Place, tuple[dict[float, dict[str, float]], dict[str, float]]] = {}
    for cell in (*comparison.overall, *comparison.cells, *comparison.characteristics):
        level = "category " if cell.level == "category" else ""
        name, data = f"{level}{cell.task}/{cell.metric}", cell.data
        points, final = found.setdefault(cell.place, ({}, {}))
        for ratio, value, change, interval in zip(data.ratios, data.values, data.difference, data.difference_ci):
            low, high = interval or (math.nan, math.nan)
            numbers = {"": value, " change": change, " change low": low, " change high": high}
            known = {f"{name}{what}": number for what, number in numbers.items() if math.isfinite(number)}
            points.setdefault(ratio, {}).update(known)
        for what, at in (("safe budget", cell.verdict.budget), ("onset", cell.verdict.onset)):
            if at is not None and not cell.display_only:
                final[f"{name} {what}"] = at
    names = place_names(found)
    return tuple(
        Series(names[place] or ONLY_PLACE, tuple(sorted(points.items(), key=lambda point: point[0])), final)
        for place, (points, final) in found.items()
    )
