"""What the models write, in a terminal: a table for each task and place, one row a characteristic of a side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Protocol

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from synth_eval.report.view.model import Entry, OutputsView

TEXTS, LABEL, SIDE, FIRST_RATIO = 0, 1, 2, 3  # columns of `OutputsView.values`; the last one is the curve test
HEAD_RULE = box.SIMPLE_HEAD
ASCII_HEAD_RULE = box.Box(str(box.SIMPLE_HEAD).replace("─", "-"), ascii=True)
NOTE = "* clearly toward collapse, + clearly away from it (95%)"


class Page(Protocol):
    """The console that is drawn for."""

    ascii_only: bool

    def text(self, text: str, style: str = "", *, wrap: bool = True) -> Text: ...


def output_grids(outputs: OutputsView, page: Page, *, most: int | None = None) -> Iterator[RenderableType]:
    """The characteristics that are a side of a collapse, ratios across; the others are in report.html.

    Parameters
    ----------
    most : of so many tasks and places; all if None.
    """
    groups: dict[str, list[tuple[Entry, ...]]] = {}
    for row in outputs.values.rows:
        if row[SIDE].text:
            groups.setdefault(row[TEXTS].text, []).append(row)
    for i, (texts, rows) in enumerate(list(groups.items())[:most]):
        if i:
            yield Text()
        line = page.text(texts, "bold")
        yield line.append_text(page.text(f"  {NOTE}", "not bold dim")) if i == 0 else line
        yield _grid(outputs.values.columns[FIRST_RATIO:-1], rows, page)
    if most is not None and len(groups) > most:
        yield page.text(f"and {len(groups) - most} more: report.html has them all", "dim")


def _grid(ratios: tuple[str, ...], rows: list[tuple[Entry, ...]], page: Page) -> Table:
    rule = ASCII_HEAD_RULE if page.ascii_only else HEAD_RULE
    grid = Table(box=rule, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
    grid.add_column("", overflow="fold")
    for ratio in ratios:
        grid.add_column(ratio, no_wrap=True)
    for row in rows:
        values = (Text(entry.text, "red" if entry.tone == "worse" else "") for entry in row[FIRST_RATIO:-1])
        grid.add_row(page.text(row[LABEL].text), *values)
    return grid


# A curve as a row of bars, one a ratio, that takes a few characters.

BLOCKS = "▁▂▃▄▅▆▇█"
DIGITS = "12345678"  # where the terminal has no block characters: height 1 to 8
GAP = " "
LEAST_SPAN = 4.0  # margins


def sparkline(values: Sequence[float], *, margin: float, ascii_only: bool = False) -> str:
    """One character a value, the higher the larger.

    The bars span the range of the values, but never less than 4 margins: a curve that moves within its margin looks
    flat, as it should. A value that is not finite leaves a gap.

    Parameters
    ----------
    values : in any unit.
    margin : the loss that still counts as safe, in the same unit; > 0.
    """
    bars = DIGITS if ascii_only else BLOCKS
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return GAP * len(values)
    middle = (max(finite) + min(finite)) / 2
    span = max(max(finite) - min(finite), LEAST_SPAN * margin) or 1.0
    return "".join(_bar((value - middle) / span + 0.5, bars) for value in values)


def _bar(height: float, bars: str) -> str:
    if not math.isfinite(height):
        return GAP
    return bars[min(int(height * len(bars)), len(bars) - 1)]
