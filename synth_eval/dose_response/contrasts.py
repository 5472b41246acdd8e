"""Does one curve start to fall earlier, or lose more, than another? Differences of onsets and of relative losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from synth_eval.comparison import ContrastWord, Measure
from synth_eval.dose_response.noise import LEVEL
from synth_eval.dose_response.resampled import ResampledCurve, interval_of_draws
from synth_eval.text import percent, plural

if TYPE_CHECKING:
    from synth_eval.types import BoolArray, FloatArray


Names: TypeAlias = tuple[str, str]

MIN_TASKS = 3


@dataclass(frozen=True)
class CurveContrast:
    """First minus second, in ratios (onset) or in shares of each baseline (loss, above 0 where the first loses more).

    ``word`` is different (the interval excludes 0, all numbers of the comparison counted), undetermined, which is the
    default, or refused; ``reason`` is one sentence. ``ratio`` is that of a loss at one ratio.
    """

    word: ContrastWord
    reason: str
    measure: Measure
    estimate: float | None = None
    interval: tuple[float, float] | None = None
    ratio: float | None = None


def onset_contrast(first: ResampledCurve, second: ResampledCurve, *, names: Names) -> CurveContrast:
    """Difference of onsets, first minus second, with its 95% percentile interval; only where both are degraded.

    Parameters
    ----------
    first, second : from one call of `resample_together`, so that shared items were drawn once for both
    names : of the two, for the sentence

    Examples
    --------
    >>> import numpy as np
    >>> from synth_eval.dose_response.resampled import ResampledCurve
    >>> one = ResampledCurve(0.0, np.array([0.0, 0.5]), np.array([0.0, 0.2]), np.tile([0.0, 0.2], (9, 1)))
    >>> onset_contrast(one, one, names=("70M", "410M")).word
    'undetermined'
    """
    if first.onset is None or second.onset is None or first.onsets is None or second.onsets is None:
        return CurveContrast("undetermined", _no_onset((first, second), names), "onset")
    estimate = first.onset - second.onset
    low, high = interval_of_draws(first.onsets - second.onsets)
    if low <= 0 <= high:
        return CurveContrast(
            "undetermined", "which starts to fall first is undetermined", "onset", estimate, (low, high)
        )
    sooner, later = names if high < 0 else names[::-1]
    reason = f"{sooner} starts to fall at a lower ratio than {later}"
    return CurveContrast("different", reason, "onset", estimate, (low, high))


def loss_contrasts(first: ResampledCurve, second: ResampledCurve, *, names: Names) -> tuple[CurveContrast, ...]:
    """Difference of relative losses, first minus second: their mean over the common ratios, then at each of them.

    Intervals are 95% percentile intervals, each by itself. `different` is given only where the difference also exceeds
    what the largest of all these numbers reaches by chance (max-t), so that more ratios do not mean more false alarms.

    Parameters
    ----------
    first, second, names : as for `onset_contrast`

    Examples
    --------
    >>> import numpy as np
    >>> from synth_eval.dose_response.resampled import ResampledCurve
    >>> small = ResampledCurve(0.0, np.array([0.0, 0.5]), np.array([0.0, 0.3]), np.tile([0.0, 0.3], (9, 1)))
    >>> large = ResampledCurve(0.0, np.array([0.0, 0.5]), np.array([0.0, 0.1]), np.tile([0.0, 0.1], (9, 1)))
    >>> loss_contrasts(small, large, names=("70M", "410M"))[0].reason
    '70M loses more than 410M on average over 1 ratio'
    """
    ratios = np.intersect1d(first.above, second.above)
    if not len(ratios):
        return (CurveContrast("refused", "no ratio above the baseline in common", "mean loss"),)
    loss = first.losses_at(ratios, mean_too=True) - second.losses_at(ratios, mean_too=True)
    draws = first.drawn_losses_at(ratios, mean_too=True) - second.drawn_losses_at(ratios, mean_too=True)
    beyond = _beyond_chance(loss, draws)
    found = []
    for i, ratio in enumerate([None, *ratios.tolist()]):
        measure: Measure = "mean loss" if ratio is None else "loss"
        found.append(_loss(measure, float(loss[i]), draws[:, i], names, bool(beyond[i]), len(ratios), ratio))
    return tuple(found)


def group_contrast(
    first: Sequence[ResampledCurve], second: Sequence[ResampledCurve], *, names: Names, min_tasks: int = MIN_TASKS
) -> CurveContrast:
    """Difference of two groups of tasks in mean relative loss, over the ratios that all of their curves have.

    The interval is for these tasks: items are drawn within each task, tasks are not drawn.

    Parameters
    ----------
    first, second : one curve a task; each task resampled by its own draws
    names : of the groups
    min_tasks : a group with fewer is refused

    References
    ----------
    "Contrasts" in docs/methods.md.

    Examples
    --------
    >>> from synth_eval.dose_response.resampled import ResampledCurve
    >>> task = ResampledCurve(0.0, np.array([0.0, 0.5]), np.array([0.0, 0.2]), np.tile([0.0, 0.2], (9, 1)))
    >>> group_contrast([task], [task], names=("reasoning", "retrieval")).reason
    '1 reasoning task and 1 retrieval task: at least 3 of each are needed'
    """
    counts = " and ".join(plural(len(group), f"{name} task") for group, name in zip((first, second), names))
    fewest = min(len(first), len(second))
    if fewest < max(1, min_tasks):
        return CurveContrast("refused", f"{counts}: at least {max(1, min_tasks)} of each are needed", "mean loss")
    curves = [*first, *second]
    ratios = curves[0].above
    for curve in curves[1:]:
        ratios = np.intersect1d(ratios, curve.above)
    if not len(ratios):
        return CurveContrast("refused", "no ratio above the baseline in common", "mean loss")
    sign = np.array([1 / len(first)] * len(first) + [-1 / len(second)] * len(second))
    loss = sign @ np.array([curve.losses_at(ratios).mean() for curve in curves])
    draws = sign @ np.array([curve.drawn_losses_at(ratios).mean(axis=1) for curve in curves])
    found = _loss("mean loss", float(loss), draws, names, True, len(ratios), None)
    few = ", too few to generalise beyond these tasks" if fewest < MIN_TASKS else ""
    return CurveContrast(found.word, f"{found.reason}; {counts}{few}", "mean loss", found.estimate, found.interval)


def _loss(
    measure: Measure, loss: float, draws: FloatArray, names: Names, beyond: bool, ratios: int, ratio: float | None
) -> CurveContrast:
    low, high = interval_of_draws(draws)
    apart = not low <= 0 <= high
    where = f"at {percent(ratio)}" if ratio is not None else f"on average over {plural(ratios, 'ratio')}"
    if apart and beyond:
        more, less = names if low > 0 else names[::-1]
        return CurveContrast("different", f"{more} loses more than {less} {where}", measure, loss, (low, high), ratio)
    reason = f"which loses more {where} is undetermined"
    if apart:
        reason += f": different when tested alone, but not after correction for all {ratios + 1} numbers compared"
    return CurveContrast("undetermined", reason, measure, loss, (low, high), ratio)


def _beyond_chance(estimates: FloatArray, draws: FloatArray) -> BoolArray:
    """Which of several estimates (k,) exceed the 95% quantile of the largest deviation among all, draws (m, k)."""
    spread = draws.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    reach = np.quantile(np.abs((draws - estimates) / scale).max(axis=1), LEVEL)
    beyond: BoolArray = np.abs(estimates) > reach * scale
    return beyond


def _no_onset(curves: tuple[ResampledCurve, ResampledCurve], names: Names) -> str:
    said = [
        f"{name} falls from {curve.onset:.2f} on"
        if curve.onset is not None
        else f"{name} is not shown degraded up to {curve.levels[-1]:g}"
        for curve, name in zip(curves, names)
    ]
    return "; ".join(said)
