"""Scaling laws: loss over tokens, change from natural data, mixes of equal loss, best ratio, speed-ups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synth_eval.report.figures.description import (
    Axis,
    Band,
    Bars,
    Figure,
    Key,
    Layer,
    Level,
    Markers,
    Panel,
    Polyline,
    Row,
    free_name,
    log_axis,
)
from synth_eval.report.scaling.view import (
    LossPanel,
    Sizes,
    answer_text,
    equal_loss_panels,
    loss_panels,
    relative_panels,
    size_name,
)
from synth_eval.scaling.report import BestRatio, MixtureResult, ScalingReport, SpeedUp, TaskScaling
from synth_eval.text import count_text, joined, plural

TOKENS = "training tokens"


def scaling_figures(report: ScalingReport) -> dict[str, Figure]:
    """``<family>-<task>-<figure>`` -> figure; one whose answers were all refused is left out."""
    taken: set[str] = set()
    return {
        free_name(f"{task.family}-{task.task}-{name}", taken): figure
        for task in report.tasks
        for name, figure in _of_task(task, report.sizes)
    }


def _of_task(task: TaskScaling, sizes: Sizes) -> Iterator[tuple[str, Figure]]:
    if task.curves:
        yield "loss-over-tokens", loss_figure(task, loss_panels(task))
    for mixture in task.mixtures:
        label = joined(mixture.source, mixture.size, between="-")
        drawn = (
            ("iso-loss", equal_loss_figure(mixture, sizes)),
            ("best-ratio", best_ratio_figure(mixture, sizes)),
            ("speed-up", speed_up_figure(mixture, sizes)),
        )
        yield from ((f"{label}-{name}", figure) for name, figure in drawn if figure is not None)


def loss_figure(task: TaskScaling, panels: Sequence[LossPanel]) -> Figure:
    """Loss over tokens with the fitted laws, both axes logarithmic; what `loss_panels` made."""
    kind = "error rate" if task.error_rate else "loss"
    names = _names(panels)
    return Figure(
        f"{task.family}: {task.task}",
        tuple(_loss_panel(panel, names, kind) for panel in panels),
        tuple(Key(name, number) for number, name in enumerate(names)),
        note="filled: held out in the comparison of forms",
    )


def change_figure(task: TaskScaling, panels: Sequence[LossPanel]) -> Figure | None:
    """Change of loss from natural data at the same budget, in the roles of `loss_figure`; None without both."""
    changes = relative_panels(panels)
    if not changes:
        return None
    names = _names(panels)
    keys = tuple(Key(name, names.index(name)) for name in names if name in _names(changes))
    return Figure(f"{task.family}: {task.task}", tuple(_change_panel(panel, names) for panel in changes), keys)


def equal_loss_figure(mixture: MixtureResult, sizes: Sizes) -> Figure | None:
    """Tokens over ratio: lines of equal fitted loss and the tested mixes, a panel a size; None without a law."""
    panels = []
    for found in equal_loss_panels(mixture, sizes):
        if not found.lines:
            continue
        places = [*found.tested, *(place for line in found.lines for place in line.places)]
        layers: list[Layer] = [
            Polyline(
                x=tuple(ratio for ratio, _ in line.places),
                y=tuple(tokens for _, tokens in line.places),
                text=f"loss {line.loss:.4g}, as natural data with {count_text(line.natural_tokens)} tokens",
                label=f"{line.loss:.3g}",
                role=0,
            )
            for line in found.lines
        ]
        texts = tuple(f"tested: ratio {ratio:g}, {count_text(tokens)} tokens" for ratio, tokens in found.tested)
        ratios, tokens = zip(*found.tested)
        layers.append(Markers(x=ratios, y=tokens, texts=texts, size=4.0, role="ink"))
        spoken = f"lines of equal loss over ratio and tokens{f' at {found.title}' if found.title else ''}"
        y = log_axis([d for _, d in places], TOKENS, "count")
        panels.append(Panel(tuple(layers), Axis("synthetic ratio"), y, found.title, spoken=spoken))
    return Figure(f"Mixes of equal loss: {mixture.source}", tuple(panels)) if panels else None


def best_ratio_figure(mixture: MixtureResult, sizes: Sizes) -> Figure | None:
    """The best ratio over tokens with its band, a line a size; None where all are refused."""
    told = [best for best in mixture.answers.best if best.answer.value is not None]
    if not told:
        return None
    names = list(dict.fromkeys(best.size for best in told))
    layers = tuple(
        layer for i, size in enumerate(names) for layer in _best([b for b in told if b.size == size], i, sizes)
    )
    top = float(mixture.points.ratio.max())
    x = log_axis([best.tokens for best in told], TOKENS, "count")
    y = Axis("best ratio r*", limits=(-0.04 * top, 1.04 * top))
    keys = tuple(Key(size_name(size, sizes) or mixture.source, i) for i, size in enumerate(names))
    spoken = f"best ratio over tokens with its band, {plural(len(names), 'size')}"
    panel = Panel(layers, x, y, spoken=spoken)
    note = "axis: the tested ratios; filled: the whole band lies among them"
    return Figure(f"Best ratio and its 95% band: {mixture.source}", (panel,), keys, note)


def speed_up_figure(mixture: MixtureResult, sizes: Sizes) -> Figure | None:
    """A bar from 1 to each speed-up, with its interval; None where all are refused."""
    told = [each for each in mixture.answers.speed_ups if each.answer.value is not None]
    if not told:
        return None
    rows = tuple(_speed_up_row(each, sizes) for each in told)
    layers: list[Layer] = [Level(at=1.0, axis="x", role="quiet", dash="solid")]
    for number, each in enumerate(told):
        value = each.answer.value or 1.0
        at = float(number)
        text = f"{rows[number].label}: {rows[number].detail} times"
        layers += [
            Bars(at=(at,), start=(1.0,), end=(value,), along="x", width=10.0, role=0 if value >= 1 else 1),
            Markers(x=(value,), y=(at,), texts=(text,), size=4.0, x_spread=(each.answer.interval or (value, value),)),
        ]
    ends = [end for each in told for end in (each.answer.interval or (1.0, 1.0))]
    x = log_axis([*ends, *(each.answer.value or 1.0 for each in told), 1.0], "tokens of natural data / of the mix")
    spoken = f"speed-up of {len(told)} mixes; the values are in the table"
    panel = Panel(tuple(layers), x, rows=rows, height=34.0, spoken=spoken)
    return Figure(f"Speed-up: {mixture.source}", (panel,))


def _names(panels: Sequence[LossPanel]) -> list[str]:
    return list(dict.fromkeys(one.name for panel in panels for one in panel.series))


def _spoken(what: str, panel: LossPanel) -> str:
    return f"{what} over tokens{f' at {panel.title}' if panel.title else ''}: {plural(len(panel.series), 'curve')}"


def _loss_panel(panel: LossPanel, names: Sequence[str], kind: str) -> Panel:
    layers: list[Layer] = []
    for one in panel.series:
        role = names.index(one.name)
        if one.fit:
            tokens, loss = zip(*one.fit)
            layers.append(Polyline(x=tokens, y=loss, dash="solid", role=role))
        texts = tuple(
            f"{one.name}, {count_text(tokens)} tokens: {loss:.4g}{', held out' if held else ''}"
            for tokens, loss, held in zip(one.tokens, one.loss, one.held)
        )
        layers.append(Markers(x=one.tokens, y=one.loss, texts=texts, filled=one.held, size=8.0, role=role))
    values = [loss for one in panel.series for loss in (*one.loss, *(fitted for _, fitted in one.fit))]
    x = log_axis([tokens for one in panel.series for tokens in one.tokens], TOKENS, "count")
    return Panel(tuple(layers), x, log_axis(values, kind), panel.title, spoken=_spoken("loss", panel))


def _change_panel(panel: LossPanel, names: Sequence[str]) -> Panel:
    layers: list[Layer] = [Level(at=0.0, role="quiet")]
    for one in panel.series:
        role = names.index(one.name)
        texts = tuple(
            f"{one.name}, {count_text(tokens)} tokens: {100 * change:+.2f}%{', held out' if held else ''}"
            for tokens, change, held in zip(one.tokens, one.loss, one.held)
        )
        layers.append(Polyline(x=one.tokens, y=one.loss, dash="solid", role=role))
        layers.append(Markers(x=one.tokens, y=one.loss, texts=texts, filled=one.held, size=8.0, role=role))
    x = log_axis([tokens for one in panel.series for tokens in one.tokens], TOKENS, "count")
    y = Axis("change", form="percent change")
    return Panel(tuple(layers), x, y, panel.title, spoken=_spoken("change of loss", panel))


def _best(told: Sequence[BestRatio], number: int, sizes: Sizes) -> Iterator[Layer]:
    tokens = tuple(best.tokens for best in told)
    values = tuple(best.answer.value for best in told)
    bands = [best.answer.interval or (0.0, 0.0) for best in told]
    texts = []
    for best in told:
        where = joined(size_name(best.size, sizes), f"{count_text(best.tokens)} tokens")
        texts.append(f"{where}: r* {answer_text(best.answer, '.2f')}")
    inside = tuple(best.inside for best in told)
    yield Band(x=tokens, low=tuple(low for low, _ in bands), high=tuple(high for _, high in bands), role=number)
    yield Polyline(x=tokens, y=values, role=number)
    yield Markers(x=tokens, y=values, texts=tuple(texts), filled=inside, size=8.0, role=number)


def _speed_up_row(each: SpeedUp, sizes: Sizes) -> Row:
    label = joined(size_name(each.size, sizes), f"ratio {each.ratio:g}", f"{count_text(each.tokens)} tokens")
    return Row(label, answer_text(each.answer, ".2f"))
