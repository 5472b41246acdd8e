"""The seam: `compare` hands the curves of a whole family to `judge_curves` and settles them after Holm over cells.

A better judge (one that fits shapes, or pools noise over curves) goes behind these two functions.
"""

from __future__ import annotations

from collections.abc import Sequence

from synth_eval.stats.curve import CurveData, CurveVerdict
from synth_eval.stats.multiplicity import holm
from synth_eval.stats.paired import ALPHA, judge_curve
from synth_eval.types import VerdictWord


def judge_curves(curves: Sequence[CurveData]) -> tuple[CurveVerdict, ...]:
    """Judge every curve of a family, each on its own p-value; `adjusted_p` and `settled_word` come after."""
    return tuple(judge_curve(curve) for curve in curves)


def adjusted_p(verdicts: Sequence[CurveVerdict]) -> tuple[float | None, ...]:
    """Holm-adjusted p-values over all curves that have one; None where a curve was refused."""
    given = [verdict.p_value for verdict in verdicts if verdict.p_value is not None]
    adjusted = iter(holm(given))
    return tuple(None if verdict.p_value is None else float(next(adjusted)) for verdict in verdicts)


def settled_word(verdict: CurveVerdict, p_adjusted: float | None) -> VerdictWord:
    """The verdict word once the number of curves is accounted for.

    A curve that is degraded only by its own p-value is judged as any other: safe if shown within the margin up to the
    largest ratio, else inconclusive.
    """
    if verdict.verdict == "refused" or p_adjusted is None:
        return "refused"
    if p_adjusted < ALPHA:
        return "degraded"
    return "safe" if verdict.budget == verdict.ratios[-1] else "inconclusive"
