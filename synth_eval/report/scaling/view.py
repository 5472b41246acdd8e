"""What the views of scaling laws draw, as plain numbers: panels of curves, lines of equal loss. Renderers only draw."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from synth_eval.scaling.report import (
    Answer,
    CurveResult,
    LawFit,
    MixtureResult,
    TaskScaling,
    equal_loss_tokens,
    largest_tokens,
)
from synth_eval.text import count_text, joined

# How the numbers of scaling laws are written, in the terminal and in figures.

Sizes = Mapping[float, str]
REFUSED = "refused"
ONE_SIZE = 1.0  # what points without a size have for their size
NUMBER = re.compile(r"\d[\d.]*(?:e[+-]?\d+)?")


def size_text(parameters: float, names: Sizes) -> str:
    """The size as the user wrote it."""
    near = min(names, key=lambda known: abs(known - parameters), default=None)
    known = near is not None and abs(near - parameters) <= 1e-6 * parameters
    return names[near] if known and near is not None else count_text(parameters)


def size_name(size: float, names: Sizes) -> str:
    """'' where points have no size."""
    return "" if size == ONE_SIZE else size_text(size, names)


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
    return joined(curve.size, what)


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


SMOOTH = 40  # places along a fitted curve
LINES = 6  # of equal loss, at most
RATIO = "ratio {:g}"


@dataclass(frozen=True)
class Series:
    """One curve over tokens. ``held``: points that the comparison of forms was not fitted to. ``fit`` may be empty."""

    name: str
    tokens: tuple[float, ...]
    loss: tuple[float, ...]
    held: tuple[bool, ...]
    fit: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class LossPanel:
    """Curves that share a source and a size (told apart by ratio), or natural data alone (told apart by size)."""

    title: str
    series: tuple[Series, ...]


@dataclass(frozen=True)
class EqualLoss:
    """The mixes that reach the loss of natural data with ``natural_tokens``: tokens by ratio, within those tested."""

    natural_tokens: float
    loss: float
    places: tuple[tuple[float, float], ...]  # (ratio, tokens), ascending


@dataclass(frozen=True)
class EqualLossPanel:
    """One size. ``tested`` are the (ratio, tokens) of its checkpoints."""

    title: str
    lines: tuple[EqualLoss, ...]
    tested: tuple[tuple[float, float], ...]


def loss_panels(task: TaskScaling) -> tuple[LossPanel, ...]:
    """A panel a source and size with natural data in each; without synthetic data one panel for all sizes."""
    found = dict.fromkeys((curve.source, curve.size) for curve in task.curves if curve.ratio > 0)
    sources = list(dict.fromkeys(source for source, _ in found))
    mixes = sorted(found, key=lambda mix: sources.index(mix[0]))  # sizes stay in their order
    if not task.curves:
        return ()
    if not mixes:
        return (LossPanel("natural data", tuple(_series(task, c, c.size or "no size", None) for c in task.curves)),)
    several = len(sources) > 1
    panels = []
    for source, size in mixes:
        fit = _mixture_fit(task, source, size)
        natural = [c for c in task.curves if c.ratio == 0 and c.size == size]
        own = [c for c in task.curves if (c.source, c.size) == (source, size) and c.ratio > 0]
        title = joined(size, source if several or not size else "")
        panels.append(LossPanel(title, tuple(_series(task, c, RATIO.format(c.ratio), fit) for c in (*natural, *own))))
    return tuple(panels)


def relative_panels(losses: Sequence[LossPanel]) -> tuple[LossPanel, ...]:
    """Change of loss from natural data of the same size and budget, as a share; a panel a source and size.

    From `loss_panels`, whose names they keep; a panel without a budget that both were trained to is left out.
    """
    panels = []
    for panel in losses:
        natural: dict[float, list[float]] = {}
        for one in panel.series:
            if one.name == RATIO.format(0.0):
                for tokens, loss in zip(one.tokens, one.loss):
                    natural.setdefault(tokens, []).append(loss)
        found = tuple(_relative(one, natural) for one in panel.series if one.name != RATIO.format(0.0))
        if any(one.tokens for one in found) and natural:
            panels.append(LossPanel(panel.title, tuple(one for one in found if one.tokens)))
    return tuple(panels)


def equal_loss_panels(mixture: MixtureResult, sizes: Sizes, *, lines: int = LINES) -> tuple[EqualLossPanel, ...]:
    """A panel a size, a line for each of a few budgets of natural data; none without a fitted law."""
    fit = mixture.answers.fit
    if fit is None:
        return ()
    points, panels = mixture.points, []
    for size in np.unique(points.size):
        mine = points.size == size
        title = size_name(float(size), sizes)
        tested = sorted({(float(r), float(d)) for r, d in zip(points.ratio[mine], points.tokens[mine])})
        natural = np.unique(points.tokens[mine & (points.ratio == 0)])
        inner = natural[1:-1] if natural.size > 2 else natural
        chosen = inner[np.unique(np.linspace(0, inner.size - 1, min(lines, inner.size)).round().astype(int))]
        ratios = np.linspace(0.0, float(points.ratio[mine].max()), SMOOTH + 1)
        drawn = (_line(fit, float(size), float(d), ratios, points.tokens[mine]) for d in chosen)
        panels.append(EqualLossPanel(title, tuple(line for line in drawn if len(line.places) > 1), tuple(tested)))
    return tuple(panels)


def _mixture_fit(task: TaskScaling, source: str, size: str) -> LawFit | None:
    return next((m.answers.fit for m in task.mixtures if m.source == source and m.size in ("", size)), None)


def _series(task: TaskScaling, curve: CurveResult, name: str, mixture: LawFit | None) -> Series:
    order = np.argsort(curve.points.tokens, kind="stable")
    tokens, loss = curve.points.tokens[order], curve.points.loss[order]
    return Series(
        name,
        tuple(map(float, tokens)),
        tuple(map(float, loss)),
        tuple(map(bool, largest_tokens(curve.points)[order])),
        _fitted(curve, curve.answers.fit or mixture or _over_sizes_fit(task, curve)),
    )


def _relative(one: Series, natural: Mapping[float, Sequence[float]]) -> Series:
    budgets = [next((d for d in natural if abs(d - tokens) <= 1e-6 * tokens), None) for tokens in one.tokens]
    kept = [i for i, budget in enumerate(budgets) if budget is not None]
    changes = []
    for i in kept:
        same = natural[budgets[i] or 0.0]
        changes.append(one.loss[i] / (sum(same) / len(same)) - 1.0)
    return Series(one.name, tuple(one.tokens[i] for i in kept), tuple(changes), tuple(one.held[i] for i in kept), ())


def _over_sizes_fit(task: TaskScaling, curve: CurveResult) -> LawFit | None:
    return next((s.answers.fit for s in task.over_sizes if (s.source, s.ratio) == (curve.source, curve.ratio)), None)


def _fitted(curve: CurveResult, fit: LawFit | None) -> tuple[tuple[float, float], ...]:
    if fit is None or (curve.answers.fit is None and curve.points.size[0] == ONE_SIZE and fit.points.size_unit != 1):
        return ()
    tokens = np.geomspace(curve.points.tokens.min(), curve.points.tokens.max(), SMOOTH)
    return tuple(zip(tokens.tolist(), fit.loss(curve.points.size[0], tokens, curve.ratio).tolist()))


def _line(fit: LawFit, size: float, natural_tokens: float, ratios: np.ndarray, tested: np.ndarray) -> EqualLoss:
    tokens = equal_loss_tokens(fit, size, natural_tokens, ratios)
    places = tuple(
        (float(r), float(d)) for r, d in zip(ratios, tokens) if tested.min() * 0.999 <= d <= tested.max() * 1.001
    )
    return EqualLoss(natural_tokens, float(fit.loss(size, natural_tokens, 0.0)[0]), places)
