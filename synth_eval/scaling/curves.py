"""One size, source and ratio: where the loss levels off, how fast, and when it is nearly there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.scaling.fitting import LEAST_DF, RESAMPLES, LawFit, fit_law, interval, log_interval
from synth_eval.scaling.hold_out import FormScore, compare_forms
from synth_eval.scaling.laws import POWER, RECTIFIED
from synth_eval.scaling.points import Points

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


LEAST_BUDGETS = 5
LEAST_SPAN = 8.0  # largest over smallest budget
NEAR = 0.05  # "levelled off" is within this share of the asymptote
WIDEST_ASYMPTOTE = 0.10  # of the lowest loss
FURTHEST = 4.0  # times the largest budget
WIDEST_TOKENS = 4.0  # upper over lower end of an interval


@dataclass(frozen=True)
class Answer:
    """A number with its 95% interval, or why there is none."""

    value: float | None = None
    interval: tuple[float, float] | None = None
    refused: str = ""


@dataclass(frozen=True)
class CurveAnswers:
    """What one curve over tokens says. ``plateau_tokens`` are those at which loss is within 5% of the asymptote."""

    budgets: int
    span: float
    lowest_loss: float
    asymptote: Answer
    exponent: Answer
    plateau_tokens: Answer
    forms: tuple[FormScore, ...] = ()
    fit: LawFit | None = None

    @property
    def law(self) -> str:
        return "" if self.fit is None else self.fit.law.name


def answer_curve(points: Points, *, resamples: int = RESAMPLES, seed: int = 0, forms: bool = True) -> CurveAnswers:
    """Fit the rectified law to the points of one size, source and ratio, and answer what they can tell.

    With too few points for its four parameters and an interval, the power law is fitted instead.

    Parameters
    ----------
    forms : whether to compare both laws on the largest budget, held out.

    Returns
    -------
    Answers or refusals: fewer than 5 budgets, a span below 8 times, an asymptote at the bound of what it may be, its
    interval wider than 10% of the lowest loss, a plateau beyond 4 times the largest budget or an interval of it wider
    than 4 times, or one told by a law that misses the held-out largest budget by more than 5%.

    References
    ----------
    Qin et al., "Scaling Laws of Synthetic Data for Language Models", 2025, arXiv 2503.19551 (the rectified law).
    """
    tokens = np.unique(points.tokens)
    budgets, span, lowest = tokens.size, float(tokens[-1] / tokens[0]), float(points.loss.min())
    unfit = _unfit(budgets, span)
    if unfit:
        refusal = Answer(refused=unfit)
        return CurveAnswers(budgets, span, lowest, refusal, refusal, refusal)
    law = RECTIFIED if len(points) >= len(RECTIFIED.parameters) + LEAST_DF else POWER
    fit = fit_law(law, points, resamples=resamples, seed=seed)
    asymptote = _asymptote(fit, lowest)
    scores = compare_forms((RECTIFIED, POWER), points, seed=seed, known=fit) if forms else ()
    missed = next((score.largest_tokens for score in scores if score.name == law.name), None)
    return CurveAnswers(
        budgets,
        span,
        lowest,
        asymptote,
        _exponent(fit),
        _plateau(fit, asymptote, float(tokens[-1]), missed),
        scores,
        fit,
    )


def _unfit(budgets: int, span: float) -> str:
    if budgets < LEAST_BUDGETS:
        return f"{budgets} token {'budget' if budgets == 1 else 'budgets'}: at least {LEAST_BUDGETS} are needed"
    if span < LEAST_SPAN:
        return f"budgets span {span:.3g} times: at least {LEAST_SPAN:g} times are needed"
    return ""


def _asymptote(fit: LawFit, lowest: float) -> Answer:
    value = float(np.exp(fit.parameter("log_E")) * fit.points.loss_unit)
    low, high = log_interval(value, fit.drawn("log_E") + np.log(fit.points.loss_unit), fit.df)
    if fit.at_bound("log_E"):
        return Answer(refused="no levelling off is seen: the asymptote ran into the bound of the fit")
    if high - low > WIDEST_ASYMPTOTE * lowest:
        why = f"its interval spans {(high - low) / lowest:.1%} of the lowest loss, more than {WIDEST_ASYMPTOTE:.0%}"
        return Answer(None, (low, high), why)
    return Answer(value, (low, high))


def _exponent(fit: LawFit) -> Answer:
    name = "log_beta" if fit.law is RECTIFIED else "log_b"
    if fit.at_bound(name):
        return Answer(refused="the exponent ran into the bound of the fit")
    value = float(np.exp(fit.parameter(name)))
    low, high = log_interval(value, fit.drawn(name), fit.df)
    if high > WIDEST_TOKENS * low:
        return Answer(None, (low, high), f"its interval spans {high / low:.3g} times, more than {WIDEST_TOKENS:g}")
    return Answer(value, (low, high))


def _plateau(fit: LawFit, asymptote: Answer, largest: float, missed: float | None) -> Answer:
    """``missed``: error of the law on the held-out largest budget, where it is known."""
    if asymptote.refused:
        return Answer(refused=f"the asymptote is not known: {asymptote.refused}")
    if missed is not None and missed > NEAR:
        return Answer(refused=f"the law misses the held-out largest budget by {missed:.1%}, more than {NEAR:.0%}")
    log_value = _log_plateau(fit, fit.theta[None, :])[0]
    value = float(np.exp(log_value))
    if value > FURTHEST * largest:
        return Answer(refused=f"it lies {value / largest:.3g} times beyond the largest budget, more than {FURTHEST:g}")
    log_low, log_high = interval(log_value, _log_plateau(fit, fit.draws), fit.df)
    if log_high - log_low > np.log(WIDEST_TOKENS):
        spanned = float(np.exp(min(log_high - log_low, 700.0)))
        return Answer(refused=f"its interval spans {spanned:.3g} times, more than {WIDEST_TOKENS:g}")
    return Answer(value, (float(np.exp(log_low)), float(np.exp(log_high))))


def _log_plateau(fit: LawFit, theta: FloatArray) -> FloatArray:
    """(k,) ln of the tokens at which loss = (1 + NEAR) E; that of no tokens at all where D_l alone is enough."""
    law = fit.law
    needed = theta[:, law.index("log_B")] - theta[:, law.index("log_E")] - np.log(NEAR)  # ln of D_l + D^beta
    if law is RECTIFIED:
        offset = theta[:, law.index("log_l")]
        with np.errstate(divide="ignore", invalid="ignore"):
            needed = np.where(needed > offset, needed + np.log1p(-np.exp(np.minimum(offset - needed, 0.0))), -np.inf)
        slope = np.exp(theta[:, law.index("log_beta")])
    else:
        slope = np.exp(theta[:, law.index("log_b")])
    return np.asarray(np.maximum(needed / slope, -50.0) + np.log(fit.points.tokens_unit))
