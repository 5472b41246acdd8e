"""What the models write: the stage of a collapse at every ratio, what moved first, and every side of it as a drift."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from synth_eval.cell import Cell, Place
from synth_eval.compare.characteristics import MAUVE
from synth_eval.compare.metrics import dimension_of, metric_named
from synth_eval.compare.places import place_names, place_order
from synth_eval.comparison import Collapse, Comparison, Contrast, Lead, PlaceValue
from synth_eval.report.text import UNKNOWN
from synth_eval.report.view.curves import is_worse, label_of
from synth_eval.report.view.model import DataTable, Drift, DriftLine, Entry, Item, OutputsView, table_of
from synth_eval.report.view.summaries import fields_of, row_table
from synth_eval.text import enumerated, joined, percent

TITLE = "Output characteristics"
NOTE = (
    "What the models write when asked nothing in particular, against the baseline at the same prompts. A collapse is "
    "called where at least three of four sides (vocabulary, sameness of samples, repetition, rare words) clearly moved "
    "that way and none the other way. Early collapse: rare words are lost while no score is shown worse; late: three "
    "sides agree and scores are worse (Shumailov et al., Nature 2024)."
)
STAGE_NOTE = (
    "Narrower: three sides agree, but rare words are not shown lost and no score worse. Tail and scores: rare words "
    "are lost and scores are worse, fewer than three sides agree. Scores alone: scores are worse, what is written is "
    "not shown narrower. Tail lost: no score was judged. At N tokens: length moved, so texts were cut to that. "
    "Refused: it cannot be decided."
)
VALUE_NOTE = "* : the 95% interval of the change from baseline lies wholly toward collapse; + : wholly away from it."
LEAD_NOTE = (
    "Lead: onset of the score minus onset of the characteristic, in percent of synthetic data; above 0, what the "
    "models write moved first. Score not reached: no score is shown worse. Only characteristics that moved have a lead."
)
ITERATION_NOTE = (
    "Mean relative loss over the ratios, first minus second, in shares of the baseline; below 0, the later iteration "
    "lost more. Each pair is tested at 5% by itself."
)
SHOWN = ("label", "verdict", "estimate", "interval", "reason")
STAGES = ("late collapse", "tail and scores", "early collapse", "tail lost", "narrower")  # the most advanced first
TONE = {
    "early collapse": "loss-1", "tail lost": "loss-1", "narrower": "loss-1",
    "tail and scores": "loss-2", "scores alone": "loss-2", "late collapse": "loss-3",
}  # fmt: skip


def outputs_view(comparison: Comparison) -> OutputsView | None:
    """Everything about what the models write; None where nothing was looked at."""
    cells = [cell for cell in comparison.characteristics if math.isfinite(cell.data.values[0])]
    if not cells:
        return None
    names = place_names(cell.place for cell in cells)
    drawn = [cell for cell in cells if _is_drawn(cell)]
    collapses = comparison.collapses
    return OutputsView(
        title=TITLE,
        note=NOTE,
        headline=_headline(collapses, names),
        sentences=(
            *_sentences(collapses, names),
            *_leads(comparison.text_leads, names),
            *_iterations(comparison.text_contrasts),
        ),
        stages=_stages(collapses, names),
        values=_values(cells, names, comparison.baseline_ratio),
        leads=_table("output-leads", "Did it move before the scores?", LEAD_NOTE, comparison.text_leads),
        iterations=_table(
            "output-iterations", "Does it compound over iterations?", ITERATION_NOTE, comparison.text_contrasts
        ),
        over_ratio=_over_ratio(drawn, names),
        over_iteration=_over_iteration(drawn, len({replace(cell.place, iteration=0) for cell in cells}) > 1),
    )


def _sentences(rows: Sequence[Collapse], names: Mapping[Place, str]) -> Iterable[str]:
    """'synth_generation_t10, iteration 2: early collapse at 10% and 30% (tail), late collapse at 50% (...)'."""
    groups: dict[tuple[str, Place], list[Collapse]] = {}
    for row in rows:
        groups.setdefault((row.task, row.place), []).append(row)
    for (task, place), group in groups.items():
        title = joined(task, names.get(place))
        stages: dict[str, list[Collapse]] = {}
        for row in group:
            if row.stage != "none":
                stages.setdefault(row.stage or "cannot be decided", []).append(row)
        if not stages:
            yield f"{title}: no sign of a collapse at any ratio"
            continue
        yield f"{title}: " + "; ".join(
            f"{stage} at {enumerated(percent(row.ratio) for row in found)} ({found[-1].reason})"
            for stage, found in stages.items()
        )


def _headline(rows: Sequence[Collapse], names: Mapping[Place, str]) -> tuple[str, ...]:
    """The most advanced stage, and where it is first reached; nothing where no text narrowed."""
    for stage in STAGES:
        found = [row for row in rows if row.stage == stage]
        if found:
            first = min(found, key=lambda row: row.ratio)
            title = joined(first.task, names.get(first.place))
            again = len({(row.task, row.place) for row in found}) - 1
            more = f" and {again} more" if again else ""
            return (f"What the models write: {stage} from {percent(first.ratio)} on ({title}{more}).",)
    return ()


def _leads(rows: Sequence[Lead], names: Mapping[Place, str]) -> Iterable[str]:
    """What is known of the order, one sentence for each place and score; nothing that is undetermined."""
    groups: dict[tuple[str, str, Place, str], list[str]] = {}
    for row in rows:
        if row.verdict in ("early", "late", "score not reached"):
            key = (row.texts, row.task, row.place, row.verdict)
            groups.setdefault(key, []).append(label_of(row.metric))
    for (texts, task, place, verdict), labels in groups.items():
        title = joined(texts, names.get(place))
        says = {
            "early": f"moved at a lower ratio than {task}",
            "late": f"moved at a higher ratio than {task}",
            "score not reached": "moved while no score is shown worse",
        }[verdict]
        yield f"{title}: {enumerated(labels)} {says}"


def _iterations(rows: Sequence[Contrast]) -> Iterable[str]:
    groups: dict[tuple[str, PlaceValue, PlaceValue], list[str]] = {}
    for row in rows:
        if row.verdict == "different":
            pair = (row.second, row.first) if (row.estimate or 0.0) < 0 else (row.first, row.second)
            groups.setdefault((row.task, *pair), []).append(label_of(row.metric))
    for (task, more, less), labels in groups.items():
        yield f"{task}: in iteration {more} further from the baseline than in iteration {less}: {enumerated(labels)}"


def _table(name: str, title: str, note: str, rows: Sequence[Lead] | Sequence[Contrast]) -> DataTable | None:
    """The label has the place: size, iteration and the rest would only repeat it."""
    return row_table(name, title, note, rows, without=[k for row in rows for k in fields_of(row) if k not in SHOWN])


def _stages(rows: Sequence[Collapse], names: Mapping[Place, str]) -> DataTable | None:
    """Tasks and places down, ratios across."""
    ratios = sorted({row.ratio for row in rows})
    groups: dict[tuple[str, Place], dict[float, Collapse]] = {}
    for row in rows:
        groups.setdefault((row.task, row.place), {})[row.ratio] = row
    lines: list[tuple[Item, ...]] = [
        (joined(task, names.get(place)), *(_stage(found.get(ratio)) for ratio in ratios))
        for (task, place), found in groups.items()
    ]
    columns = ("texts", *map(percent, ratios))
    return table_of("output-stages", "How far has it gone?", columns, lines, STAGE_NOTE) if rows else None


def _stage(row: Collapse | None) -> Entry:
    if row is None:
        return Entry("")
    stage = row.stage or "refused"
    cut = f" at {row.cut_to} tokens" if row.cut_to else ""
    return Entry(stage + cut, tone=TONE.get(stage, ""), note=", ".join(row.toward))


def _values(cells: Sequence[Cell], names: Mapping[Place, str], baseline: float) -> DataTable:
    ratios = sorted({ratio for cell in cells for ratio in cell.data.ratios})
    rows: list[tuple[Item, ...]] = [
        (
            joined(cell.task, names[cell.place]),
            label_of(cell.metric),
            side_of(cell.metric),
            *(_entry(cell, ratio, baseline) for ratio in ratios),
            "moved" if cell.verdict.word == "degraded" else "" if cell.display_only else cell.verdict.word,
        )
        for cell in cells
    ]
    columns = ("texts", "characteristic", "side", *map(percent, ratios), "curve test")
    note = f"{VALUE_NOTE} Moved: toward collapse by the curve test, after correction."
    return table_of("output-values", "Every characteristic", columns, rows, note)


def _entry(cell: Cell, ratio: float, baseline: float) -> Entry:
    if ratio not in cell.data.ratios:
        return Entry("")
    i = cell.data.ratios.index(ratio)
    value, interval = cell.data.values[i], cell.data.difference_ci[i]
    if i == cell.data.index(baseline) or not math.isfinite(value):
        return Entry(amount(value, cell.metric), value if math.isfinite(value) else None)
    if is_worse(cell, i):
        return Entry(f"{amount(value, cell.metric)}*", value, tone="worse")
    low, high = interval if interval is not None and not cell.display_only else (0.0, 0.0)
    better = low > 0 if cell.higher_is_better else high < 0
    return Entry(amount(value, cell.metric) + ("+" if better else ""), value)


def amount(value: float, metric: str) -> str:
    """'21.4%' for shares, three significant digits for the rest."""
    if not math.isfinite(value):
        return UNKNOWN
    return f"{100 * value:.1f}%" if metric_named(metric).percent else f"{value:.3g}"


def _over_ratio(cells: Sequence[Cell], names: Mapping[Place, str]) -> tuple[Drift, ...]:
    """A panel for each side's characteristics of each task; a line for each place."""
    panels: dict[tuple[str, str], list[Cell]] = {}
    for cell in sorted(cells, key=lambda cell: place_order(cell.place)):
        panels.setdefault((cell.task, cell.metric), []).append(cell)
    return tuple(
        _drift(
            task,
            metric,
            "ratio",
            {names[cell.place] or task: [(r, cell, r) for r in cell.data.ratios] for cell in group},
        )
        for (task, metric), group in panels.items()
    )


def _over_iteration(cells: Sequence[Cell], several: bool) -> tuple[Drift, ...]:
    """A panel for each task, place but for the iteration, and side's characteristic; a line for each ratio."""
    panels: dict[tuple[str, Place, str], list[Cell]] = {}
    for cell in cells:
        panels.setdefault((cell.task, replace(cell.place, iteration=0), cell.metric), []).append(cell)
    drifts = []
    for (task, at, metric), group in panels.items():
        title = joined(task, at.size, at.source, str(at.tokens or "")) if several else task
        group.sort(key=lambda cell: cell.place.iteration)
        points: dict[float, list[tuple[float, Cell, float]]] = {}
        for cell in group:
            for ratio in cell.data.ratios:
                points.setdefault(ratio, []).append((float(cell.place.iteration), cell, ratio))
        if len(group) > 1:
            drifts.append(_drift(title, metric, "iteration", {percent(r): points[r] for r in sorted(points)}))
    return tuple(drifts)


def _drift(task: str, metric: str, over: str, lines: Mapping[str, Sequence[tuple[float, Cell, float]]]) -> Drift:
    """Lines by their label: where each point lies, and the cell and ratio that it is of."""
    drawn = []
    for label, points in lines.items():
        found = [(x, cell.data, cell.data.ratios.index(ratio)) for x, cell, ratio in points]
        known = [
            (x, data.values[i], data.difference_ci[i], data.difference[i])
            for x, data, i in found
            if math.isfinite(data.values[i])
        ]
        # the value with the 95% interval of its change from baseline about it
        limits = [
            (value, value) if ci is None else (value - change + ci[0], value - change + ci[1])
            for _, value, ci, change in known
        ]
        drawn.append(
            DriftLine(
                label,
                x=tuple(x for x, *_ in known),
                values=tuple(value for _, value, *_ in known),
                low=tuple(low for low, _ in limits),
                high=tuple(high for _, high in limits),
                texts=tuple(amount(value, metric) for _, value, *_ in known),
            )
        )
    return Drift(task, metric, over, tuple(drawn))


def side_of(metric: str) -> str:
    """The side of a collapse; MAUVE is no side; '' for those that are shown in the table alone."""
    return "reference text" if metric == MAUVE else dimension_of(metric)


def _is_drawn(cell: Cell) -> bool:
    """Not those of no side, nor what is the same at every ratio."""
    return bool(side_of(cell.metric)) and max(cell.data.values) - min(cell.data.values) > 1e-12
