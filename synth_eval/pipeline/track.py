"""Logging a comparison to experiment trackers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synth_eval.pipeline.reports import ComparisonResult
    from synth_eval.report.trackers import Target


def tracker_targets(trackers: Sequence[str]) -> list[Target]:
    """What --track names; a tracker that is not there is reported before anything is evaluated."""
    if not trackers:
        return []
    from synth_eval.report.trackers import target_of

    return [target_of(tracker) for tracker in trackers]


def log_to_trackers(found: ComparisonResult, targets: Sequence[Target], *, say: Callable[[str], None]) -> bool:
    """Log to each; one that fails is reported, and does not take the results or the others with it."""
    done = True
    for target in targets:
        from synth_eval.report.trackers import TrackerError, track

        try:
            say(track(found.comparison, target, view=found.view))
        except TrackerError as error:
            say(f"synth-eval: not logged: {error}")
            done = False
    return done
