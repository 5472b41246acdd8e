"""What a step of the pipeline reports while it works: the commands draw progress bars; a library call is quiet."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

NOTHING: Mapping[str, int] = MappingProxyType({})


class Listener(Protocol):
    """Called with what happens. The methods of evaluating are those of `harness.runner`."""

    def said(self, message: str) -> None:
        """A line worth keeping."""

    def doing(self, step: str) -> None:
        """A step without a count, such as the comparison, begins."""

    def counting(self, step: str, total: int) -> None:
        """A step of so many equal parts begins, or is under way under another name."""

    def counted(self, parts: int = 1) -> None:
        """So many parts more of it are done."""

    def built(self, label: str, tokens: int, of: int) -> None:
        """So many tokens more of a training job that takes about ``of``."""

    def end_building(self) -> None:
        """All training jobs are done."""

    def planned(self, pieces: int, *, items: int = 0, checkpoints: Mapping[str, int] = NOTHING) -> None:
        """So many (checkpoint, task) pieces are to be done, with so many items in all; by checkpoint, how many."""

    def started(self, checkpoint: str, task: str, items: int = 0) -> None:
        """A task of so many items, or what comes before the first."""

    def answered(self, checkpoint: str, task: str, share: float) -> None:
        """That share of the task's requests is answered."""

    def finished(self, checkpoint: str, task: str, items: int, *, of: int = 0) -> None:
        """So many items were evaluated of those planned."""


class _Silent:
    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **options: None


SILENT: Listener = _Silent()
