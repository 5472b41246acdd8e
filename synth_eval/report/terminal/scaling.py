"""What the scaling laws answer, in a terminal: in short, then charts, tables, refusals with their reasons."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from synth_eval.report.scaling.sentences import (
    PATTERN,
    collapse_text,
    curve_refusals,
    domain_flags,
    in_short,
    mixture_refusals,
    moves_lines,
    size_refusals,
)
from synth_eval.report.scaling.tables import (
    best_table,
    curve_tables,
    domain_table,
    equal_loss_table,
    form_table,
    over_sizes_table,
    speed_up_table,
    thinned,
)
from synth_eval.report.scaling.view import REFUSED, LossPanel, loss_panels, percent_text
from synth_eval.report.terminal.art import log_chart, mark_of
from synth_eval.report.terminal.page import GAP, Page
from synth_eval.report.view import DataTable
from synth_eval.scaling.report import BestRatio, MixtureResult, ScalingReport, SourceDomains, SpeedUp, TaskScaling
from synth_eval.text import joined

BAR = 20  # columns of the longest bar of a speed-up, and of the tested ratios
MIN_BAR_FACTOR = 2.0  # the longest bar stands for at least this
NARROW = 100  # columns below which the bands of r* are not drawn
CHART = 38  # columns of a chart
CURVES_NOTE = "rectified, power: error of each law on the held-out budget"


def print_scaling(report: ScalingReport, *, console: Console) -> None:
    """Print the whole report."""
    page = _ScalingPage(console, report)
    page.print(page.blocks())


class _ScalingPage(Page):
    def __init__(self, console: Console, report: ScalingReport) -> None:
        super().__init__(console)
        self.report = report

    def blocks(self) -> Iterator[RenderableType]:
        for position, task in enumerate(self.report.tasks):
            if position:
                yield Text()
            yield from self.task(task)
        for domains in self.report.domains:
            yield from self.domains(domains)
        if any(mixture.collapse.seen for task in self.report.tasks for mixture in task.mixtures):
            yield Text()
            yield self.text(PATTERN, "dim")
        yield from self.listed("Left out", self.report.notes, "yellow")

    def task(self, task: TaskScaling) -> Iterator[RenderableType]:
        yield self.text(f"{task.family}: {task.task} ({'error rate' if task.error_rate else 'loss'})", "bold")
        for sentence in in_short(task, self.report.sizes):
            yield self.line(sentence)
        if task.curves:
            yield from self.charts(task)
            yield from self.curves(task)
        yield from self.over_sizes(task)
        for mixture in task.mixtures:
            yield from self.mixture(mixture)
        yield from self.listed("Notes", task.notes, "yellow")

    def charts(self, task: TaskScaling) -> Iterator[RenderableType]:
        panels = loss_panels(task)
        room = self.width - GAP
        across = max(1, min(len(panels), (room + GAP) // (CHART + GAP)))
        width = min((room + GAP) // across - GAP, 2 * CHART)
        # one legend for all where their curves have the same names
        shared = len({tuple(one.name for one in panel.series) for panel in panels}) == 1
        yield from self.heading("Loss over tokens", "capitals: held out in the comparison of forms; dots: fitted")
        if shared:
            yield self.line(self.legend(panels[0]), "dim")
        drawn = [self.chart(panel, width, legend=not shared) for panel in panels]
        for start in range(0, len(drawn), across):
            row = drawn[start : start + across]
            side_by_side = Table.grid(padding=(0, GAP, 0, 0), pad_edge=False)
            side_by_side.add_row(*row)
            yield Padding(side_by_side, (0, 0, 0, GAP))

    def chart(self, panel: LossPanel, width: int, *, legend: bool) -> Text:
        lines = log_chart(panel.series, width=width, ascii_only=self.ascii_only)
        heads = [panel.title] if panel.title else []
        shown = "\n".join(line[:width] for line in (*heads, *([self.legend(panel)] if legend else []), *lines))
        text = self.text(shown, keep="\n")
        text.no_wrap = True
        return text

    def legend(self, panel: LossPanel) -> str:
        return "  ".join(f"{mark_of(number)} {one.name}" for number, one in enumerate(panel.series))

    def curves(self, task: TaskScaling) -> Iterator[RenderableType]:
        for table in curve_tables(task, "curves"):
            yield from self.heading(f"Curves of {table.title}", CURVES_NOTE)
            yield from self.data(table)
        yield from self.refusals(curve_refusals(task.curves))

    def over_sizes(self, task: TaskScaling) -> Iterator[RenderableType]:
        table = over_sizes_table(task, self.report.sizes, "over-sizes")
        if table is not None:
            fit = next(result.answers.fit for result in task.over_sizes if result.answers.fit is not None)
            yield from self.heading("Over sizes", fit.law.formula)
            yield from self.data(table)
            yield from self.data(form_table(task.over_sizes[0].answers.forms, "forms"))
        if len({curve.size for curve in task.curves if curve.size}) > 1:
            yield from self.refusals(size_refusals(task.over_sizes))

    def mixture(self, mixture: MixtureResult) -> Iterator[RenderableType]:
        answers, sizes = mixture.answers, self.report.sizes
        yield from self.heading(joined(f"Mixes of {mixture.source}", mixture.size))
        if answers.fit is not None:
            yield self.line(f"{answers.fit.law.formula}; scatter around it {percent_text(answers.fit.scatter)}")
            yield from self.data(form_table(answers.forms, "forms"))
            told = thinned(answers.best)
            most = float(mixture.points.ratio.max())
            strips = [self.strip(best, most) for best in told] if self.width >= NARROW else []
            yield from self.data(best_table(mixture, told, sizes, "best"), f"0 to {most:g}", strips)
            for line in moves_lines(mixture):
                yield self.line(line)
            saved = [each for each in answers.speed_ups if each.answer.value is not None]
            longest = max((MIN_BAR_FACTOR, *(abs_factor(each) for each in saved)))
            yield from self.data(speed_up_table(mixture, sizes, "saved"), "", [self.bar(s, longest) for s in saved])
            yield from self.data(equal_loss_table(mixture, sizes, "equal"))
        yield from self.refusals(mixture_refusals(mixture, sizes))
        yield self.line(collapse_text(mixture, sizes))

    def strip(self, best: BestRatio, most: float) -> Text:
        """The band of r* in the tested range, '|' at the estimate."""
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

    def domains(self, domains: SourceDomains) -> Iterator[RenderableType]:
        yield from self.heading(f"{domains.family}: domains under {domains.source}", "change of loss, over all pairs")
        yield from self.data(domain_table(domains, "domains"))
        for flag in domain_flags(domains.effects):
            yield self.line(flag, "bold")

    def refusals(self, lines: Sequence[str]) -> Iterator[RenderableType]:
        for line in lines:
            yield self.line(f"{REFUSED}: {line}", "dim")

    def data(self, data: DataTable | None, extra: str = "", drawn: Sequence[Text] = ()) -> Iterator[RenderableType]:
        """A table, with a drawing at the end of each row where there is one."""
        if data is None:
            return
        table = self.table()
        for heading in (*data.columns, *([extra] if drawn else [])):
            table.add_column(self.text(heading), overflow="fold")
        texts = [[entry.text for entry in row] for row in data.rows]
        if not self.fits([data.columns, *texts], beside=GAP + max(map(len, drawn), default=0)):
            # an interval goes below its number rather than wherever the column ends
            texts = [[text.replace(" [", "\n[") for text in row] for row in texts]
        for number, row in enumerate(texts):
            table.add_row(*(self.text(text, keep="\n") for text in row), *drawn[number : number + 1])
        yield Text()
        yield Padding(table, (0, 0, 0, GAP))


def abs_factor(each: SpeedUp) -> float:
    """How far a speed-up is from 1: 2 for twice and for half."""
    value = each.answer.value or 1.0
    return max(value, 1.0 / value)
