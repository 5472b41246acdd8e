"""The calibration report in a terminal: a sentence, tables, reliability diagrams. Draws; computes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from synth_eval.compare.calibration import (
    CalibrationReport,
    CalibrationRow,
    CalibrationSettings,
    ModelCalibration,
    reasons_left_out,
)
from synth_eval.compare.calibration_words import calibration_words, headline
from synth_eval.report.terminal.art import ASCII_SYMBOLS, UNICODE_SYMBOLS, reliability_diagram
from synth_eval.report.terminal.page import GAP, Page, side_by_side
from synth_eval.text import rounded

MAX_NAME = 20  # longer ones fold
MAX_DIAGRAMS = 6
MIN_DIAGRAM_WIDTH = 40  # columns, the space between two included
UNKNOWN = "n/a"


def print_calibration(report: CalibrationReport, *, console: Console) -> None:
    """Print the whole report: the sentence of each model first, then its block."""
    page = _CalibrationPage(console, report)
    page.print(page.blocks(report))


@dataclass(frozen=True)
class _Name:
    """Text that folds where a name has a joint, whatever width the table leaves it."""

    text: Text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        yield Text(folded(self.text.plain, options.max_width))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, self.text)


@dataclass(frozen=True)
class _Column:
    header: str
    cell: Callable[[CalibrationRow], str]
    flagged: Callable[[CalibrationRow], bool] = lambda row: False


class _CalibrationPage(Page):
    def __init__(self, console: Console, report: CalibrationReport) -> None:
        super().__init__(console)
        self.settings = report.settings
        self.generated = any(row.source for model in report.models for row in model.rows)

    def blocks(self, report: CalibrationReport) -> Iterator[RenderableType]:
        names = [model.model for model in report.models]
        for model in report.models:
            name = model.model if names.count(model.model) == 1 else f"{model.model} ({model.folder})"
            yield self.text(f"{name}: {headline(model)}", "bold")
        yield self.text(self.how(), "dim")
        for model in report.models:
            yield Text()
            yield self.text(f"{model.model}  ({model.folder})", "bold")
            yield from self.model(model)
        if any(model.rows for model in report.models):
            yield Text()
            yield self.text(self.legend(), "dim")

    def model(self, model: ModelCalibration) -> Iterator[RenderableType]:
        longest = max((len(word) for row in model.rows for word in (_title(row), "task")), default=0)
        tables = side_by_side(
            _groups(self.settings, model.rows) if model.rows else [],
            width=lambda column: max(map(len, (column.header, *map(column.cell, model.rows)))),
            room=self.width - min(longest, MAX_NAME),
        )
        for columns in tables:
            yield Text()
            yield self.numbers(model.rows, columns)
        yield from self.diagrams(model.rows)
        lines = [
            f"{each.task}: no confidence: bits per byte only ({each.bits_per_byte:.3f}, {each.n:,} documents)"
            for each in model.rolling
        ]
        lines += reasons_left_out(each for each in model.left_out if not each.failed)
        yield from self.listed("Without confidence", lines)
        notes = [*model.notes, *(f"{row.name}: {note}" for row in model.rows for note in row.notes)]
        yield from self.listed("Notes", notes, "yellow")
        yield from self.listed("Not read", reasons_left_out(e for e in model.left_out if e.failed), "bold red")

    def numbers(self, rows: Sequence[CalibrationRow], columns: Sequence[_Column]) -> Table:
        lines = self.table()
        lines.add_column("task", max_width=MAX_NAME, overflow="fold")
        for column in columns:
            lines.add_column(column.header, no_wrap=True, justify="right" if column.header == "n" else "left")
        for i, row in enumerate(rows):
            last_task = row.kind == "task" and i + 1 < len(rows) and rows[i + 1].kind != "task"
            cells = (Text(column.cell(row), "red" if column.flagged(row) else "") for column in columns)
            lines.add_row(_Name(self.text(_title(row))), *cells, end_section=last_task)
        return lines

    def diagrams(self, rows: Sequence[CalibrationRow]) -> Iterator[RenderableType]:
        """Pools, and tasks that are in none; side by side where two fit."""
        in_pools = {task for row in rows if row.kind != "task" for task in row.tasks}
        chosen = [row for row in rows if row.kind != "task" or row.name not in in_pools]
        if not chosen:
            return
        across = max(1, (self.width + GAP) // MIN_DIAGRAM_WIDTH)
        width = (self.width - GAP * (across - 1)) // across
        drawn = [self.diagram(row, width) for row in chosen[:MAX_DIAGRAMS]]
        for start in range(0, len(drawn), across):
            grid = Table.grid(padding=(0, GAP, 0, 0))
            for _ in range(across):
                grid.add_column(width=width, no_wrap=True)
            grid.add_row(*drawn[start : start + across])
            yield Text()
            yield grid
        if len(chosen) > len(drawn):
            yield self.text(f"{len(chosen) - len(drawn)} more diagrams: use --plots, or --tasks", "dim")

    def diagram(self, row: CalibrationRow, width: int) -> Text:
        title = self.text(f"{row.name}, n = {row.n:,}")
        title.truncate(width - 1, overflow="crop")
        title.stylize("bold")
        lines = reliability_diagram(row.curve, width=width - 1, ascii_only=self.ascii_only)
        return title.append("\n" + "\n".join(lines), "not bold")

    def how(self) -> str:
        """How the numbers were made, in one line."""
        settings = self.settings
        kind = {"raw": "raw log-likelihoods", "bytes": "log-likelihoods per byte"}[settings.normalisation]
        bins = {"width": "equal-width", "mass": "equal-mass"}[settings.scheme]
        line = f"probabilities from {kind}; {settings.bins} {bins} bins; {settings.resamples:,} resamples"
        if settings.normalisation == "raw":
            line += " (raw is the default; bytes is the other; token counts are not in samples files)"
        if settings.clusters is not None:
            line += f"; items of one {settings.clusters} resampled together"
        return line

    def legend(self) -> str:
        """How to read tables and diagrams."""
        marks = ASCII_SYMBOLS if self.ascii_only else UNICODE_SYMBOLS
        level = f"{100 * self.settings.level:g}%"
        generated = ", of generated answers 0 to 1" if self.generated else ""
        alarm = f"{100 * (1 - self.settings.level):g}%"
        return (
            f"[ ] {level} interval. gap: confidence minus accuracy in points, + is overconfident. ECE is above 0 by "
            f"chance alone: 'null' is the most that {level} of calibrated models with these confidences show, so "
            f"{alarm} of calibrated tasks are called miscalibrated. An interval of ECE allows for that bias and may "
            f"lie below the value. Surprise gap, NLL: nats; Brier: 0 to 2{generated}. Pools hold the items of all "
            f"their tasks. Diagrams: accuracy against confidence; {marks.outside} outside and {marks.inside} inside "
            f"the band {marks.band} of a calibrated model, {marks.spread} bootstrap band, {marks.diagonal} diagonal, "
            "n: where the items are."
        )


def _groups(settings: CalibrationSettings, rows: Sequence[CalibrationRow]) -> list[list[_Column]]:
    """Columns that stay together."""

    def null(row: CalibrationRow) -> str:
        band = row.assessment[row.error].null_band
        return UNKNOWN if band is None else f"{band[1]:.3f}"

    def gap(row: CalibrationRow) -> str:
        return _estimate(row, "signed_gap", signed=True, scale=100.0, decimals=1)

    error = {"width": "ECE", "mass": "ECE (mass)"}[settings.scheme]
    size = [
        _Column("n", lambda row: f"{row.n:,}"),
        _Column("accuracy", lambda row: f"{100 * row.assessment['accuracy'].value:.1f}%"),
        _Column("confid.", lambda row: f"{100 * row.mean_confidence:.1f}%"),
        _Column("gap", gap, lambda row: not row.assessment.within_null("signed_gap")),
    ]
    errors = [
        _Column(error, lambda row: _estimate(row, row.error)),
        _Column("null", null),
        _Column("calibration", calibration_words, lambda row: not row.assessment.within_null(row.error)),
    ]
    scores = [
        _Column("surprise gap", lambda row: _estimate(row, "surprise_gap", signed=True)),
        _Column("Brier", lambda row: f"{row.assessment['brier'].value:.3f}"),
        _Column("NLL", lambda row: f"{row.assessment['nll'].value:.3f}"),
    ]
    recalibrated = [
        _Column(f"{settings.recalibrate}: ECE", lambda row: _before_after(row, "ece")),
        _Column("NLL of right or wrong", lambda row: _before_after(row, "nll")),
        _Column("T", _temperature),
    ]
    return [size, errors, scores, *([recalibrated] if any(row.recalibrated for row in rows) else [])]


def folded(name: str, width: int) -> str:
    """The name over several lines, broken behind an underscore or space where one is near enough."""
    lines = [""]
    for word in re.findall(r"[^_ ]+[_ ]?|[_ ]", name):
        if lines[-1] and len((lines[-1] + word).rstrip()) > width:
            lines.append("")
        lines[-1] += word
        while len(lines[-1].rstrip()) > width:
            lines[-1:] = [lines[-1][:width], lines[-1][width:]]
    return "\n".join(line.rstrip(" ") for line in lines)


def _title(row: CalibrationRow) -> str:
    if row.kind == "task":
        return row.name
    of = f"{len(row.tasks)}" if len(row.tasks) == row.of_tasks else f"{len(row.tasks)} of {row.of_tasks}"
    return f"{row.name} ({of} tasks pooled)"


def _estimate(row: CalibrationRow, name: str, *, signed: bool = False, scale: float = 1.0, decimals: int = 3) -> str:
    estimate = row.assessment[name]

    def written(value: float) -> str:
        return f"{rounded(scale * value, decimals):{'+' if signed else ''}.{decimals}f}"

    if estimate.value != estimate.value:
        return UNKNOWN
    if estimate.interval is None:
        return written(estimate.value)
    low, high = estimate.interval
    return f"{written(estimate.value)} [{written(low)}, {written(high)}]"


def _before_after(row: CalibrationRow, name: str) -> str:
    if row.recalibrated is None:
        return UNKNOWN
    before, after = (getattr(row.recalibrated, f"{name}_{when}") for when in ("before", "after"))
    return f"{before:.3f} -> {after:.3f}"


def _temperature(row: CalibrationRow) -> str:
    if row.recalibrated is None or row.recalibrated.temperature is None:
        return UNKNOWN
    temperature = row.recalibrated.temperature
    written = "> 1000" if temperature > 1000 else f"{temperature:.2f}"
    return f"{written} {row.recalibrated.direction or 'not clear'}"
