"""The page that every terminal report is drawn on: its width, colour and encoding are those of the console.

80 columns are enough, NO_COLOR and pipes give plain text, and a terminal without UTF-8 gets ASCII. Text that came from
manifests, checkpoints or results is drawn as text: no markup, no control characters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from rich import box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from synth_eval.text import encodable, visible

GAP = 2  # columns between two columns of a table, and left of an indented line
RULE = box.SIMPLE_HEAD
ASCII_RULE = box.Box(str(box.SIMPLE_HEAD).replace("─", "-"), ascii=True)
T = TypeVar("T")


class Page:
    """Turns text and tables into what one console can show."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.width = console.width
        self.ascii_only = console.options.ascii_only

    def print(self, blocks: Iterable[RenderableType]) -> None:
        """Print each block on lines of its own."""
        for block in blocks:
            self.console.print(block, highlight=False)

    def text(self, text: str, style: str = "", *, wrap: bool = True, keep: str = "") -> Text:
        """Text that this console can show; control characters but those to ``keep`` are written out."""
        shown = encodable(visible(text, keep=keep), self.console.encoding)
        return Text(shown, style, overflow="fold" if wrap else "ellipsis", no_wrap=not wrap)

    def line(self, text: str, style: str = "") -> RenderableType:
        """Text with an indent."""
        return Padding(self.text(text, style), (0, 0, 0, GAP))

    def headed(self, title: str, note: str = "") -> Text:
        """A title, and a note in small behind it."""
        line = self.text(title, "bold")
        return line.append_text(self.text(f"  {note}", "not bold dim")) if note else line

    def heading(self, title: str, note: str = "") -> Iterator[Text]:
        yield Text()
        yield self.headed(title, note)

    def listed(
        self, title: str, lines: Sequence[str], style: str = "bold", *, most: int | None = None, elsewhere: str = ""
    ) -> Iterator[RenderableType]:
        """A title over its lines, at most so many, and where the others are; nothing without lines."""
        if not lines:
            return
        yield Text()
        yield self.text(title, style)
        yield from (self.line(line) for line in lines[:most])
        if most is not None and len(lines) > most:
            yield self.line(f"and {len(lines) - most} more: {elsewhere}", "dim")

    def table(self) -> Table:
        """A table without columns yet: a rule under its head, nothing else."""
        rule = ASCII_RULE if self.ascii_only else RULE
        return Table(box=rule, pad_edge=False, padding=(0, GAP, 0, 0), show_edge=False, header_style="dim")

    def filled(
        self,
        heads: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        right: bool = False,
        over: str = "",
        drawn: Sequence[Text] = (),
        stacked: bool = False,
    ) -> Table:
        """A table of texts.

        Parameters
        ----------
        right : whether all columns but the first are set to the right.
        drawn : a drawing for the end of each row, under the head ``over``; or none.
        stacked : whether an interval goes below its number.
        """
        table = self.table()
        for i, head in enumerate(heads):
            table.add_column(self.text(head), justify="right" if i and right else "left", overflow="fold")
        if drawn:
            table.add_column(self.text(over), overflow="fold")
        for i, row in enumerate(rows):
            cells = [self.text(text) for text in row]
            if stacked:
                cells = [Text(cell.plain.replace(" [", "\n["), overflow="fold") for cell in cells]
            table.add_row(*cells, *drawn[i : i + 1])
        return table

    def fits(self, rows: Iterable[Sequence[str]], *, beside: int = -GAP) -> bool:
        """Whether a table of these texts has room, with so many columns ``beside`` it."""
        return sum(GAP + max(map(len, column)) for column in zip(*rows)) + beside <= self.width


def side_by_side(groups: Iterable[Sequence[T]], *, width: Callable[[T], int], room: int) -> list[list[T]]:
    """Groups of columns packed into tables: as many side by side as fit, the others below.

    Parameters
    ----------
    groups : columns that stay together.
    width : characters of a column.
    room : characters that a table has for them.
    """
    tables: list[list[T]] = []
    left = 0
    for group in groups:
        needed = sum(GAP + 1 + width(column) for column in group)
        if not tables or needed > left:
            tables.append([])
            left = room
        tables[-1] += group
        left -= needed
    return tables
