"""One source and ratio over sizes: Chinchilla's law, and whether larger models level off with fewer tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from synth_eval.scaling.curves import (
    LEAST_BUDGETS,
    WIDEST_ASYMPTOTE,
    Answer,
    CurveAnswers,
)
from synth_eval.scaling.fitting import LEAST_DF, RESAMPLES, LawFit, fit_law, log_interval
from synth_eval.scaling.hold_out import FormScore, compare_forms
from synth_eval.scaling.laws import CHINCHILLA, POWER
from synth_eval.scaling.mixture import LEAST_SIZES
from synth_eval.scaling.points import Points


@dataclass(frozen=True)
class SizeAnswers:
    """What all sizes say together. ``asymptote`` is that of infinite parameters and tokens."""

    refused: str = ""
    asymptote: Answer = field(default_factory=Answer)
    size_exponent: Answer = field(default_factory=Answer)
    tokens_exponent: Answer = field(default_factory=Answer)
    forms: tuple[FormScore, ...] = ()
    fit: LawFit | None = None


def answer_sizes(points: Points, *, resamples: int = RESAMPLES, seed: int = 0) -> SizeAnswers:
    """Fit Chinchilla's law to one source and ratio, at least 3 sizes and 5 budgets.

    The power law without a term of size is held against it on held-out points.
    """
    sizes, budgets = np.unique(points.log_size).size, np.unique(points.log_tokens).size
    if sizes < LEAST_SIZES:
        return SizeAnswers(refused=f"{sizes} {'size' if sizes == 1 else 'sizes'}: at least {LEAST_SIZES} are needed")
    if budgets < LEAST_BUDGETS:
        return SizeAnswers(refused=f"{budgets} token budgets: at least {LEAST_BUDGETS} are needed")
    if len(points) < len(CHINCHILLA.parameters) + LEAST_DF:
        return SizeAnswers(refused=f"{len(points)} losses: at least {len(CHINCHILLA.parameters) + LEAST_DF} are needed")
    fit = fit_law(CHINCHILLA, points, resamples=resamples, seed=seed)
    return SizeAnswers(
        "",
        _asymptote(fit),
        _positive(fit, "log_a"),
        _positive(fit, "log_b"),
        compare_forms((CHINCHILLA, POWER), points, seed=seed, known=fit),
        fit,
    )


def _asymptote(fit: LawFit) -> Answer:
    if fit.at_bound("log_E"):
        return Answer(refused="no levelling off is seen: the asymptote ran into the bound of the fit")
    unit, lowest = fit.points.loss_unit, float(fit.points.loss.min())
    value = float(np.exp(fit.parameter("log_E")) * unit)
    low, high = log_interval(value, fit.drawn("log_E") + np.log(unit), fit.df)
    if high - low > WIDEST_ASYMPTOTE * lowest:
        why = f"its interval spans {(high - low) / lowest:.1%} of the lowest loss, more than {WIDEST_ASYMPTOTE:.0%}"
        return Answer(None, (low, high), why)
    return Answer(value, (low, high))


def _positive(fit: LawFit, name: str) -> Answer:
    if fit.at_bound(name):
        return Answer(refused="the exponent ran into the bound of the fit")
    value = float(np.exp(fit.parameter(name)))
    return Answer(value, log_interval(value, fit.drawn(name), fit.df))


@dataclass(frozen=True)
class LevelsOff:
    """Whether larger models come within 5% of their asymptote with fewer tokens: yes, no or undetermined.

    ``told`` are the sizes whose plateau is told, ascending, each with it; ``sizes`` counts all.
    """

    word: str
    told: tuple[tuple[float, Answer], ...] = ()
    sizes: int = 0


def larger_levels_off_sooner(curves: Mapping[float, CurveAnswers]) -> LevelsOff:
    """Compare the plateaus of the smallest and the largest size that tell theirs.

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
