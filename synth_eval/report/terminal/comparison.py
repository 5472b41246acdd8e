"""A comparison in a terminal: verdict first, warnings last. Draws `report_view`; words carry every meaning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from synth_eval.comparison import Comparison
from synth_eval.report.terminal.art import sparkline
from synth_eval.report.terminal.page import GAP, Page, side_by_side
from synth_eval.report.view import report_view
from synth_eval.report.view.facts import Facts
from synth_eval.report.view.model import (
    Column,
    DataTable,
    Entry,
    MetricTable,
    OutputsView,
    Plot,
    PlotRow,
    ReportView,
    Status,
)
from synth_eval.report.view.summaries import tally
from synth_eval.text import joined, listed

STYLE = {"degraded": "bold red", "inconclusive": "yellow", "safe": "green", "improved": "bold green", "refused": "dim"}
SYMBOL = {"degraded": "✗", "inconclusive": "?", "safe": "✓", "improved": "↑", "refused": "–"}
ASCII_SYMBOL = {"degraded": "x", "inconclusive": "?", "safe": "+", "improved": "^", "refused": "-"}
MIN_TITLE = 16  # room that is kept for the name of a task
WIDE = 120  # columns from which phi, df and p are shown too
MAX_WHOLE = 12  # curves of a family that is shown whole
URGENT = 8  # of a larger one: curves, and lines of other lists
URGENT_TABLES = 3
BRIEF = ("surprise gap",)  # metrics shown beside the headline one, then
ELSEWHERE = "report.html has them all, --explain TASK those of a task"
GRID_NOTE = "mean relative loss over tasks, with 95% interval"
FACTS_NOTE = "ratios with 95% intervals; +: maybe beyond what was tested"
OUTPUTS_NOTE = "* clearly toward collapse, + clearly away from it (95%)"
TEXTS, LABEL, SIDE, FIRST_RATIO = 0, 1, 2, 3  # columns of `OutputsView.values`; the last one is the curve test


def print_report(comparison: Comparison, *, console: Console, view: ReportView | None = None) -> None:
    """Print the whole report.

    Parameters
    ----------
    comparison : what `compare_family` found.
    console : where to print; its width, colour system and encoding are respected.
    view : `report_view` of the comparison, where it is there already.
    """
    page = _ComparisonPage(console)
    page.print(page.blocks(view or report_view(comparison)))


class _ComparisonPage(Page):
    def blocks(self, view: ReportView) -> Iterator[RenderableType]:
        yield self.text(view.title, "bold")
        yield Text()
        for sentence in view.headline:
            yield self.text(sentence, "bold")
        if view.statuses:
            yield Text()
            yield from self.body(view, whole=len(view.statuses) <= MAX_WHOLE)
            yield Text()
            yield self.text(view.legend, "dim")
        elif view.outputs is not None:
            yield from self.outputs(view.outputs)
        yield from self.listed("Warnings", view.warnings, "yellow")
        yield from self.listed("Failed checkpoints", view.failures, "bold red")

    def body(self, view: ReportView, *, whole: bool) -> Iterator[RenderableType]:
        """Everything of a small family; of a larger one averages over it, and the curves that most need a look."""
        most, most_tables, facts = (None, None, view.facts) if whole else (URGENT, URGENT_TABLES, ())
        shown = view.statuses[:most]
        for statuses in (view.overall, view.statuses):
            if statuses:
                yield self.statuses(statuses[:most])
                if not whole:
                    yield from self.more(len(statuses) - URGENT, tally(each.label for each in statuses[URGENT:]))
                if statuses is view.overall:
                    yield Text()
        if not whole:
            if view.budgets is not None:
                yield from self.data(view.budgets, "", with_notes=True)
            for grid in view.grids:
                yield from self.data(grid, GRID_NOTE, with_notes=False)
            titles = {status.title for status in (*view.overall[:most], *shown)}
            headlines = {e.title: e.metric for e in reversed(view.facts)}  # the first of a title is its headline
            facts = tuple(e for e in view.facts if e.title in titles and e.metric in (headlines[e.title], *BRIEF))
        yield from self.facts(facts)
        for aside in view.asides:
            if whole or view.budgets is None or aside.title != view.budgets.title:
                yield from self.listed(aside.title, aside.lines, most=most, elsewhere=ELSEWHERE)
        bars = "8 is the largest value, 1 the smallest" if self.ascii_only else "a taller bar is a larger value"
        yield from self.heading("Curves", f"{view.plot_note}; {bars}")
        yield self.plots(view.plots[:most])
        yield from self.more(0 if whole else len(view.plots) - URGENT)
        if view.outputs is not None:
            yield from self.outputs(view.outputs, most=most_tables)
        for table in view.tables[:most_tables]:
            yield from self.heading(table.title, table.note)
            yield from self.values(table)
        if not whole:
            yield Text()
            yield from self.more(len(view.tables) - URGENT_TABLES, "tables of values")

    def more(self, count: int, what: str = "") -> Iterator[Text]:
        """One line on what is not shown, and where it is."""
        if count > 0:
            yield self.text(f"and {count} more{f' ({what})' if what else ''}: {ELSEWHERE}", "dim")

    def data(self, table: DataTable, note: str, *, with_notes: bool) -> Iterator[RenderableType]:
        """A table of the page; turned over where it is too wide, and without the notes of its entries."""
        texts = [list(table.columns), *([entry.text for entry in row] for row in table.rows)]
        noted = [texts[0], *([f"{e.text} ({e.note})" if e.note else e.text for e in row] for row in table.rows)]
        if with_notes and self.fits(noted):
            texts = noted
        elif not self.fits(texts):
            texts = [list(column) for column in zip(*texts)]
        yield from self.heading(table.title, note)
        yield self.filled(texts[0], texts[1:], right=not with_notes)

    def statuses(self, statuses: Sequence[Status]) -> Table:
        symbols = ASCII_SYMBOL if self.ascii_only else SYMBOL
        grid = Table.grid(padding=(0, GAP))
        grid.add_column(no_wrap=True)
        grid.add_column(max_width=max(16, self.width // 3), overflow="fold")
        grid.add_column(ratio=1, overflow="fold")
        alike: dict[object, list[str]] = {}  # the titles of a line: a reason for which many are refused is given once
        first: dict[object, Status] = {}
        for place, status in enumerate(statuses):
            line: object = status.sentence if status.word == "refused" else place
            alike.setdefault(line, []).append(status.title)
            first.setdefault(line, status)
        for its_line, status in first.items():
            word = Text(f"{symbols[status.word]} {status.label}", STYLE[status.word])
            title = self.text(listed(alike[its_line], URGENT, between="; "), "bold")
            grid.add_row(word, title, self.text(joined(status.sentence, status.also, between="; ")))
        return grid

    def facts(self, facts: Sequence[Facts]) -> Iterator[RenderableType]:
        """Onset, crossing and budget of what is degraded; nothing where no onset was fitted."""
        fitted = [each for each in facts if each.onset and each.verdict == "degraded"]
        if not any(each.cell.verdict.onset is not None for each in fitted):
            return
        yield from self.heading("Where degradation starts", FACTS_NOTE)
        table = self.table()
        wide = self.width >= WIDE
        table.add_column("curve", overflow="fold", max_width=max(MIN_TITLE, self.width // 4))
        table.add_column("metric", no_wrap=True)
        for head in ("onset", "margin crossed", "budget", *(("phi", "df", "p (adj.)", "data") if wide else ())):
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
        while labels and self.width - _narrowest(bars, headline, *labels) < MIN_TITLE:
            labels.pop()
        title = min(max(len(row.title) for row in rows), self.width - _narrowest(bars, headline, *labels))
        with_ends = bars + GAP + max(len(row.plots[0].ends) for row in rows)
        whole = title + GAP + with_ends + sum(GAP + max(bars, len(label)) for label in labels)

        grid = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="dim")
        grid.add_column("", width=title, overflow="fold")
        grid.add_column(self.text(headline), min_width=with_ends if whole <= self.width else bars)
        for label in labels:
            grid.add_column(self.text(label), min_width=bars)
        for row in rows:
            first, drawn = row.plots[0], {plot.label: self.bars(plot) for plot in row.plots[1:]}
            line = self.bars(first) + (" " * GAP + first.ends if whole <= self.width else "")
            others = (self.text(drawn.get(label, ""), wrap=False) for label in labels)
            grid.add_row(self.text(row.title), self.text(line, wrap=False), *others)
        return grid

    def bars(self, plot: Plot) -> str:
        return sparkline(plot.values, margin=plot.margin, ascii_only=self.ascii_only)

    def values(self, table: MetricTable) -> Iterator[RenderableType]:
        """The metrics side by side where the page is wide enough, else one below the other."""
        room = self.width - max(map(len, ("ratio", *table.ratios)))
        for position, columns in enumerate(side_by_side(table.groups, width=_width, room=room)):
            if position:
                yield Text()
            lines = self.table()
            lines.add_column("ratio", justify="right", no_wrap=True)
            for column in columns:
                lines.add_column(self.text(column.header), no_wrap=True)
            for i, ratio in enumerate(table.ratios):
                lines.add_row(ratio, *(Text(_cell(column, i), "red" if column.worse[i] else "") for column in columns))
            yield lines

    def outputs(self, outputs: OutputsView, *, most: int | None = None) -> Iterator[RenderableType]:
        """The stage at each place and ratio in sentences; for each task and place the sides of a collapse by ratio.

        Parameters
        ----------
        most : of so many tasks and places; all if None. The other characteristics are in report.html.
        """
        shown = most and URGENT
        yield from self.listed(outputs.title, outputs.sentences, most=shown, elsewhere=ELSEWHERE)
        groups: dict[str, list[tuple[Entry, ...]]] = {}
        for row in outputs.values.rows:
            if row[SIDE].text:
                groups.setdefault(row[TEXTS].text, []).append(row)
        yield Text()
        for i, (texts, rows) in enumerate(list(groups.items())[:most]):
            if i:
                yield Text()
            yield self.headed(texts, OUTPUTS_NOTE if i == 0 else "")
            grid = self.table()
            grid.add_column("", overflow="fold")
            for ratio in outputs.values.columns[FIRST_RATIO:-1]:
                grid.add_column(ratio, no_wrap=True)
            for row in rows:
                values = (Text(entry.text, "red" if entry.tone == "worse" else "") for entry in row[FIRST_RATIO:-1])
                grid.add_row(self.text(row[LABEL].text), *values)
            yield grid
        if most is not None and len(groups) > most:
            yield self.text(f"and {len(groups) - most} more: report.html has them all", "dim")


def _narrowest(bars: int, *labels: str) -> int:
    """Columns that plots under these labels take at least, when labels break between words."""
    return sum(GAP + max(bars, *map(len, label.split())) for label in labels)


def _width(column: Column) -> int:
    return max(len(column.header), *(len(_cell(column, i)) for i in range(len(column.values))))


def _cell(column: Column, i: int) -> str:
    """The value, and its change beside it."""
    value = column.values[i].rjust(max(map(len, column.values)))
    return f"{value}  {column.changes[i]}" if column.changes else value
