"""ScalingReport -> view: everything that reports show of scaling laws, computed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from synth_eval.report.figures.description import Figure
from synth_eval.report.figures.scaling import change_figure, loss_figure, mixture_figures
from synth_eval.report.scaling import tables, words
from synth_eval.report.view import DataTable
from synth_eval.scaling.report import MixtureResult, ScalingReport, TaskScaling
from synth_eval.text import joined


@dataclass(frozen=True)
class MixtureView:
    """One source of a task. ``figures`` by the end of their file's name, those whose answers were not all refused."""

    result: MixtureResult
    title: str
    law: str
    moves: tuple[str, ...]
    collapse: str
    refused: tuple[str, ...]
    speed_ups: DataTable | None
    forms: DataTable | None
    tables: tuple[DataTable, ...]
    figures: Mapping[str, Figure]


@dataclass(frozen=True)
class TaskView:
    """One task. ``losses`` and ``changes`` are None without curves, and without natural data beside the mixes."""

    result: TaskScaling
    kind: str
    sentences: tuple[str, ...]
    losses: Figure | None
    changes: Figure | None
    curves: tuple[DataTable, ...]
    over_sizes: DataTable | None
    forms: DataTable | None
    mixtures: tuple[MixtureView, ...]
    refused_curves: tuple[str, ...]
    refused_sizes: tuple[str, ...]

    @property
    def tables(self) -> tuple[DataTable, ...]:
        return (*self.curves, *(each for each in (self.over_sizes, self.forms) if each is not None))


@dataclass(frozen=True)
class ScalingView:
    """All tasks, and the domains of each source with what is flagged there."""

    tasks: tuple[TaskView, ...]
    domains: tuple[tuple[DataTable, tuple[str, ...]], ...]
    sizes: dict[float, str]
    notes: tuple[str, ...]


def scaling_view(report: ScalingReport) -> ScalingView:
    """Everything that a scaling report shows; tables are named for a page."""
    return ScalingView(
        tuple(_task(f"scaling-{number}", task, report.sizes) for number, task in enumerate(report.tasks)),
        tuple(
            (tables.domain_table(domains, f"scaling-domains-{number}"), tuple(words.domain_flags(domains.effects)))
            for number, domains in enumerate(report.domains)
        ),
        report.sizes,
        report.notes,
    )


def _task(name: str, task: TaskScaling, sizes: dict[float, str]) -> TaskView:
    sized = len({curve.size for curve in task.curves if curve.size}) > 1
    return TaskView(
        task,
        kind="error rate" if task.error_rate else "loss",
        sentences=(*words.in_short(task, sizes), *words.driven_lines(task)),
        losses=loss_figure(task),
        changes=change_figure(task),
        curves=tables.curve_tables(task, name),
        over_sizes=tables.over_sizes_table(task, sizes, f"{name}-sizes"),
        forms=tables.form_table(task.over_sizes[0].answers.forms, f"{name}-forms") if task.over_sizes else None,
        mixtures=tuple(_mixture(f"{name}-mix-{i}", mixture, sizes) for i, mixture in enumerate(task.mixtures)),
        refused_curves=tuple(words.curve_refusals(task.curves)),
        refused_sizes=tuple(words.size_refusals(task.over_sizes)) if sized else (),
    )


def _mixture(name: str, mixture: MixtureResult, sizes: dict[float, str]) -> MixtureView:
    fit = mixture.answers.fit
    best = tables.best_table(mixture, mixture.answers.best, sizes, f"{name}-best")
    speed_ups = tables.speed_up_table(mixture, sizes, f"{name}-saved")
    forms = tables.form_table(mixture.answers.forms, f"{name}-forms")
    found = (best, speed_ups, tables.equal_loss_table(mixture, sizes, f"{name}-equal"), forms)
    return MixtureView(
        mixture,
        title=joined(f"Mixes of {mixture.source}", mixture.size),
        law="" if fit is None else f"{fit.law.formula}; scatter around it {words.percent_text(fit.scatter)}",
        moves=tuple(words.moves_lines(mixture)),
        collapse=words.collapse_text(mixture, sizes),
        refused=tuple(words.mixture_refusals(mixture, sizes)),
        speed_ups=speed_ups,
        forms=forms,
        tables=tuple(each for each in found if each is not None),
        figures=mixture_figures(mixture, sizes),
    )
