"""Progress on standard error, so that a report can be piped: bars in a terminal, elsewhere a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType, TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID
from rich.text import Text

from synth_eval.cli.rate import EvaluationProgress
from synth_eval.text import plural, visible

EVERY = 15.0  # seconds between plain lines while a checkpoint is at work
WIDE = 100  # columns
WIDE_BAR, NARROW_BAR = 24, 10
NAME_WIDTH = 40
NOTHING: Mapping[str, int] = MappingProxyType({})


class ProgressBars:
    """What is built, evaluated and compared, and lines for what is worth keeping. Use as a context manager.

    In a terminal: the checkpoint and the task at work, items, items a second, time left. Elsewhere: a line when a
    checkpoint is done, and one every `EVERY` seconds in between.
    """

    def __init__(self, *, quiet: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self.console = Console(stderr=True, quiet=quiet, highlight=False)
        self._clock = clock
        self._last_line = clock()
        bars = self.console.is_terminal and not quiet
        self._plain = not bars and not quiet
        bar = BarColumn(bar_width=WIDE_BAR if self.console.width >= WIDE else NARROW_BAR)
        fields = [_Field("count"), _Field("speed"), _Field("left")]
        self._progress = Progress(_Name(), bar, *fields, console=self.console, disable=not bars, transient=True)
        self._builds: dict[str, TaskID] = {}
        self._done = EvaluationProgress(0, 0, NOTHING, clock=clock)
        self._whole: TaskID | None = None
        self._parts: dict[str, TaskID] = {}  # by checkpoint
        self._step: TaskID | None = None
        self._counted: dict[str, tuple[str, int]] = {}

    def __enter__(self) -> ProgressBars:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def said(self, message: str) -> None:
        """Print a line above the bars."""
        self._progress.console.print(visible(message), markup=False, soft_wrap=True)
        self._last_line = self._clock()

    def doing(self, step: str) -> None:
        """A step without a count, such as the comparison; the bars of what came before it go."""
        self._clear()
        self._step = self._add(step, None)

    def counting(self, step: str, total: int) -> None:
        """A step of so many parts begins; the same step again continues."""
        if self._counted.get("step") != (step, total):
            self._clear()
            self._step, self._counted = self._add(step, total), {"step": (step, total)}

    def counted(self, parts: int = 1) -> None:
        if self._step is not None:
            self._progress.advance(self._step, parts)

    # Building

    def built(self, label: str, tokens: int, of: int) -> None:
        """``tokens`` more of a job that takes about ``of``."""
        if label not in self._builds:
            self._builds[label] = self._add(f"build: {label}", of)
        bar = self._builds[label]
        self._progress.advance(bar, tokens)
        done = next(task.completed for task in self._progress.tasks if task.id == bar)
        share = f"{min(done / of, 1.0):.0%} of {of:,} tokens" if of else f"{done:,.0f} tokens"
        self._progress.update(bar, count=share)
        self._now_and_then(f"build: {label}, {share}")

    def end_building(self) -> None:
        for bar in self._builds.values():
            self._progress.remove_task(bar)
        self._builds.clear()

    # Evaluating: a `types.ProgressListener`

    def planned(self, pieces: int, *, items: int = 0, checkpoints: Mapping[str, int] = NOTHING) -> None:
        """Without ``items`` the pieces are counted."""
        self._clear()
        self._done = EvaluationProgress(pieces, items, checkpoints, clock=self._clock)
        if not pieces:
            return
        if self._plain and items:
            self.said(f"evaluating {plural(len(checkpoints), 'checkpoint')}: {plural(pieces, 'task')}, {items:,} items")
        self._whole = self._add("starting", items or pieces)
        self._draw()

    def started(self, checkpoint: str, task: str, items: int = 0) -> None:
        self._done.start(checkpoint, task, items)
        self._draw()

    def answered(self, checkpoint: str, task: str, share: float) -> None:
        self._done.reach(checkpoint, share)
        self._draw()
        self._now_and_then(f"{self._place(checkpoint)}, {task}: {self._done.said}")

    def finished(self, checkpoint: str, task: str, items: int, *, of: int = 0) -> None:
        line = self._done.finish(checkpoint, items, of)
        self._draw()
        if line is None:
            self._now_and_then(f"{self._place(checkpoint)}, {task}: {self._done.said}")
        elif self._plain:
            self.said(line)

    def _place(self, checkpoint: str) -> str:
        running = self._done.running.get(checkpoint)
        return self._done.place(running) if running is not None else checkpoint

    def _draw(self) -> None:
        """The whole, and below it a bar for each checkpoint at work."""
        done = self._done
        if self._whole is None:
            return
        self._progress.update(
            self._whole,
            description=done.title,
            completed=done.rate.done,
            count=done.count,
            speed=done.speed,
            left=done.rate.left,
        )
        for gone in self._parts.keys() - done.running.keys():
            self._progress.remove_task(self._parts.pop(gone))
        for name, one in done.running.items():
            if not done.counts_items:
                continue
            if name not in self._parts:
                self._parts[name] = self._add("", None)
            title = one.task if len(done.running) == 1 else f"{one.task}, {name}"
            rate = one.rate
            self._progress.update(
                self._parts[name],
                description=f"  {title}",
                total=rate.total if rate is not None else None,
                completed=rate.done if rate is not None else 0,
                count=f"{rate.done:,.0f}/{rate.total:,.0f}" if rate is not None else "",
                speed=rate.speed if rate is not None else "",
            )

    def _add(self, description: str, total: float | None) -> TaskID:
        return self._progress.add_task(description, total=total, count="", speed="", left="")

    def _clear(self) -> None:
        for bar in (self._whole, self._step, *self._parts.values()):
            if bar is not None:
                self._progress.remove_task(bar)
        self._whole = self._step = None
        self._counted = {}
        self._parts.clear()

    def _now_and_then(self, line: str) -> None:
        if self._plain and self._clock() - self._last_line >= EVERY:
            self.said(line)


class _Name(ProgressColumn):
    """What is at work, cut so that the numbers beside it stay in sight."""

    def render(self, task: Task) -> Text:
        text = "".join(c if c.isprintable() else "?" for c in task.description)
        return Text(text if len(text) <= NAME_WIDTH else text[: NAME_WIDTH - 1] + "…", no_wrap=True)


class _Field(ProgressColumn):
    """One of a bar's own words."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def render(self, task: Task) -> Text:
        return Text(str(task.fields.get(self._name, "")), no_wrap=True)
