"""What is logged, for any tracker: a series of numbers over ratio for each place of the grid, and the figures."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth_eval.compare.places import Place, place_names
from synth_eval.compare.tidy import COLUMNS, tidy
from synth_eval.comparison import Cell, Comparison
from synth_eval.report.exports import markdown_report
from synth_eval.report.view import ReportView

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
    """``rows`` are those of the tidy table, under ``columns``; ``figures`` PNG files by name; ``text`` is report.md."""

    family: str
    created: str
    settings: Mapping[str, str]
    series: tuple[Series, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
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
        columns=COLUMNS,
        rows=tuple(table.astype(object).where(table.notna(), None).itertuples(index=False, name=None)),
        figures=figures,
        text=markdown_report(view),
        note=note,
    )


def series_of(comparison: Comparison) -> tuple[Series, ...]:
    """The numbers of every metric over ratio, by place of the grid.

    Names are ``task/metric`` for the value and ``task/metric change`` for the change from baseline, with ``low`` and
    ``high`` for its 95% limits. Numbers that the data cannot give are left out.
    """
    groups: dict[Place, list[Cell]] = {}
    for cell in (*comparison.cells, *comparison.characteristics):
        groups.setdefault(cell.place, []).append(cell)
    names = place_names(groups)
    return tuple(Series(names[place] or ONLY_PLACE, _points(cells), _final(cells)) for place, cells in groups.items())


def _points(cells: list[Cell]) -> tuple[tuple[float, Mapping[str, float]], ...]:
    found: dict[float, dict[str, float]] = {}
    for cell in cells:
        name = f"{cell.task}/{cell.metric}"
        for i, ratio in enumerate(cell.data.ratios):
            low, high = cell.data.difference_ci[i] or (math.nan, math.nan)
            numbers = {
                name: cell.data.values[i],
                f"{name} change": cell.data.difference[i],
                f"{name} change low": low,
                f"{name} change high": high,
            }
            found.setdefault(ratio, {}).update((key, v) for key, v in numbers.items() if math.isfinite(v))
    return tuple((ratio, found[ratio]) for ratio in sorted(found))


def _final(cells: list[Cell]) -> dict[str, float]:
    found = {}
    for cell in cells:
        for what, value in (("safe budget", cell.verdict.budget), ("onset", cell.verdict.onset)):
            if value is not None and not cell.display_only:
                found[f"{cell.task}/{cell.metric} {what}"] = value
    return found
