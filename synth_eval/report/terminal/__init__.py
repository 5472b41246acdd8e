"""The report in a terminal: verdict first, warnings last. Draws `report_view`; computes nothing.

Width, colour and encoding are those of the console: 80 columns are enough, NO_COLOR and pipes give plain text, and a
terminal without UTF-8 gets ASCII. Words carry every meaning; colour and symbols only repeat it. Text that came from
manifests or checkpoints is drawn as text: no markup, no control characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from synth_eval.report.terminal.outputs import output_grids, sparkline
from synth_eval.report.view import (
    Column,
    DataTable,
    Facts,
    MetricTable,
    Plot,
    PlotRow,
    ReportView,
    Status,
    report_view,
)
from synth_eval.report.view.model import OutputsView
from synth_eval.report.view.summaries import tally
from synth_eval.types import Comparison

STYLE = {"degraded": "bold red", "inconclusive": "yellow", "safe": "green", "refused": "dim"}
SYMBOL = {"degraded": "✗", "inconclusive": "?", "safe": "✓", "refused": "–"}
ASCII_SYMBOL = {"degraded": "x", "inconclusive": "?", "safe": "+", "refused": "-"}
HEAD_RULE = box.SIMPLE_HEAD
ASCII_HEAD_RULE = box.Box(str(box.SIMPLE_HEAD).replace("─", "-"), ascii=True)
LEAST_TITLE = 16  # room that is kept for the name of a task
WIDE = 120  # columns from which phi, df and p are shown too
MOST = 12  # curves of a family that is shown whole
URGENT = 8  # of a larger one: curves, and lines of other lists
URGENT_TABLES = 3
BRIEF = ("surprise gap",)  # metrics shown beside the headline one, then
ELSEWHERE = "report.html has them all, --explain TASK those of a task"
GRID_NOTE = "mean relative loss over tasks, with 95% interval"
FACTS_NOTE = "ratios with 95% intervals; +: maybe beyond what was tested"
BETWEEN = 2  # spaces between the columns of a table


def print_report(comparison: Comparison, *, console: Console, view: ReportView | None = None) -> None:
    """Print the whole report.

    Parameters
    ----------
    comparison : what `compare_family` found.
    console : where to print; its width, colour system and encoding are respected.
    view : `report_view` of the comparison, where it is there already.
    """
    page = _Page(console)
    for block in page.blocks(view or report_view(comparison)):
        console.print(block, highlight=False)


class _Page:
    """Draws one view for one console."""

    def __init__(self, console: Console) -> None:
        self.width = console.width
        self.encoding = console.encoding
        self.ascii_only = console.options.ascii_only

    def blocks(self, view: ReportView) -> Iterator[RenderableType]:
        yield self.text(view.title, "bold")
        yield Text()
        for sentence in view.headline:
            yield self.text(sentence, "bold")
        if view.statuses:
            yield Text()
            whole = len(view.statuses) <= MOST
            yield from self.whole(view) if whole else self.most_urgent(view)
            yield Text()
            yield self.text(view.legend, "dim")
        elif view.outputs is not None:
            yield from self.outputs(view.outputs)
        yield from self.listed("Warnings", view.warnings, "yellow")
        yield from self.listed("Failed checkpoints", view.failures, "bold red")

    def whole(self, view: ReportView) -> Iterator[RenderableType]:
        yield self.statuses(view.statuses)
        yield from self.facts(view.facts)
        for aside in view.asides:
            yield from self.listed(aside.title, aside.lines, "bold")
        yield from self.curves(view, view.plots)
        if view.outputs is not None:
            yield from self.outputs(view.outputs)
        for table in view.tables:
            yield from self.heading(table.title, table.note)
            yield from self.table(table)

    def most_urgent(self, view: ReportView) -> Iterator[RenderableType]:
        """The same of a large family: averages over it, and the curves that most need to be looked at."""
        shown = view.statuses[:URGENT]
        yield self.statuses(shown)
        yield from self.more(len(view.statuses) - URGENT, tally(status.word for status in view.statuses[URGENT:]))
        if view.budgets is not None:
            yield from self.data(view.budgets, "", with_notes=True)
        for grid in view.grids:
            yield from self.data(grid, GRID_NOTE, with_notes=False)
        titles = {status.title for status in shown}
        headlines = {each.title: each.metric for each in reversed(view.facts)}  # the first of a title is its headline
        yield from self.facts([e for e in view.facts if e.title in titles and e.metric in (headlines[e.title], *BRIEF)])
        for aside in view.asides:
            if view.budgets is None or aside.title != view.budgets.title:
                yield from self.listed(aside.title, aside.lines, "bold", most=URGENT)
        yield from self.curves(view, view.plots[:URGENT])
        yield from self.more(len(view.plots) - URGENT)
        if view.outputs is not None:
            yield from self.outputs(view.outputs, most=URGENT_TABLES)
        for table in view.tables[:URGENT_TABLES]:
            yield from self.heading(table.title, table.note)
            yield from self.table(table)
        yield Text()
        yield from self.more(len(view.tables) - URGENT_TABLES, "tables of values")

    def more(self, count: int, what: str = "") -> Iterator[Text]:
        """One line on what is not shown, and where it is."""
        if count > 0:
            yield self.text(f"and {count} more{f' ({what})' if what else ''}: {ELSEWHERE}", "dim")

    def curves(self, view: ReportView, plots: Sequence[PlotRow]) -> Iterator[RenderableType]:
        bars = "8 is the largest value, 1 the smallest" if self.ascii_only else "a taller bar is a larger value"
        yield from self.heading("Curves", f"{view.plot_note}; {bars}")
        yield self.plots(plots)

    def data(self, table: DataTable, note: str, *, with_notes: bool) -> Iterator[RenderableType]:
        """A table of the page; turned over where it is too wide, and without the notes of its entries."""
        texts = [list(table.columns), *([entry.text for entry in row] for row in table.rows)]
        noted = [texts[0], *([f"{e.text} ({e.note})" if e.note else e.text for e in row] for row in table.rows)]
        if with_notes and self.fits(noted):
            texts = noted
        elif not self.fits(texts):
            texts = [list(column) for column in zip(*texts)]
        yield from self.heading(table.title, note)
        lines = self.ruled()
        for i, head in enumerate(texts[0]):
            lines.add_column(self.text(head), justify="right" if i and not with_notes else "left", overflow="fold")
        for row in texts[1:]:
            lines.add_row(*map(self.text, row))
        yield lines

    def fits(self, texts: Sequence[Sequence[str]]) -> bool:
        return sum(BETWEEN + max(map(len, column)) for column in zip(*texts)) <= self.width + BETWEEN

    def ruled(self) -> Table:
        rule = ASCII_HEAD_RULE if self.ascii_only else HEAD_RULE
        return Table(box=rule, pad_edge=False, padding=(0, BETWEEN, 0, 0), show_edge=False, header_style="dim")

    def text(self, text: str, style: str = "", *, wrap: bool = True) -> Text:
        """Text that this console can show, with control characters made visible."""
        visible = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
        shown = visible.encode(self.encoding, "backslashreplace").decode(self.encoding)
        return Text(shown, style, overflow="fold" if wrap else "ellipsis", no_wrap=not wrap)

    def heading(self, title: str, note: str) -> Iterator[Text]:
        yield Text()
        line = self.text(title, "bold")
        if note:
            line.append_text(self.text(f"  {note}", "not bold dim"))
        yield line

    def statuses(self, statuses: Sequence[Status]) -> Table:
        symbols = ASCII_SYMBOL if self.ascii_only else SYMBOL
        grid = Table.grid(padding=(0, BETWEEN))
        grid.add_column(no_wrap=True)
        grid.add_column(max_width=max(16, self.width // 3), overflow="fold")
        grid.add_column(ratio=1, overflow="fold")
        for status in statuses:
            sentence = self.text(status.sentence)
            if status.also:
                sentence.append_text(self.text(f"; {status.also}"))
            grid.add_row(
                Text(f"{symbols[status.word]} {status.word}", STYLE[status.word]),
                self.text(status.title, "bold"),
                sentence,
            )
        return grid

    def facts(self, facts: Sequence[Facts]) -> Iterator[RenderableType]:
        """Onset, crossing and budget of what is degraded; nothing where no onset was fitted."""
        fitted = [each for each in facts if each.onset and each.verdict == "degraded"]
        if not any("%" in each.onset.split(";")[0] for each in fitted):
            return
        yield from self.heading("Where degradation starts", FACTS_NOTE)
        table = self.ruled()
        wide = self.width >= WIDE
        table.add_column("curve", overflow="fold", max_width=max(LEAST_TITLE, self.width // 4))
        table.add_column("metric", no_wrap=True)
        for head in ("onset", "margin crossed", "budget", *(("phi", "df", "p (Holm)", "data") if wide else ())):
            table.add_column(head, no_wrap=head != "onset", overflow="fold")
        previous = ""
        for each in fitted:
            shown = (each.onset, each.crossing, each.budget)
            more = (each.phi, each.df, each.p_adjusted, each.data) if wide else ()
            title = each.title if each.title != previous else ""
            table.add_row(*(self.text(text) for text in (title, each.metric, *shown, *more)))
            previous = each.title
        yield table

    def plots(self, rows: Sequence[PlotRow]) -> Table:
        """A row of bars for every metric of a task; the headline metric with its first and last value, given room."""
        bars = max(len(row.plots[0].values) for row in rows)
        headline = " or ".join(dict.fromkeys(row.plots[0].label for row in rows))
        labels = list(dict.fromkeys(plot.label for row in rows for plot in row.plots[1:]))
        while labels and self.width - _narrowest(bars, headline, *labels) < LEAST_TITLE:
            labels.pop()
        title = min(max(len(row.title) for row in rows), self.width - _narrowest(bars, headline, *labels))
        with_ends = bars + BETWEEN + max(len(row.plots[0].ends) for row in rows)
        whole = title + BETWEEN + with_ends + sum(BETWEEN + max(bars, len(label)) for label in labels)

        grid = Table(box=None, pad_edge=False, padding=(0, BETWEEN, 0, 0), header_style="dim")
        grid.add_column("", width=title, overflow="fold")
        grid.add_column(self.text(headline), min_width=with_ends if whole <= self.width else bars)
        for label in labels:
            grid.add_column(self.text(label), min_width=bars)
        for row in rows:
            first, drawn = row.plots[0], {plot.label: self.bars(plot) for plot in row.plots[1:]}
            line = self.bars(first) + (" " * BETWEEN + first.ends if whole <= self.width else "")
            others = (self.text(drawn.get(label, ""), wrap=False) for label in labels)
            grid.add_row(self.text(row.title), self.text(line, wrap=False), *others)
        return grid

    def bars(self, plot: Plot) -> str:
        return sparkline(plot.values, margin=plot.margin, ascii_only=self.ascii_only)

    def table(self, table: MetricTable) -> Iterator[RenderableType]:
        """The metrics side by side where the page is wide enough, else one below the other."""
        for position, columns in enumerate(_packed(table, self.width)):
            if position:
                yield Text()
            yield self.grid(table.ratios, columns)

    def grid(self, ratios: Sequence[str], columns: Sequence[Column]) -> Table:
        lines = self.ruled()
        lines.add_column("ratio", justify="right", no_wrap=True)
        for column in columns:
            lines.add_column(self.text(column.header), no_wrap=True)
        for i, ratio in enumerate(ratios):
            lines.add_row(ratio, *(Text(_cell(column, i), "red" if column.worse[i] else "") for column in columns))
        return lines

    def outputs(self, outputs: OutputsView, *, most: int | None = None) -> Iterator[RenderableType]:
        """The stage at each place and ratio in sentences, then each side's characteristics down the ratios."""
        yield from self.listed(outputs.title, outputs.sentences, "bold", most=most and URGENT)
        yield Text()
        yield from output_grids(outputs, self, most=most)

    def listed(
        self, title: str, lines: Sequence[str], style: str, *, most: int | None = None
    ) -> Iterator[RenderableType]:
        if not lines:
            return
        yield Text()
        yield Text(title, style)
        for line in lines[:most]:
            yield Padding(self.text(line), (0, 0, 0, 2))
        for rest in self.more(len(lines) - (most or len(lines))):
            yield Padding(rest, (0, 0, 0, 2))


def _narrowest(bars: int, *labels: str) -> int:
    """Columns that plots under these labels take at least, when labels break between words."""
    return sum(BETWEEN + max(bars, *map(len, label.split())) for label in labels)


def _packed(table: MetricTable, width: int) -> list[list[Column]]:
    """Groups of columns, as many side by side as fit."""
    ratio = max(map(len, ("ratio", *table.ratios)))
    pages: list[list[Column]] = []
    room = 0
    for group in table.groups:
        needed = sum(BETWEEN + 1 + _width(column) for column in group)
        if not pages or needed > room:
            pages.append([])
            room = width - ratio
        pages[-1] += group
        room -= needed
    return pages


def _width(column: Column) -> int:
    return max(len(column.header), *(len(_cell(column, i)) for i in range(len(column.values))))


def _cell(column: Column, i: int) -> str:
    """The value, and its change beside it."""
    value = column.values[i].rjust(max(map(len, column.values)))
    return f"{value}  {column.changes[i]}" if column.changes else value
