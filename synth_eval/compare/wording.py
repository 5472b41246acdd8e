"""The sentence beside a verdict, in the words of a practitioner and the units of the metric."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from synth_eval.compare.metrics import Metric
from synth_eval.stats.curve import CurveVerdict
from synth_eval.types import VerdictWord

if TYPE_CHECKING:
    from synth_eval.types import FloatArray

DISPLAY_ONLY = "shown beside the others, carries no verdict"


def percent(ratio: float) -> str:
    """A ratio as people write it: 0.125 -> '12.5%'."""
    return f"{100 * ratio:.6g}%"


def amount(value: float, metric: Metric) -> str:
    """A size of change with its unit: '4.1 pp' for shares, else two significant digits."""
    if metric.unit == "share":
        return f"{100 * value:.1f} pp"
    digits = 3 if value == 0 else max(0, 1 - math.floor(math.log10(abs(value))))
    unit = {"nats": " nats", "bits": " bits per byte", "score": ""}[metric.unit]
    return f"{value:.{digits}f}{unit}"


def reason_of(
    verdict: CurveVerdict,
    word: VerdictWord,
    metric: Metric,
    *,
    baseline_ratio: float,
    n_items: int,
    seeds: int,
    p_adjusted: float | None,
    curves: int,
) -> str:
    """Why a curve got its word; for example 'clearly below baseline from 50% on (a later bound than the true onset);
    safe budget 10%'.

    Parameters
    ----------
    verdict : of the oriented curve; `word` is the settled one, after correction for `curves` curves.
    """
    if word == "refused":
        return verdict.reason
    if word == "degraded":
        text = f"clearly {_worse(metric)} {_where(verdict)} (a later bound than the true onset)"
        text += f"; {_budget(verdict, baseline_ratio)}"
    elif word == "safe":
        text = f"every tested ratio up to {percent(verdict.ratios[-1])} is shown within {_margin(metric)} of baseline"
    else:
        text = _inconclusive(verdict, metric, baseline_ratio, n_items, seeds, p_adjusted, curves)
    if verdict.conditional:
        text += "; one seed, so noise between training runs is not counted"
    return text


def _inconclusive(
    verdict: CurveVerdict,
    metric: Metric,
    baseline_ratio: float,
    n_items: int,
    seeds: int,
    p_adjusted: float | None,
    curves: int,
) -> str:
    data = f"{n_items:,} items and {seeds} seed{'s' if seeds != 1 else ''}"
    noun = "growth" if metric.signed else "drop" if metric.higher_is_better else "rise"
    detectable, margin = verdict.min_detectable or 0.0, verdict.margin or 0.0
    if verdict.verdict == "degraded":
        text = (
            f"{_worse(metric)} {_where(verdict)} by itself (p = {verdict.p_value:.2g}), "
            f"but not once all {curves} curves are counted (p = {p_adjusted:.2g})"
        )
    elif detectable > margin:
        text = f"{data} can detect a {noun} of {amount(detectable, metric)} at best; {_margin_amount(margin, metric)}"
    else:
        worst = int(verdict.difference_ci[:, 0].argmin())
        text = (
            f"a {noun} of up to {amount(-verdict.difference_ci[worst, 0], metric)} at {percent(verdict.ratios[worst])} "
            f"is not ruled out; {_margin_amount(margin, metric)}"
        )
    if verdict.budget is not None and verdict.budget > baseline_ratio:
        text += f"; {_budget(verdict, baseline_ratio)}"
    return text


def _worse(metric: Metric) -> str:
    if metric.signed:
        return "further from 0 than baseline"
    return "below baseline" if metric.higher_is_better else "above baseline (worse)"


def _where(verdict: CurveVerdict) -> str:
    """'from 30% on' if every larger ratio is worse too, else 'at 30%'."""
    first = verdict.first_below
    if first is None:
        return ""
    later: FloatArray = verdict.difference_ci[verdict.ratios > first, 1]
    return f"from {percent(first)} on" if later.size and (later < 0).all() else f"at {percent(first)}"


def _budget(verdict: CurveVerdict, baseline_ratio: float) -> str:
    if verdict.budget is None or verdict.budget <= baseline_ratio:
        return f"no ratio above {percent(baseline_ratio)} is shown safe"
    return f"safe budget {percent(verdict.budget)}"


def _margin(metric: Metric) -> str:
    return percent(metric.margin) if metric.margin_kind == "relative" else amount(metric.margin, metric)


def _margin_amount(margin: float, metric: Metric) -> str:
    if metric.margin_kind == "relative":
        return f"{percent(metric.margin)} relative is {amount(margin, metric)}"
    return f"the margin is {amount(margin, metric)}"
