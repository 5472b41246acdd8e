"""Scaling laws: loss over tokens, change from natural data, mixes of equal loss, best ratio, speed-ups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from synth_eval.report.figures import description as fig
from synth_eval.report.scaling.words import ONE_SIZE, Sizes, answer_text, size_name
from synth_eval.scaling.report import (
    BestRatio,
    CurveResult,
    LawFit,
    MixtureResult,
    TaskScaling,
    equal_loss_tokens,
    largest_tokens,
)
from synth_eval.text import count_text, joined, plural

if TYPE_CHECKING:
    from synth_eval.report.scaling.view import ScalingView

TOKENS = "training tokens"
PLACES = 40  # along a fitted curve
MAX_LINES = 6  # of equal loss


@dataclass(frozen=True)
class Group:
    """Curves of one panel: a source and size with its natural data, by ratio; or natural data alone, by size."""

    title: str
    names: tuple[str, ...]
    curves: tuple[CurveResult, ...]
    law: LawFit | None  # of the mixes, for curves without one of their own


@dataclass(frozen=True)
class EqualLoss:
    """The mixes that reach the loss of natural data with ``natural_tokens``: tokens by ratio, within those tested."""

    natural_tokens: float
    loss: float
    places: tuple[tuple[float, float], ...]  # (ratio, tokens), ascending


def scaling_figures(view: ScalingView) -> dict[str, fig.Figure]:
    """``<family>-<task>-<figure>`` -> figure, for files."""
    taken: set[str] = set()
    named = []
    for task in view.tasks:
        start = f"{task.result.family}-{task.result.task}"
        named += [(f"{start}-loss-over-tokens", task.losses)] if task.losses is not None else []
        for mixture in task.mixtures:
            label = joined(start, mixture.result.source, mixture.result.size, between="-")
            named += [(f"{label}-{name}", figure) for name, figure in mixture.figures.items()]
    return {fig.free_name(name, taken): figure for name, figure in named}


def loss_figure(task: TaskScaling) -> fig.Figure | None:
    """Loss over tokens with the fitted laws, both axes logarithmic; None without curves."""
    groups = _groups(task)
    names = _names(groups)
    panels = tuple(_loss_panel(task, group, names) for group in groups)
    keys = tuple(fig.LegendKey(name, number) for number, name in enumerate(names))
    note = "filled: held out in the comparison of forms"
    return fig.Figure(f"{task.family}: {task.task}", panels, keys, note) if panels else None


def change_figure(task: TaskScaling) -> fig.Figure | None:
    """Change of loss from natural data of the same size and budget, in the roles of `loss_figure`.

    A panel without a budget that both were trained to is left out; None if all are.
    """
    groups = _groups(task)
    names = _names(groups)
    panels = tuple(panel for group in groups if (panel := _change_panel(group, names)) is not None)
    roles = {layer.role for panel in panels for layer in panel.layers}
    keys = tuple(fig.LegendKey(name, number) for number, name in enumerate(names) if number in roles)
    return fig.Figure(f"{task.family}: {task.task}", panels, keys) if panels else None


def mixture_figures(mixture: MixtureResult, sizes: Sizes) -> dict[str, fig.Figure]:
    """The figures of one source, without those whose answers were all refused."""
    drawn = {
        "iso-loss": equal_loss_figure(mixture, sizes),
        "best-ratio": best_ratio_figure(mixture, sizes),
        "speed-up": speed_up_figure(mixture, sizes),
    }
    return {name: figure for name, figure in drawn.items() if figure is not None}


def equal_loss_figure(mixture: MixtureResult, sizes: Sizes) -> fig.Figure | None:
    """Tokens over ratio: lines of equal fitted loss and the tested mixes, a panel a size; None without a law."""
    panels = []
    for size in map(float, np.unique(mixture.points.size)):
        lines = equal_loss_lines(mixture, size)
        if not lines:
            continue
        title = size_name(size, sizes)
        mine = mixture.points.size == size
        tested = sorted(set(zip(fig.floats(mixture.points.ratio[mine]), fig.floats(mixture.points.tokens[mine]))))
        layers: list[fig.Layer] = [
            fig.Polyline(
                x=tuple(ratio for ratio, _ in line.places),
                y=tuple(tokens for _, tokens in line.places),
                text=f"loss {line.loss:.4g}, as natural data with {count_text(line.natural_tokens)} tokens",
                label=f"{line.loss:.3g}",
                role=0,
            )
            for line in lines
        ]
        texts = tuple(f"tested: ratio {ratio:g}, {count_text(tokens)} tokens" for ratio, tokens in tested)
        ratios, budgets = zip(*tested)
        layers.append(fig.Markers(x=ratios, y=budgets, texts=texts, size=4.0, role="ink"))
        y = fig.log_axis([*budgets, *(tokens for line in lines for _, tokens in line.places)], TOKENS, "count")
        spoken = f"lines of equal loss over ratio and tokens{f' at {title}' if title else ''}"
        panels.append(fig.Panel(tuple(layers), fig.Axis("synthetic ratio"), y, title, spoken=spoken))
    return fig.Figure(f"Mixes of equal loss: {mixture.source}", tuple(panels)) if panels else None


def equal_loss_lines(mixture: MixtureResult, size: float, lines: int = MAX_LINES) -> list[EqualLoss]:
    """A line for each of a few budgets of natural data, at one size; none without a fitted law."""
    fit, points = mixture.answers.fit, mixture.points
    if fit is None:
        return []
    mine = points.size == size
    tested, natural = points.tokens[mine], np.unique(points.tokens[mine & (points.ratio == 0)])
    inner = natural[1:-1] if natural.size > 2 else natural
    chosen = inner[np.unique(np.linspace(0, inner.size - 1, min(lines, inner.size)).round().astype(int))]
    ratios = np.linspace(0.0, float(points.ratio[mine].max()), PLACES + 1)
    found = []
    for budget in fig.floats(chosen):
        tokens = equal_loss_tokens(fit, size, budget, ratios)
        inside = (tokens >= 0.999 * tested.min()) & (tokens <= 1.001 * tested.max())
        if inside.sum() > 1:
            places = tuple(zip(fig.floats(ratios[inside]), fig.floats(tokens[inside])))
            found.append(EqualLoss(budget, float(fit.loss(size, budget, 0.0)[0]), places))
    return found


def best_ratio_figure(mixture: MixtureResult, sizes: Sizes) -> fig.Figure | None:
    """The best ratio over tokens with its band, a line a size; None where all are refused."""
    told = [best for best in mixture.answers.best if best.answer.value is not None]
    if not told:
        return None
    by_size: dict[float, list[BestRatio]] = {}
    for best in told:
        by_size.setdefault(best.size, []).append(best)
    layers: list[fig.Layer] = []
    for role, (size, mine) in enumerate(by_size.items()):
        tokens, values = tuple(best.tokens for best in mine), tuple(best.answer.value for best in mine)
        low, high = zip(*(best.answer.interval or (0.0, 0.0) for best in mine))
        places = [joined(size_name(size, sizes), f"{count_text(best.tokens)} tokens") for best in mine]
        texts = tuple(f"{place}: r* {answer_text(best.answer, '.2f')}" for place, best in zip(places, mine))
        inside = tuple(best.inside for best in mine)
        layers += [
            fig.Band(x=tokens, low=low, high=high, role=role),
            fig.Polyline(x=tokens, y=values, role=role),
            fig.Markers(x=tokens, y=values, texts=texts, filled=inside, size=8.0, role=role),
        ]
    top = float(mixture.points.ratio.max())
    x = fig.log_axis([best.tokens for best in told], TOKENS, "count")
    y = fig.Axis("best ratio r*", limits=(-0.04 * top, 1.04 * top))
    keys = tuple(fig.LegendKey(size_name(size, sizes) or mixture.source, i) for i, size in enumerate(by_size))
    spoken = f"best ratio over tokens with its band, {plural(len(by_size), 'size')}"
    panel = fig.Panel(tuple(layers), x, y, spoken=spoken)
    note = "axis: the tested ratios; filled: the whole band lies among them"
    return fig.Figure(f"Best ratio and its 95% band: {mixture.source}", (panel,), keys, note)


def speed_up_figure(mixture: MixtureResult, sizes: Sizes) -> fig.Figure | None:
    """A bar from 1 to each speed-up, with its interval; None where all are refused."""
    told = [each for each in mixture.answers.speed_ups if each.answer.value is not None]
    if not told:
        return None
    places = [joined(size_name(e.size, sizes), f"ratio {e.ratio:g}", f"{count_text(e.tokens)} tokens") for e in told]
    rows = tuple(fig.Row(label, answer_text(each.answer, ".2f")) for label, each in zip(places, told))
    layers: list[fig.Layer] = [fig.Level(at=1.0, axis="x", role="quiet", dash="solid")]
    ends = [1.0]
    for number, (each, row) in enumerate(zip(told, rows)):
        value, at = each.answer.value or 1.0, float(number)
        interval = each.answer.interval or (value, value)
        ends += [value, *interval]
        layers += [
            fig.Bars(at=(at,), start=(1.0,), end=(value,), along="x", width=10.0, role=0 if value >= 1 else 1),
            fig.Markers(
                x=(value,), y=(at,), texts=(f"{row.label}: {row.detail} times",), size=4.0, x_spread=(interval,)
            ),
        ]
    spoken = f"speed-up of {len(told)} mixes; the values are in the table"
    x = fig.log_axis(ends, "tokens of natural data / of the mix")
    return fig.Figure(
        f"Speed-up: {mixture.source}", (fig.Panel(tuple(layers), x, rows=rows, height=34.0, spoken=spoken),)
    )


def _groups(task: TaskScaling) -> list[Group]:
    found = dict.fromkeys((curve.source, curve.size) for curve in task.curves if curve.ratio > 0)
    sources = list(dict.fromkeys(source for source, _ in found))
    if not found and task.curves:
        return [Group("natural data", tuple(curve.size or "no size" for curve in task.curves), task.curves, None)]
    groups = []
    for source, size in sorted(found, key=lambda mix: sources.index(mix[0])):  # sizes stay in their order
        law = next((m.answers.fit for m in task.mixtures if m.source == source and m.size in ("", size)), None)
        natural = [c for c in task.curves if c.ratio == 0 and c.size == size]
        mixes = [c for c in task.curves if (c.source, c.size) == (source, size) and c.ratio > 0]
        names = tuple(f"ratio {curve.ratio:g}" for curve in (*natural, *mixes))
        title = joined(size, source if len(sources) > 1 or not size else "")
        groups.append(Group(title, names, (*natural, *mixes), law))
    return groups


def _names(groups: Sequence[Group]) -> list[str]:
    return list(dict.fromkeys(name for group in groups for name in group.names))


def _loss_panel(task: TaskScaling, group: Group, names: Sequence[str]) -> fig.Panel:
    layers: list[fig.Layer] = []
    for name, curve in zip(group.names, group.curves):
        role = names.index(name)
        order = np.argsort(curve.points.tokens, kind="stable")
        mix = (curve.source, curve.ratio)
        over_sizes = (each.answers.fit for each in task.over_sizes if (each.source, each.ratio) == mix)
        law = curve.answers.fit or group.law or next(over_sizes, None)
        layers += [fig.Polyline(x=x, y=y, dash="solid", role=role) for x, y in _fitted(curve, law)]
        tokens, losses = fig.floats(curve.points.tokens[order]), fig.floats(curve.points.loss[order])
        held = tuple(map(bool, largest_tokens(curve.points)[order]))
        written = tuple(f"{loss:.4g}" for loss in losses)
        layers.append(_points(name, role, tokens, losses, held, written))
    x = fig.log_axis(_values(layers, "x"), TOKENS, "count")
    y = fig.log_axis(_values(layers, "y"), "error rate" if task.error_rate else "loss")
    return fig.Panel(tuple(layers), x, y, group.title, spoken=_spoken("loss", group.title, len(group.names)))


def _change_panel(group: Group, names: Sequence[str]) -> fig.Panel | None:
    natural: dict[float, list[float]] = {}
    for curve in (each for each in group.curves if each.ratio == 0):
        for tokens, loss in zip(fig.floats(curve.points.tokens), fig.floats(curve.points.loss)):
            natural.setdefault(tokens, []).append(loss)
    layers: list[fig.Layer] = []
    for name, curve in zip(group.names, group.curves):
        order = np.argsort(curve.points.tokens, kind="stable")
        held = largest_tokens(curve.points)
        changes = []
        for i in order if curve.ratio > 0 else ():
            budget = float(curve.points.tokens[i])
            same = next((natural[d] for d in natural if abs(d - budget) <= 1e-6 * budget), None)
            if same is not None:
                change = float(curve.points.loss[i]) / (sum(same) / len(same)) - 1.0
                changes.append((budget, change, bool(held[i]), f"{100 * change:+.2f}%"))
        if changes:
            budgets, values, solid, written = zip(*changes)
            role = names.index(name)
            layers.append(fig.Polyline(x=budgets, y=values, dash="solid", role=role))
            layers.append(_points(name, role, budgets, values, solid, written))
    if not layers:
        return None
    x, y = fig.log_axis(_values(layers, "x"), TOKENS, "count"), fig.Axis("change", form="percent change")
    spoken = _spoken("change of loss", group.title, len(layers) // 2)
    return fig.Panel((fig.Level(at=0.0, role="quiet"), *layers), x, y, group.title, spoken=spoken)


def _points(
    name: str, role: int, tokens: Sequence[float], y: Sequence[float], held: Sequence[bool], written: Sequence[str]
) -> fig.Markers:
    texts = tuple(
        f"{name}, {count_text(d)} tokens: {text}{', held out' if out else ''}"
        for d, text, out in zip(tokens, written, held)
    )
    return fig.Markers(x=tuple(tokens), y=tuple(y), texts=texts, filled=tuple(held), size=8.0, role=role)


def _values(layers: Sequence[fig.Layer], axis: Literal["x", "y"]) -> list[float]:
    drawn = (layer for layer in layers if isinstance(layer, (fig.Polyline, fig.Markers)))
    return [value for layer in drawn for value in getattr(layer, axis) if value is not None]


def _spoken(what: str, title: str, curves: int) -> str:
    return f"{what} over tokens{f' at {title}' if title else ''}: {plural(curves, 'curve')}"


def _fitted(curve: CurveResult, fit: LawFit | None) -> Iterator[tuple[tuple[float, ...], tuple[float, ...]]]:
    """Tokens and loss along a fitted curve; nothing where the law asks for a size that the points do not have."""
    size = float(curve.points.size[0])
    if fit is not None and (curve.answers.fit is not None or size != ONE_SIZE or fit.points.size_unit == 1):
        tokens = np.geomspace(curve.points.tokens.min(), curve.points.tokens.max(), PLACES)
        yield fig.floats(tokens), fig.floats(fit.loss(size, tokens, curve.ratio))
