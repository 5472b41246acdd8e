"""How fast work goes and when it will be done, in the words of a progress line."""

from __future__ import annotations

import time
from collections.abc import Callable

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
