"""How far an evaluation is, how fast it is and when it will be done, in the words of a progress line."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from synth_eval.text import joined

UNKNOWN = ""
FIRST = 1.0  # seconds before which a speed means nothing


class Rate:
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
        """'217 items/s', or '' as long as it is not known."""
        if self.elapsed < FIRST or not self.done:
            return UNKNOWN
        rate = self.done / self.elapsed
        return f"{rate:,.0f} items/s" if rate >= 10 else f"{rate:.2g} items/s"

    @property
    def left(self) -> str:
        """'4 min left', or '' as long as it is not known, and when all is done."""
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


@dataclass
class Running:
    """A checkpoint at work. ``number`` counts the checkpoints in the order in which they were started."""

    name: str
    number: int
    since: float
    task: str = ""
    planned: int = 0  # items of the present task
    rate: Rate | None = None  # of the present task
    evaluated: int = 0  # items of finished tasks
    tasks_done: int = 0


class EvaluationProgress:
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
        self.rate = Rate(items or pieces, clock=clock)
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
        one.rate = Rate(items, clock=self._clock) if items else None
        return one

    def reach(self, checkpoint: str, share: float) -> None:
        """That share of a checkpoint's present task is done."""
        one = self.running.get(checkpoint)
        if one is not None and one.rate is not None:
            one.rate.reach(share * one.planned)
            self._update()

    def finish(self, checkpoint: str, items: int, of: int) -> str | None:
        """A task is over, with so many items evaluated of those planned.

        Returns
        -------
        A line to print if it was the checkpoint's last task, else None.
        """
        one = self.running.get(checkpoint) or self.start(checkpoint, "", 0)
        self._finished += (of or one.planned) if self.counts_items else 1
        one.evaluated += items
        one.tasks_done += 1
        one.planned, one.rate = 0, None
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
        done = f"{self.rate.done:,.0f} of {self.rate.total:,.0f} {unit}"
        return joined(done, self.speed, self.rate.left)

    @property
    def count(self) -> str:
        """'1,500/56,000': the speed beside it names the unit of items."""
        return f"{self.rate.done:,.0f}/{self.rate.total:,.0f}{'' if self.counts_items else ' tasks'}"

    @property
    def speed(self) -> str:
        return self.rate.speed if self.counts_items else ""

    @property
    def title(self) -> str:
        """What the bar of the whole is called."""
        if len(self.running) == 1:
            (one,) = self.running.values()
            return f"{one.number}/{len(self.checkpoints)} {one.name}" if self.checkpoints else f"{one.name}, {one.task}"
        return f"{len(self.running)} of {len(self.checkpoints)} checkpoints at work" if self.running else "starting"

    def _update(self) -> None:
        under_way = sum(one.rate.done for one in self.running.values() if one.rate is not None)
        self.rate.reach(self._finished + under_way)
