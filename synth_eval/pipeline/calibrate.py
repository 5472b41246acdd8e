"""The calibration of any lm-eval run that logged its samples."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from synth_eval.compare.calibration import (
    SCHEMA,
    CalibrationReport,
    CalibrationSettings,
    LeftOut,
    ModelCalibration,
    RollingTask,
    calibration_rows,
    reasons_left_out,
)
from synth_eval.compare.calibration_items import CalibrationItems, calibration_items, generated_items
from synth_eval.data.sets import category_of
from synth_eval.errors import ResultsError
from synth_eval.pipeline.listener import SILENT, Listener
from synth_eval.results import LoggedModel, read_models, read_samples
from synth_eval.results.aggregates import CONTRADICTED, contradicts
from synth_eval.results.collectors import SCORED_OTHERWISE
from synth_eval.text import Note, once

if TYPE_CHECKING:
    import pandas as pd

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def calibrate(
    results: Paths,
    *,
    tasks: Sequence[str] = (),
    settings: CalibrationSettings | None = None,
    listener: Listener = SILENT,
) -> CalibrationResult:
    """Is a model over- or underconfident on the tasks that lm-eval ran?

    Parameters
    ----------
    results : output folders of lm-eval, results or samples files, one or several
    tasks : tasks, groups or patterns (``mmlu_*``); all tasks if empty
    settings : bins, resamples ...; the defaults if None

    Raises
    ------
    ResultsError : no samples, no such task, no file that can be read, or no document with the clusters' field.

    Examples
    --------
    >>> found = calibrate("out", tasks=["sums"], settings=CalibrationSettings(resamples=0))
    >>> found.to_frame()[["name", "n"]].drop_duplicates().values.tolist()
    [['sums', 200]]
    """
    settings = settings or CalibrationSettings()
    several = [results] if isinstance(results, (str, os.PathLike)) else results
    found = read_models([Path(path) for path in several], wanted=tasks)
    models = [calibrate_model(model, settings, listener) for model in found]
    left_out, rows = [e for m in models for e in m.left_out], [row for model in models for row in model.rows]
    if not rows and not any(model.rolling for model in models) and all(each.failed for each in left_out):
        raise ResultsError(f"nothing to calibrate: {'; '.join(reasons_left_out(left_out))}")
    if settings.clusters is not None and rows and not any(row.clustered for row in rows):
        raise ResultsError(f"--clusters {settings.clusters}: no logged document has that field")
    return CalibrationResult(CalibrationReport(SCHEMA, settings, tuple(models)))


@dataclass(frozen=True)
class CalibrationResult:
    """What `calibrate` found."""

    report: CalibrationReport

    @property
    def failed(self) -> bool:
        """Whether a file could not be read that should have had numbers."""
        return any(each.failed for model in self.report.models for each in model.left_out)

    def to_frame(self) -> pd.DataFrame:
        """One row a model and task, group or category; the columns are those of `calibration_frame`."""
        from synth_eval.compare.calibration_words import calibration_frame

        return calibration_frame(self.report)

    def save(self, folder: str | Path, *, plots: bool = False, listener: Listener = SILENT) -> list[str]:
        """Write calibration.json, .csv and .parquet, and reliability diagrams if requested; returns what, in words."""
        from synth_eval.results import atomic_file, write_json

        folder, table = Path(folder), self.to_frame()
        write_json(folder / "calibration.json", self.report)
        with atomic_file(folder / "calibration.csv") as path:
            table.to_csv(path, index=False)
        with atomic_file(folder / "calibration.parquet") as path:
            table.to_parquet(path, index=False)
        written = ["calibration.json", "calibration.csv", "calibration.parquet"]
        if plots:
            from synth_eval.report.figures import calibration_figures, write_figures

            listener.counting("draw", sum(len(model.rows) for model in self.report.models))
            files = write_figures(
                calibration_figures(self.report), folder / "plots", on_figure=lambda name: listener.counted()
            )
            written.append(f"{len(files)} plots")
        return written

    def _repr_html_(self) -> str:
        table = self.to_frame()
        shown = ["model", "name", "kind", "n", "accuracy", "mean_confidence", "ece", "ece_low", "ece_high", "direction"]
        return str(table[shown].to_html(index=False, float_format=lambda value: f"{value:.3f}"))


def calibrate_model(model: LoggedModel, settings: CalibrationSettings, listener: Listener = SILENT) -> ModelCalibration:
    """Read and assess all samples of a model. Nothing raises: what fails is in ``left_out``."""
    items: list[CalibrationItems] = []
    rolling: list[RollingTask] = []
    left_out: list[LeftOut] = []
    noted = list(model.notes)
    listener.counting(f"read {model.name}", len(model.samples))
    for task, path in model.samples.items():
        category = model.category(task) or category_of(task)
        try:
            samples = read_samples(path, task=task, clusters=settings.clusters)
            noted += [Note(task, note) for note in samples.notes]
            if task in model.results and contradicts(model.results[task], samples, path):
                left_out.append(LeftOut(task, f"no calibration: {CONTRADICTED}", failed=False))
            elif samples.accuracy:
                left_out.append(LeftOut(task, f"no calibration: {SCORED_OTHERWISE}", failed=False))
            elif samples.kind == "choice":
                items.append(calibration_items(samples, category=category, normalisation=settings.normalisation))
            elif samples.kind == "rolling":
                bits = -sum(samples.loglik) / math.log(2.0)
                rolling.append(RollingTask(task, len(samples.doc_id), bits / sum(samples.n_bytes)))
            else:
                try:
                    items += generated_items(samples, category=category)
                except ValueError as error:  # most generation tasks have no confidence, which is no failure
                    reason = f"no confidence: {str(error).removeprefix(f'{task}: ')}"
                    left_out.append(LeftOut(task, reason, failed=False))
        except (ResultsError, ValueError) as error:
            left_out.append(LeftOut(task, str(error).removeprefix(f"{path}: "), failed=True))
        listener.counted()

    def on_row(name: str, n: int, of: int) -> None:
        listener.counting(f"assess {model.name}", of)
        listener.counted()

    rows = calibration_rows(items, model.groups, settings, on_row=on_row)
    return ModelCalibration(model.name, str(model.folder), rows, tuple(rolling), tuple(left_out), tuple(once(noted)))
