"""Progress on standard error, so that a report can be piped: bars in a terminal, elsewhere a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType, TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID
from rich.text import Text

from synth_eval.text import joined, plural

# How fast work goes and when it will be done, in the words of a progress line.

UNKNOWN = ""
FIRST = 1.0  # seconds before which a speed means nothing


class Pace:
    """Counts items of a total. Time is left in proportion to the items: later checkpoints may be larger and slower."""

    def __init__(self, total: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.total = total
        self.done = 0.0
        self._clock = clock
        self._start = clock()

    def reach(self, done: float) -> None:
        """So many items are done now."""
        self.done = min(max(done, self.done), self.total)

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._start

    @property
    def speed(self) -> str:
        """'217 items/s', or '' as long as it cannot be told."""
        if self.elapsed < FIRST or not self.done:
            return UNKNOWN
        rate = self.done / self.elapsed
        return f"{rate:,.0f} items/s" if rate >= 10 else f"{rate:.2g} items/s"

    @property
    def left(self) -> str:
        """'4 min left', or '' as long as it cannot be told, and when all is done."""
        if self.elapsed < FIRST or not 0 < self.done < self.total:
            return UNKNOWN
        return f"{duration(self.elapsed * (self.total - self.done) / self.done)} left"


def duration(seconds: float) -> str:
    """'43 s', '4 min', '2 h 10 min'."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


# Where an evaluation stands: checkpoints, tasks and items that are done, for a bar or a line to show.


@dataclass
class Running:
    """A checkpoint at work. ``number`` counts the checkpoints in the order in which they were started."""

    name: str
    number: int
    since: float
    task: str = ""
    planned: int = 0  # items of the present task
    pace: Pace | None = None  # of the present task
    evaluated: int = 0  # items of finished tasks
    tasks_done: int = 0


class Standing:
    """Counts items where they are known, else tasks. Several checkpoints may be at work at once.

    Parameters
    ----------
    pieces, items : tasks (of all checkpoints) and items that are planned; 0 items if they are not known.
    checkpoints : how many tasks are planned, by checkpoint.
    """

    def __init__(
        self,
        pieces: int,
        items: int,
        checkpoints: Mapping[str, int],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.counts_items = items > 0
        self.checkpoints = dict(checkpoints)
        self.pace = Pace(items or pieces, clock=clock)
        self.running: dict[str, Running] = {}
        self._started = 0
        self._finished = 0.0  # what finished tasks count for
        self._clock = clock

    def start(self, checkpoint: str, task: str, items: int) -> Running:
        """A task begins, or what comes before the first."""
        if checkpoint not in self.running:
            self._started += 1
            self.running[checkpoint] = Running(checkpoint, self._started, self._clock())
        one = self.running[checkpoint]
        one.task, one.planned = task, items
        one.pace = Pace(items, clock=self._clock) if items else None
        return one

    def reach(self, checkpoint: str, share: float) -> None:
        """That share of a checkpoint's present task is done."""
        one = self.running.get(checkpoint)
        if one is not None and one.pace is not None:
            one.pace.reach(share * one.planned)
            self._update()

    def finish(self, checkpoint: str, items: int, of: int) -> str | None:
        """A task is over, with so many items evaluated of those planned.

        Returns
        -------
        A line to be said if it was the checkpoint's last task, else None.
        """
        one = self.running.get(checkpoint) or self.start(checkpoint, "", 0)
        self._finished += (of or one.planned) if self.counts_items else 1
        one.evaluated += items
        one.tasks_done += 1
        one.planned, one.pace = 0, None
        self._update()
        if one.tasks_done != self.checkpoints.get(checkpoint):
            return None
        del self.running[checkpoint]
        return f"{self.place(one)}: {one.evaluated:,} items in {duration(self._clock() - one.since)}; {self.said}"

    def place(self, one: Running) -> str:
        """'checkpoint 3/14 410M-self-r0.1-it1-s0'."""
        return f"checkpoint {one.number}/{len(self.checkpoints)} {one.name}" if self.checkpoints else one.name

    @property
    def said(self) -> str:
        """'1,500 of 56,000 items, 217 items/s, 4 min left'."""
        unit = "items" if self.counts_items else "tasks"
        done = f"{self.pace.done:,.0f} of {self.pace.total:,.0f} {unit}"
        return joined(done, self.speed, self.pace.left)

    @property
    def count(self) -> str:
        """'1,500/56,000': of items the speed beside it says what they are."""
        return f"{self.pace.done:,.0f}/{self.pace.total:,.0f}{'' if self.counts_items else ' tasks'}"

    @property
    def speed(self) -> str:
        return self.pace.speed if self.counts_items else ""

    @property
    def title(self) -> str:
        """What the bar of the whole is called."""
        if len(self.running) == 1:
            (one,) = self.running.values()
            return f"{one.number}/{len(self.checkpoints)} {one.name}" if self.checkpoints else f"{one.name}, {one.task}"
        return f"{len(self.running)} of {len(self.checkpoints)} checkpoints at work" if self.running else "starting"

    def _update(self) -> None:
        under_way = sum(one.pace.done for one in self.running.values() if one.pace is not None)
        self.pace.reach(self._finished + under_way)


EVERY = 15.0  # seconds between plain lines while a checkpoint goes on
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
        self._standing = Standing(0, 0, NOTHING, clock=clock)
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
        self._progress.console.print(message, markup=False, soft_wrap=True)
        self._last_line = self._clock()

    def doing(self, step: str) -> None:
        """A step without a count, such as the comparison; the bars of what came before it go."""
        self._clear()
        self._step = self._add(step, None)

    def counting(self, step: str, total: int) -> None:
        """A step of so many parts begins; the same step again goes on."""
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

    # Evaluating: a `harness.runner.Watcher`

    def planned(self, pieces: int, *, items: int = 0, checkpoints: Mapping[str, int] = NOTHING) -> None:
        """Without ``items`` the pieces are counted."""
        self._clear()
        self._standing = Standing(pieces, items, checkpoints, clock=self._clock)
        if not pieces:
            return
        if self._plain and items:
            self.said(f"evaluating {plural(len(checkpoints), 'checkpoint')}: {plural(pieces, 'task')}, {items:,} items")
        self._whole = self._add("starting", items or pieces)
        self._draw()

    def started(self, checkpoint: str, task: str, items: int = 0) -> None:
        self._standing.start(checkpoint, task, items)
        self._draw()

    def answered(self, checkpoint: str, task: str, share: float) -> None:
        self._standing.reach(checkpoint, share)
        self._draw()
        self._now_and_then(f"{self._place(checkpoint)}, {task}: {self._standing.said}")

    def finished(self, checkpoint: str, task: str, items: int, *, of: int = 0) -> None:
        line = self._standing.finish(checkpoint, items, of)
        self._draw()
        if line is None:
            self._now_and_then(f"{self._place(checkpoint)}, {task}: {self._standing.said}")
        elif self._plain:
            self.said(line)

    def _place(self, checkpoint: str) -> str:
        running = self._standing.running.get(checkpoint)
        return self._standing.place(running) if running is not None else checkpoint

    def _draw(self) -> None:
        """The whole, and below it a bar for each checkpoint at work."""
        standing = self._standing
        if self._whole is None:
            return
        self._progress.update(
            self._whole,
            description=standing.title,
            completed=standing.pace.done,
            count=standing.count,
            speed=standing.speed,
            left=standing.pace.left,
        )
        for gone in self._parts.keys() - standing.running.keys():
            self._progress.remove_task(self._parts.pop(gone))
        for name, one in standing.running.items():
            if not standing.counts_items:
                continue
            if name not in self._parts:
                self._parts[name] = self._add("", None)
            title = one.task if len(standing.running) == 1 else f"{one.task}, {name}"
            pace = one.pace
            self._progress.update(
                self._parts[name],
                description=f"  {title}",
                total=pace.total if pace is not None else None,
                completed=pace.done if pace is not None else 0,
                count=f"{pace.done:,.0f}/{pace.total:,.0f}" if pace is not None else "",
                speed=pace.speed if pace is not None else "",
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
