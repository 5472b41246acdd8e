"""ScalingReport -> view: what a report says of scaling laws, once."""

from __future__ import annotations

from dataclasses import dataclass

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
from synth_eval.report.scaling.view import LINES, LossPanel, loss_panels, percent_text
from synth_eval.report.view import DataTable
from synth_eval.scaling.report import MixtureResult, ScalingReport, TaskScaling


@dataclass(frozen=True)
class MixtureView:
    """One source of a task."""

    result: MixtureResult
    title: str
    law: str
    lines: tuple[str, ...]
    tables: tuple[DataTable, ...]


@dataclass(frozen=True)
class TaskView:
    """One task; ``lines`` are refusals and notes."""

    result: TaskScaling
    title: str
    kind: str
    sentences: tuple[str, ...]
    panels: tuple[LossPanel, ...]
    tables: tuple[DataTable, ...]
    mixtures: tuple[MixtureView, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class ScalingView:
    """All tasks, and the domains of each source with what is flagged there."""

    tasks: tuple[TaskView, ...]
    domains: tuple[tuple[DataTable, tuple[str, ...]], ...]
    sizes: dict[float, str]
    notes: tuple[str, ...]
    pattern: str = PATTERN


def scaling_view(report: ScalingReport) -> ScalingView:
    """Everything that is said of a scaling report; tables are named for a page."""
    return ScalingView(
        tuple(_task(number, task, report) for number, task in enumerate(report.tasks)),
        tuple(
            (domain_table(domains, f"scaling-domains-{number}"), tuple(domain_flags(domains.effects)))
            for number, domains in enumerate(report.domains)
        ),
        report.sizes,
        report.notes,
    )


def _task(number: int, task: TaskScaling, report: ScalingReport) -> TaskView:
    name = f"scaling-{number}"
    forms = form_table(task.over_sizes[0].answers.forms, f"{name}-forms") if task.over_sizes else None
    tables = (*curve_tables(task, name), over_sizes_table(task, report.sizes, f"{name}-sizes"), forms)
    sized = len({curve.size for curve in task.curves if curve.size}) > 1
    refused = (*curve_refusals(task.curves), *(size_refusals(task.over_sizes) if sized else ()))
    return TaskView(
        task,
        title=f"{task.family}: {task.task}" if len({each.family for each in report.tasks}) > 1 else task.task,
        kind="error rate" if task.error_rate else "loss",
        sentences=in_short(task, report.sizes),
        panels=loss_panels(task),
        tables=tuple(table for table in tables if table is not None),
        mixtures=tuple(_mixture(f"{name}-mix-{i}", mixture, report.sizes) for i, mixture in enumerate(task.mixtures)),
        lines=(*(f"refused: {line}" for line in refused), *task.notes),
    )


def _mixture(name: str, mixture: MixtureResult, sizes: dict[float, str]) -> MixtureView:
    answers, fit = mixture.answers, mixture.answers.fit
    tables = (
        best_table(mixture, [b for b in answers.best if b.answer.value is not None], sizes, f"{name}-best"),
        speed_up_table(mixture, sizes, f"{name}-saved"),
        equal_loss_table(mixture, sizes, f"{name}-equal", lines=LINES),
        form_table(answers.forms, f"{name}-forms"),
    )
    refused = (f"refused: {line}" for line in mixture_refusals(mixture, sizes))
    return MixtureView(
        mixture,
        title=f"Mixes of {mixture.source}" + (f", {mixture.size}" if mixture.size else ""),
        law="" if fit is None else f"{fit.law.formula}; scatter around it {percent_text(fit.scatter)}",
        lines=(collapse_text(mixture, sizes), *moves_lines(mixture), *refused),
        tables=tuple(table for table in tables if table is not None),
    )
