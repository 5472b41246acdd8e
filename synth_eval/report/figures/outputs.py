"""What the models write: every characteristic over the synthetic ratio and over iterations."""

from __future__ import annotations

from collections.abc import Sequence

from synth_eval.compare.metrics import metric_named
from synth_eval.report.figures.description import Axis, Band, Figure, LegendKey, Markers, Panel, Polyline
from synth_eval.report.view.charts import anchor
from synth_eval.report.view.curves import label_of
from synth_eval.report.view.model import Drift
from synth_eval.report.view.outputs import side_of


def drift_figures(drifts: Sequence[Drift]) -> dict[str, Figure]:
    """Name -> figure of each task, over ratio and over iteration: a panel a characteristic, the same lines in each."""
    tasks: dict[tuple[str, str], list[Drift]] = {}
    for drift in drifts:
        tasks.setdefault((drift.over, drift.task), []).append(drift)
    figures = {}
    for number, ((over, task), mine) in enumerate(tasks.items()):
        names = list(dict.fromkeys(line.label for drift in mine for line in drift.lines))
        legend = tuple(LegendKey(name, role) for role, name in enumerate(names))
        panels = tuple(_panel(drift, names) for drift in mine)
        figures[f"drift-{anchor(f'{task} over {over}', number)}"] = Figure(task, panels, legend)
    return figures


def _panel(drift: Drift, names: Sequence[str]) -> Panel:
    over_ratio, label = drift.over == "ratio", label_of(drift.metric)
    places = tuple(sorted({x for line in drift.lines for x in line.x}))
    pad = 0.05 * (places[-1] - places[0] or 1.0)
    layers = []
    for line in (each for each in drift.lines if each.x):
        role = names.index(line.label)
        texts = tuple(
            f"{line.label}, {f'{100 * x:g}%' if over_ratio else f'{x:g}'}: {text}"
            for x, text in zip(line.x, line.texts)
        )
        layers += [
            Band(x=line.x, low=line.low, high=line.high, role=role),
            Polyline(x=line.x, y=line.values, width=1.8, role=role),
            Markers(x=line.x, y=line.values, texts=texts, size=6.0, role=role),
        ]
    said = "; ".join(f"{line.label}: {line.texts[0]} to {line.texts[-1]}" for line in drift.lines if line.texts)
    return Panel(
        tuple(layers),
        Axis(
            "synthetic data" if over_ratio else "iteration", form="percent" if over_ratio else "number", ticks=places,
            limits=(places[0] - pad, places[-1] + pad),
        ),
        Axis(form="percent" if metric_named(drift.metric).percent else "number"),
        title=label,
        aside=side_of(drift.metric),
        spoken=f"{label} over {drift.over}, first to last: {said}",
        height=180.0,
    )  # fmt: skip
