"""Where an evaluation stands: checkpoints, tasks and items that are done, for a bar or a line to show."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from synth_eval.cli.pace import Pace, duration


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
            self._count()

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
        self._count()
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
        return ", ".join(filter(None, (done, self.speed, self.pace.left)))

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

    def _count(self) -> None:
        under_way = sum(one.pace.done for one in self.running.values() if one.pace is not None)
        self.pace.reach(self._finished + under_way)
