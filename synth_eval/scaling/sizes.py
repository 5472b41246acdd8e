"""One source and ratio over sizes: Chinchilla's law, and whether larger models level off with fewer tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from synth_eval.scaling.curves import (
    MIN_BUDGETS,
    Answer,
    CurveAnswers,
    asymptote_of,
    exponent_of,
)
from synth_eval.scaling.fitting import MIN_DF, RESAMPLES, LawFit
from synth_eval.scaling.hold_out import Driven, FittedForms, FormScore, driven_by_first, fit_forms
from synth_eval.scaling.laws import CHINCHILLA, POWER
from synth_eval.scaling.mixture import MIN_SIZES
from synth_eval.scaling.points import Points


@dataclass(frozen=True)
class SizeAnswers:
    """The answers of all sizes together. ``asymptote`` is that of infinite parameters and tokens; ``driven`` are
    estimates that the first budgets drive."""

    refused: str = ""
    asymptote: Answer = field(default_factory=Answer)
    size_exponent: Answer = field(default_factory=Answer)
    tokens_exponent: Answer = field(default_factory=Answer)
    forms: tuple[FormScore, ...] = ()
    fit: LawFit | None = None
    driven: tuple[Driven, ...] = ()


def answer_all_sizes(groups: Sequence[Points], *, resamples: int = RESAMPLES, seed: int = 0) -> list[SizeAnswers]:
    """Fit Chinchilla's law to each group, one source and ratio with at least 3 sizes and 5 budgets.

    The power law without a term of size is held against it on held-out points.

    Parameters
    ----------
    resamples, seed : as for `fit_law`.

    Examples
    --------
    >>> from synth_eval.scaling import points_of
    >>> answer_all_sizes([points_of([1, 2], [1e9, 1e9], [0, 0], [3.0, 2.0])])[0].refused
    '2 sizes: at least 3 are needed'
    """
    usable = [points for points in groups if not _refusal(points)]
    fitted = iter(fit_forms([((CHINCHILLA, POWER), points) for points in usable], resamples=resamples, seed=seed))
    return [SizeAnswers(refused=why) if (why := _refusal(points)) else _answers(next(fitted)) for points in groups]


def answer_sizes(points: Points, *, resamples: int = RESAMPLES, seed: int = 0) -> SizeAnswers:
    """`answer_all_sizes` of one source and ratio.

    Parameters
    ----------
    points : losses of one source and ratio over sizes and tokens
    resamples, seed : as for `fit_law`

    Examples
    --------
    >>> from synth_eval.scaling import points_of
    >>> answer_sizes(points_of([1, 2, 4], [1e9] * 3, [0] * 3, [3.0, 2.0, 1.5])).refused
    '1 token budgets: at least 5 are needed'
    """
    return answer_all_sizes([points], resamples=resamples, seed=seed)[0]


def _refusal(points: Points) -> str:
    sizes, budgets = np.unique(points.log_size).size, np.unique(points.log_tokens).size
    if sizes < MIN_SIZES:
        return f"{sizes} {'size' if sizes == 1 else 'sizes'}: at least {MIN_SIZES} are needed"
    if budgets < MIN_BUDGETS:
        return f"{budgets} token budgets: at least {MIN_BUDGETS} are needed"
    if len(points) < len(CHINCHILLA.parameters) + MIN_DF:
        return f"{len(points)} losses: at least {len(CHINCHILLA.parameters) + MIN_DF} are needed"
    return ""


def _answers(fitted: FittedForms) -> SizeAnswers:
    fit = fitted.fit
    driven = driven_by_first(fitted, {"E": "log_E", "exponent of size": "log_a", "exponent of tokens": "log_b"})
    of_size, of_tokens = (exponent_of(fit, name) for name in ("log_a", "log_b"))
    return SizeAnswers("", asymptote_of(fit), of_size, of_tokens, fitted.scores, fit, driven)


@dataclass(frozen=True)
class LevelsOff:
    """Whether larger models come within 5% of their asymptote with fewer tokens: yes, no or undetermined.

    ``told`` are the sizes whose plateau is estimated, ascending, each with it; ``sizes`` counts all.
    """

    word: str
    told: tuple[tuple[float, Answer], ...] = ()
    sizes: int = 0


def larger_levels_off_sooner(curves: Mapping[float, CurveAnswers]) -> LevelsOff:
    """Compare the plateaus of the smallest and the largest size whose plateaus are estimated.

    Parameters
    ----------
    curves : by number of parameters.

    Returns
    -------
    "yes" or "no" where the intervals of the two lie apart, else "undetermined".
    """
    plateaus = ((size, curve.plateau_tokens) for size, curve in sorted(curves.items()))
    told = tuple((size, plateau) for size, plateau in plateaus if plateau.value is not None)
    return LevelsOff(_sooner(told), told, len(curves))


def _sooner(told: tuple[tuple[float, Answer], ...]) -> str:
    if len(told) < 2:
        return "undetermined"
    smallest, largest = told[0][1].interval, told[-1][1].interval
    if smallest is None or largest is None:
        return "undetermined"
    if largest[1] < smallest[0]:
        return "yes"
    return "no" if largest[0] > smallest[1] else "undetermined"
