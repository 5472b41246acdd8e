"""How the numbers of scaling laws are written, in the terminal and in figures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from synth_eval.compare.scaling import Answer, CurveResult

SUFFIXES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
REFUSED = "refused"
NUMBER = re.compile(r"\d[\d.]*(?:e[+-]?\d+)?")


def count_text(count: float) -> str:
    """'12.8B', '410M', '512': three digits with the suffix that checkpoints.yaml takes."""
    for scale, suffix in SUFFIXES:
        if count >= 0.9995 * scale:
            return f"{count / scale:.3g}{suffix}"
    return f"{count:.3g}"


def size_text(parameters: float, names: Mapping[float, str]) -> str:
    """The size as the user wrote it."""
    near = min(names, key=lambda known: abs(known - parameters), default=None)
    known = near is not None and abs(near - parameters) <= 1e-6 * parameters
    return names[near] if known and near is not None else count_text(parameters)


def answer_text(answer: Answer, form: str = ".3g", *, counts: bool = False) -> str:
    """'1.70 [1.68, 1.74]', or 'refused'."""
    if answer.value is None:
        return REFUSED
    low, high = answer.interval or (answer.value, answer.value)
    numbers = [count_text(x) if counts else format(x, form) for x in (answer.value, low, high)]
    return f"{numbers[0]} [{numbers[1]}, {numbers[2]}]"


def percent_text(log_change: float | None) -> str:
    """A root mean square of log loss as per cent."""
    return "-" if log_change is None else f"{100 * log_change:.2g}%"


def curve_name(curve: CurveResult) -> str:
    """'410M, natural' or '410M, rephrased at ratio 0.3'."""
    what = curve.source if curve.ratio == 0 else f"{curve.source} at ratio {curve.ratio:g}"
    return ", ".join(part for part in (curve.size, what) if part)


def grouped(reasons: Iterable[tuple[str, str]]) -> list[str]:
    """One line a reason, with what it holds for: ('a', why), ('b', why) -> 'a; b: why'.

    Reasons that differ in their numbers alone are one; the first is given: 'a: 3 times too wide (b, c alike)'.
    """
    by_kind: dict[str, list[tuple[str, str]]] = {}
    for what, why in reasons:
        by_kind.setdefault(NUMBER.sub("#", why), []).append((what, why))
    lines = []
    for found in by_kind.values():
        why = found[0][1]
        same = [what for what, its_why in found if its_why == why]
        others = [what for what, its_why in found if its_why != why]
        lines.append(f"{_some(same)}: {why}" + (f" ({_some(others)} alike)" if others else ""))
    return lines


def _some(names: list[str]) -> str:
    names = list(dict.fromkeys(names))
    return "; ".join(names) if len(names) <= 3 else f"{names[0]}; {names[1]} and {len(names) - 2} more"
