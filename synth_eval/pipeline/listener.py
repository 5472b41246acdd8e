"""What a step of the pipeline reports while it works: the commands draw progress bars; a library call is quiet."""

from __future__ import annotations

from typing import Any, Protocol

from synth_eval.types import ProgressListener


class Listener(ProgressListener, Protocol):
    """Called with what happens, in an evaluation and in every other step."""

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


class _Silent:
    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **options: None


SILENT: Listener = _Silent()
