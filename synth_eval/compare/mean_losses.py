"""Mean relative loss over tasks by size, iteration, source or token budget and ratio, with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from synth_eval.compare.cells import Judged, headlines
from synth_eval.compare.contrasts import is_usable, side_of
from synth_eval.compare.grid import PARTS
from synth_eval.stats.contrasts import percentile_interval
from synth_eval.stats.resampled_curves import ResampledCurve, resample_together

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


def mean_losses_of(judged: Sequence[Judged]) -> tuple[dict[str, Any], ...]:
    """How much is lost at each ratio on average over curves, one row a value of each part of the place that varies.

    Items are drawn within each task, once for all its curves; training runs within each task too. Tasks themselves are
    not drawn: the interval is for these tasks.

    Parameters
    ----------
    judged : all drafts of the family; refused curves and metrics without a relative margin are left out.

    Returns
    -------
    Rows with axis (size, iteration, source or tokens), value, ratio (above the baseline), estimate and interval (95%;
    shares of the baseline's value, above 0 where worse), and curves, the number that the mean is over.

    References
    ----------
    "Contrasts" in docs/methods.md.
    """
    usable = [each for each in headlines(judged) if is_usable(each)]
    axes = [axis for axis in PARTS if len({_value(axis, each) for each in usable}) > 1]
    if not axes:
        return ()
    drawn = _drawn(usable)
    return tuple(row for axis in axes for row in _rows(axis, usable, drawn))


def _value(axis: str, each: Judged) -> Any:
    return getattr(each.draft.curve, axis)


def _drawn(usable: Sequence[Judged]) -> dict[int, ResampledCurve]:
    """Every curve resampled together with the others of its task, by the draft's identity."""
    found: dict[int, ResampledCurve] = {}
    for number, task in enumerate(dict.fromkeys(each.draft.task for each in usable)):
        alike = [each for each in usable if each.draft.task == task]
        resampled = resample_together([side_of(each) for each in alike], seed=(0, number))
        found.update(zip(map(id, alike), resampled))
    return found


def _rows(axis: str, usable: Sequence[Judged], drawn: dict[int, ResampledCurve]) -> Iterator[dict[str, Any]]:
    for value in dict.fromkeys(_value(axis, each) for each in usable):
        curves = [drawn[id(each)] for each in usable if _value(axis, each) == value]
        for ratio in sorted({ratio for curve in curves for ratio in curve.above.tolist()}):
            there = [curve for curve in curves if ratio in curve.above]
            at = np.array([ratio])
            draws: FloatArray = np.mean([curve.drawn_losses_at(at)[:, 0] for curve in there], axis=0)
            yield {
                "axis": axis,
                "value": value,
                "ratio": ratio,
                "estimate": float(np.mean([curve.losses_at(at)[0] for curve in there])),
                "interval": percentile_interval(draws),
                "curves": len(there),
            }
