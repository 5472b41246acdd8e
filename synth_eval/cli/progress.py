"""Progress bars, on standard error so that a report can be piped."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


class ProgressBars:
    """Bars for building and evaluating, and lines for what is worth keeping. Use as a context manager."""

    def __init__(self, *, quiet: bool) -> None:
        self.console = Console(stderr=True, quiet=quiet, highlight=False)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.console,
            # Piped into a file, a bar would leave one line a second.
            disable=quiet or not self.console.is_terminal,
        )
        self._bars: dict[str, TaskID] = {}
        self._items = 0
        self._pieces: TaskID | None = None

    def __enter__(self) -> ProgressBars:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def said(self, message: str) -> None:
        """Print a line above the bars."""
        self._progress.console.print(message, markup=False, soft_wrap=True)

    # Building

    def built(self, label: str, tokens: int, of: int) -> None:
        """``tokens`` more of a job that takes about ``of``."""
        if label not in self._bars:
            self._bars[label] = self._progress.add_task(f"build: {label}", total=of, speed="tokens")
        self._progress.advance(self._bars[label], tokens)

    def end_building(self) -> None:
        for bar in self._bars.values():
            self._progress.remove_task(bar)
        self._bars.clear()

    # Evaluating: a `harness.runner.Watcher`

    def planned(self, pieces: int) -> None:
        if pieces:
            self._pieces = self._progress.add_task("evaluate", total=pieces, speed="")

    def started(self, checkpoint: str, task: str) -> None:
        if self._pieces is not None:
            self._progress.update(self._pieces, description=f"evaluate: {checkpoint}, {task}")

    def finished(self, checkpoint: str, task: str, items: int) -> None:
        if self._pieces is None:
            return
        self._items += items
        elapsed = self._progress.tasks[0].elapsed or 0.0
        speed = f"{self._items / elapsed:,.0f} items/s" if elapsed > 1 and self._items else ""
        self._progress.update(self._pieces, advance=1, speed=speed)
