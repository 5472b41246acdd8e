"""How numbers are written in reports: with a sign where it is a change, and no more digits than mean something."""

from __future__ import annotations

import math

from synth_eval.compare.metrics import metric_named
from synth_eval.text import rounded, signed

UNKNOWN = "n/a"
DECIMALS = 3


def value_text(value: float, metric: str) -> str:
    """'83.5%' for a share, '+0.034' for a signed gap ('+3.4 pp' for one of shares), '0.428' for the rest."""
    if not math.isfinite(value):
        return UNKNOWN
    known = metric_named(metric)
    if known.percent:
        return f"{signed(100 * value, 1)} pp" if known.signed else f"{100 * value:.1f}%"
    return signed(value, DECIMALS) if known.signed else f"{value:.{DECIMALS}f}"


def change_text(difference: float, interval: tuple[float, float] | None, metric: str) -> str:
    """'-4.2 pp [-6.1, -2.3]' for a share, '+0.135 [+0.052, +0.218]' for the rest."""
    if not math.isfinite(difference):
        return UNKNOWN
    if metric_named(metric).percent:
        scale, decimals, unit = 100.0, 1, " pp"
    else:
        scale, decimals, unit = 1.0, DECIMALS, ""
    text = f"{signed(scale * difference, decimals)}{unit}"
    if interval is None:
        return text
    low, high = (signed(scale * end, decimals) for end in interval)
    return f"{text} [{low}, {high}]"


def share(ratio: float) -> str:
    """An estimated ratio with at most one decimal: 0.2361 -> '23.6%', 0.2 -> '20%'."""
    return f"{rounded(100 * ratio, 1):g}%"


def interval_text(interval: tuple[float, float], *, largest: float | None = None) -> str:
    """An interval of ratios in whole percent: '[18%, 30%]'.

    '[18%, 50%+]' if it reaches the ``largest`` tested ratio, beyond which nothing is known.
    """
    low, high = (round(100 * end) for end in interval)
    beyond = largest is not None and interval[1] >= largest - 1e-9
    return f"[{low}%, {high}%{'+' if beyond else ''}]"


def amount_text(size: float, metric: str) -> str:
    """A size of change without a sign: '4.1 pp' for a share, '0.135' for the rest, in the metric's units."""
    if metric_named(metric).percent:
        return f"{100 * size:.1f} pp"
    return f"{size:.{DECIMALS}f}"
