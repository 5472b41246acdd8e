"""What the scaling laws answer, in a terminal: in short, then charts, tables, refusals with their reasons."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from synth_eval.report.figures.description import Figure, Panel
from synth_eval.report.scaling.tables import best_table, equal_loss_table, thinned
from synth_eval.report.scaling.view import MixtureView, ScalingView, TaskView
from synth_eval.report.scaling.words import PATTERN, REFUSED
from synth_eval.report.terminal.loss_chart import log_chart, mark_of
from synth_eval.report.terminal.page import GAP, Page
from synth_eval.report.view import DataTable
from synth_eval.scaling.report import BestRatio, SpeedUp

BAR = 20  # columns of the longest bar of a speed-up, and of the tested ratios
MIN_BAR_FACTOR = 2.0  # the longest bar stands for at least this
NARROW = 100  # columns below which the bands of best ratios are not drawn
CHART = 38  # columns of a chart
LINES = 3  # of equal loss, for each size
CURVES_NOTE = "rectified, power: error of each law on the held-out budget"


def print_scaling(view: ScalingView, *, console: Console) -> None:
    """Print the whole report."""
    page = _ScalingPage(console, view)
    page.print(page.blocks())


class _ScalingPage(Page):
    def __init__(self, console: Console, view: ScalingView) -> None:
        super().__init__(console)
        self.view = view

    def blocks(self) -> Iterator[RenderableType]:
        for position, task in enumerate(self.view.tasks):
            if position:
                yield Text()
            yield from self.task(task)
        for table, flags in self.view.domains:
            yield from self.heading(table.title, "change of loss, over all pairs")
            yield from self.data(table)
            for flag in flags:
                yield self.line(flag, "bold")
        if any(mixture.result.collapse.seen for task in self.view.tasks for mixture in task.mixtures):
            yield Text()
            yield self.text(PATTERN, "dim")
        yield from self.listed("Input", self.view.notes, "yellow")

    def task(self, task: TaskView) -> Iterator[RenderableType]:
        yield self.text(f"{task.result.family}: {task.result.task} ({task.kind})", "bold")
        for sentence in task.sentences:
            yield self.line(sentence)
        if task.losses is not None:
            yield from self.charts(task.losses)
        for table in task.curves:
            yield from self.heading(f"Curves of {table.title}", CURVES_NOTE)
            yield from self.data(table)
        yield from self.refusals(task.refused_curves)
        if task.over_sizes is not None:
            yield from self.heading("Over sizes", task.over_sizes.note)
            yield from self.data(task.over_sizes)
            yield from self.data(task.forms)
        yield from self.refusals(task.refused_sizes)
        for mixture in task.mixtures:
            yield from self.mixture(mixture)
        yield from self.listed("Notes", task.result.notes, "yellow")

    def charts(self, losses: Figure) -> Iterator[RenderableType]:
        panels = losses.panels
        room = self.width - GAP
        across = max(1, min(len(panels), (room + GAP) // (CHART + GAP)))
        width = min((room + GAP) // across - GAP, 2 * CHART)
        yield from self.heading("Loss over tokens", "capitals: held out in the comparison of forms; dots: fitted")
        yield self.line("  ".join(f"{mark_of(key.role)} {key.label}" for key in losses.legend), "dim")
        drawn = [self.chart(panel, width) for panel in panels]
        for start in range(0, len(drawn), across):
            row = drawn[start : start + across]
            side_by_side = Table.grid(padding=(0, GAP, 0, 0), pad_edge=False)
            side_by_side.add_row(*row)
            yield Padding(side_by_side, (0, 0, 0, GAP))

    def chart(self, panel: Panel, width: int) -> Text:
        lines = log_chart(panel, width=width, ascii_only=self.ascii_only)
        shown = "\n".join(line[:width] for line in (*([panel.title] if panel.title else []), *lines))
        text = self.text(shown, keep="\n")
        text.no_wrap = True
        return text

    def mixture(self, mixture: MixtureView) -> Iterator[RenderableType]:
        found, sizes = mixture.result, self.view.sizes
        yield from self.heading(mixture.title)
        if mixture.law:
            yield self.line(mixture.law)
            yield from self.data(mixture.forms)
            best = thinned(found.answers.best)
            most = float(found.points.ratio.max())
            strips = [self.strip(each, most) for each in best] if self.width >= NARROW else []
            yield from self.data(best_table(found, best, sizes, "best"), f"0 to {most:g}", strips)
            for line in mixture.moves:
                yield self.line(line)
            saved = [each for each in found.answers.speed_ups if each.answer.value is not None]
            longest = max((MIN_BAR_FACTOR, *(abs_factor(each) for each in saved)))
            yield from self.data(mixture.speed_ups, "", [self.bar(s, longest) for s in saved])
            yield from self.data(equal_loss_table(found, sizes, "equal", lines=LINES))
        yield from self.refusals(mixture.refused)
        yield self.line(mixture.collapse)

    def strip(self, best: BestRatio, most: float) -> Text:
        """The band of a best ratio in the tested range, '|' at the estimate."""
        low, high = best.answer.interval or (0.0, 0.0)
        places = [round(min(max(x / most, 0.0), 1.0) * (BAR - 1)) for x in (low, best.answer.value or 0.0, high)]
        blank, band = (".", "=") if self.ascii_only else ("·", "━")
        cells = [band if places[0] <= i <= places[2] else blank for i in range(BAR)]
        cells[places[1]] = "|"
        return Text("".join(cells))

    def bar(self, each: SpeedUp, longest: float) -> Text:
        """Longer for more; '<' where the mix needs more tokens than natural data."""
        assert each.answer.value is not None
        width = round(BAR * math.log(abs_factor(each)) / math.log(longest))
        mark = "<" if each.answer.value < 1 else ("#" if self.ascii_only else "█")
        return Text(mark * width)

    def refusals(self, lines: Sequence[str]) -> Iterator[RenderableType]:
        for line in lines:
            yield self.line(f"{REFUSED}: {line}", "dim")

    def data(self, data: DataTable | None, over: str = "", drawn: Sequence[Text] = ()) -> Iterator[RenderableType]:
        """A table, with a drawing at the end of each row where there is one."""
        if data is None:
            return
        texts = [[entry.text for entry in row] for row in data.rows]
        # an interval goes below its number rather than wherever a column that is too narrow ends
        stacked = not self.fits([data.columns, *texts], beside=GAP + max(map(len, drawn), default=0))
        yield Text()
        yield Padding(self.filled(data.columns, texts, over=over, drawn=drawn, stacked=stacked), (0, 0, 0, GAP))


def abs_factor(each: SpeedUp) -> float:
    """How far a speed-up is from 1: 2 for twice and for half."""
    value = each.answer.value or 1.0
    return max(value, 1.0 / value)
