"""How loss falls with tokens at each ratio: scaling laws of tables of losses or of comparisons."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth_eval.errors import ResultsError
from synth_eval.pipeline.listener import SILENT, Listener
from synth_eval.results.table_file import read_table
from synth_eval.scaling.loss_table import COLUMNS, LossTable, losses_of
from synth_eval.scaling.report import ScalingReport, scaling_report, scaling_to_dict
from synth_eval.text import written_quantity

if TYPE_CHECKING:
    import pandas as pd

    from synth_eval.report.scaling.view import ScalingView


def scaling(
    files: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    resamples: int = 200,
    seed: int = 0,
    min_tokens: float = 0.0,
    listener: Listener = SILENT,
) -> ScalingResult:
    """Fit scaling laws over sizes, tokens and ratios.

    Parameters
    ----------
    files : CSV with the columns family, size, tokens, ratio, source, task, loss, or comparison.json, one or several
    resamples : bootstrap resamples a fit
    seed : of starts and resamples
    min_tokens : losses at fewer training tokens are left out: warm-up follows no law

    Raises
    ------
    ResultsError : a file cannot be read, or there is nothing to fit.

    Examples
    --------
    >>> found = scaling("losses.csv", resamples=50)
    >>> [(task.family, task.task) for task in found.report.tasks]
    [('f', 'web')]
    """
    several = [files] if isinstance(files, (str, os.PathLike)) else files
    tables = [_read(Path(file)) for file in several]
    rows = [row for table in tables for row in table.rows]
    problems = [problem for table in tables for problem in table.problems]
    if not rows:
        raise ResultsError(problems[0] if problems else f"{several[0]}: no losses and no accuracies to fit")
    late = [row for row in rows if row.tokens >= min_tokens]
    if len(late) < len(rows):
        least = written_quantity(min_tokens)
        if not late:
            largest = written_quantity(max(row.tokens for row in rows))
            raise ResultsError(f"--min-tokens {least}: the largest budget is {largest}, so that nothing is left to fit")
        problems.append(f"{len(rows) - len(late)} of {len(rows)} losses, at fewer than {least} tokens (--min-tokens)")
        rows = late
    listener.counting("fitting", len({(row.family, row.task) for row in rows}))
    report = scaling_report(
        rows, notes=problems, resamples=resamples, seed=seed, on_task=lambda task: listener.counted()
    )
    return ScalingResult(report, Path(several[0]))


@dataclass(frozen=True)
class ScalingResult:
    """What `scaling` found. ``file`` is the first that was read."""

    report: ScalingReport
    file: Path

    @property
    def title(self) -> str:
        """What a page about it is called."""
        families = ", ".join(dict.fromkeys(task.family for task in self.report.tasks))
        return f"Scaling laws of {families or self.file.name}"

    @cached_property
    def view(self) -> ScalingView:
        """What reports say and draw, computed once."""
        from synth_eval.report.scaling.view import scaling_view

        return scaling_view(self.report)

    def to_dict(self) -> dict[str, Any]:
        """What `synth-eval scaling --json` prints."""
        return scaling_to_dict(self.report)

    def to_frame(self) -> pd.DataFrame:
        """One row a family and task, nested answers as columns such as ``fit.B``."""
        import pandas as pd

        return pd.json_normalize(self.to_dict()["tasks"])

    def save(self, folder: str | os.PathLike[str], *, figures: bool = False) -> tuple[Path, ...]:
        """Write scaling.json and scaling.html, and figures if requested; returns the files, figures as their folder."""
        from synth_eval.results import write_json

        folder = Path(folder)
        write_json(folder / "scaling.json", self.to_dict())
        self.write_html(folder / "scaling.html")
        if figures:
            self.draw(folder / "figures")
        return (folder / "scaling.json", folder / "scaling.html", *[folder / "figures"][: int(figures)])

    def write_html(self, path: Path) -> None:
        """Write a page with the figures and tables; it needs no network."""
        from synth_eval.results import write_atomically

        try:
            write_atomically(path, self._page())
        except OSError as error:
            raise ResultsError(f"{path}: cannot be written ({error.strerror or error}); give another file") from None

    def draw(self, folder: Path) -> int:
        """Draw the figures as PNG and SVG; returns how many files."""
        from synth_eval.report.figures import scaling_figures, write_figures

        return len(write_figures(scaling_figures(self.view), folder))

    def _page(self) -> str:
        from synth_eval.report.html import scaling_page

        return scaling_page(self.view, title=self.title)

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False, na_rep=""))


def read_losses(file: Path) -> LossTable:
    """The losses of a CSV or Parquet file.

    Raises
    ------
    ResultsError : no such file, no table, no columns of tokens and loss, or no row that can be used.
    """
    table = read_table(file, columns=", ".join(COLUMNS))
    return losses_of(table.columns, table.rows, name=table.name)


def _read(file: Path) -> LossTable:
    if file.suffix.lower() != ".json":
        return read_losses(file)
    from synth_eval.compare import comparison_from_json
    from synth_eval.compare.scaling import comparison_losses

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ResultsError(f"{file}: it cannot be read: give a CSV of losses or a comparison.json") from None
    try:
        return comparison_losses(comparison_from_json(text), name=file.name)
    except ResultsError as error:
        raise ResultsError(f"{file}: {error}") from None
