"""Scaling laws as a section of report.html, and as a page of their own."""

from __future__ import annotations

from dataclasses import dataclass

from synth_eval.report.html.environment import SYMBOL, environment
from synth_eval.report.html.scaling_svg import (
    Bars,
    Key,
    Panel,
    best_ratio_figure,
    equal_loss_figures,
    legend,
    loss_figures,
    relative_figures,
    speed_up_bars,
)
from synth_eval.report.scaling.sentences import (
    PATTERN,
    collapse_text,
    curve_refusals,
    domain_flags,
    in_short,
    mixture_refusals,
    moves_lines,
    size_refusals,
)
from synth_eval.report.scaling.tables import (
    best_table,
    curve_tables,
    domain_table,
    equal_loss_table,
    form_table,
    over_sizes_table,
    speed_up_table,
)
from synth_eval.report.scaling.view import LINES, equal_loss_panels, loss_panels, percent_text, relative_panels
from synth_eval.report.view import DataTable
from synth_eval.scaling.report import MixtureResult, ScalingReport, TaskScaling


@dataclass(frozen=True)
class MixtureSection:
    """One source of a task."""

    title: str
    law: str
    equal_loss: tuple[Panel, ...]
    best: tuple[Panel, tuple[Key, ...]] | None
    bars: Bars | None
    lines: tuple[str, ...]
    tables: tuple[DataTable, ...]


@dataclass(frozen=True)
class TaskSection:
    """One task; ``lines`` are refusals and notes."""

    title: str
    kind: str
    sentences: tuple[str, ...]
    keys: tuple[Key, ...]
    losses: tuple[Panel, ...]
    change_keys: tuple[Key, ...]
    changes: tuple[Panel, ...]
    tables: tuple[DataTable, ...]
    mixtures: tuple[MixtureSection, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class ScalingSection:
    """All tasks, and the domains of each source with what is flagged there."""

    tasks: tuple[TaskSection, ...]
    domains: tuple[tuple[DataTable, tuple[str, ...]], ...]
    notes: tuple[str, ...]
    pattern: str = PATTERN


def scaling_section(report: ScalingReport) -> ScalingSection:
    """What the page draws of a scaling report."""
    return ScalingSection(
        tuple(_task(number, task, report) for number, task in enumerate(report.tasks)),
        tuple(
            (domain_table(domains, f"scaling-domains-{number}"), tuple(domain_flags(domains.effects)))
            for number, domains in enumerate(report.domains)
        ),
        report.notes,
    )


def scaling_page(report: ScalingReport, *, title: str) -> str:
    """A whole page that loads nothing, for `synth-eval scaling --html`.

    Raises
    ------
    SynthEvalError : jinja2 is not installed.
    """
    page = environment().get_template("scaling_page.html.j2")
    return str(page.render(scaling=scaling_section(report), title=title, symbol=SYMBOL))


def _task(number: int, task: TaskScaling, report: ScalingReport) -> TaskSection:
    panels, changes, name = loss_panels(task), relative_panels(task), f"scaling-{number}"
    keys = legend(panels)
    changed = {one.name for panel in changes for one in panel.series}
    forms = form_table(task.over_sizes[0].answers.forms, f"{name}-forms") if task.over_sizes else None
    tables = (*curve_tables(task, name), over_sizes_table(task, report.sizes, f"{name}-sizes"), forms)
    sized = len({curve.size for curve in task.curves if curve.size}) > 1
    return TaskSection(
        title=f"{task.family}: {task.task}" if len({each.family for each in report.tasks}) > 1 else task.task,
        kind="error rate" if task.error_rate else "loss",
        sentences=in_short(task, report.sizes),
        keys=keys,
        losses=loss_figures(panels),
        change_keys=tuple(key for key in keys if key.label in changed),
        changes=relative_figures(changes, panels),
        tables=tuple(table for table in tables if table is not None),
        mixtures=tuple(_mixture(f"{name}-mix-{i}", mixture, report) for i, mixture in enumerate(task.mixtures)),
        lines=(
            *(f"refused: {line}" for line in curve_refusals(task.curves)),
            *(f"refused: {line}" for line in (size_refusals(task.over_sizes) if sized else ())),
            *task.notes,
        ),
    )


def _mixture(name: str, mixture: MixtureResult, report: ScalingReport) -> MixtureSection:
    answers, sizes = mixture.answers, report.sizes
    told = [best for best in answers.best if best.answer.value is not None]
    tables = (
        best_table(mixture, told, sizes, f"{name}-best"),
        speed_up_table(mixture, sizes, f"{name}-saved"),
        equal_loss_table(mixture, sizes, f"{name}-equal", lines=LINES),
        form_table(answers.forms, f"{name}-forms"),
    )
    fit = answers.fit
    return MixtureSection(
        title=f"Mixes of {mixture.source}" + (f", {mixture.size}" if mixture.size else ""),
        law="" if fit is None else f"{fit.law.formula}; scatter around it {percent_text(fit.scatter)}",
        equal_loss=equal_loss_figures(equal_loss_panels(mixture, sizes)),
        best=best_ratio_figure(mixture, sizes),
        bars=speed_up_bars(mixture, sizes),
        lines=(
            collapse_text(mixture, sizes),
            *moves_lines(mixture),
            *(f"refused: {line}" for line in mixture_refusals(mixture, sizes)),
        ),
        tables=tuple(table for table in tables if table is not None),
    )
