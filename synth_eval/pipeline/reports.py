"""A comparison with everything that is drawn from it: shown, written, read again."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth_eval.compare import comparison_from_json, comparison_to_json
from synth_eval.comparison import Comparison
from synth_eval.errors import ExitCode, ResultsError

if TYPE_CHECKING:
    import pandas as pd

    from synth_eval.report.view import ReportView
    from synth_eval.report.view.model import Reliability
    from synth_eval.scaling.report import ScalingReport

RELIABILITY = "reliability.json"  # beside comparison.json: diagrams by task and ratio
DATA_FILES = ("comparison.json", "comparison.csv", "comparison.parquet", RELIABILITY)
REPORT_FILES = ("report.html", "report.md")
Diagrams = dict[str, tuple["Reliability", ...]]


@dataclass(frozen=True)
class ComparisonResult:
    """What `compare` found, or `load_results` read. In a notebook it shows its verdicts.

    Attributes
    ----------
    comparison : all numbers and verdicts.
    folder : where the command writes its files, and `save` if no other folder is given.
    evaluated : how many evaluations were run for it.
    """

    comparison: Comparison
    folder: Path
    evaluated: int = 0
    make_diagrams: Callable[[], dict[str, list[dict[str, Any]]]] = field(default=dict, repr=False, compare=False)

    @cached_property
    def view(self) -> ReportView:
        """Everything that a report shows."""
        from synth_eval.report.view import report_view

        return report_view(self.comparison)

    @cached_property
    def scaling(self) -> ScalingReport | None:
        """Scaling laws of a family over tokens; None elsewhere."""
        from synth_eval.compare.scaling import family_scaling

        return family_scaling(self.comparison)

    @cached_property
    def _diagrams(self) -> dict[str, list[dict[str, Any]]]:
        return self.make_diagrams()

    @property
    def exit_code(self) -> ExitCode:
        """What the command returns: whether the gate holds and every checkpoint could be evaluated."""
        if not all(result.passed for result in self.comparison.gate):
            return ExitCode.GATE
        return ExitCode.PARTIAL if any(c.failed for c in self.comparison.checkpoints) else ExitCode.OK

    def to_frame(self) -> pd.DataFrame:
        """One row a curve and ratio, with the curve's verdict; the columns are those of `compare.tidy`."""
        from synth_eval.compare import tidy

        return tidy(self.comparison)

    def save(
        self,
        folder: str | os.PathLike[str] | None = None,
        *,
        figures: bool = False,
        latex: bool = False,
        junit: bool = False,
    ) -> tuple[Path, ...]:
        """Write comparison.json, .csv, .parquet, reliability.json and the reports, each whole; returns the files."""
        from synth_eval.results import atomic_file, write_atomically, write_json

        root = self.folder if folder is None else Path(folder)
        table = self.to_frame()
        data, csv, parquet, diagrams = (root / name for name in DATA_FILES)
        write_atomically(data, comparison_to_json(self.comparison))
        with atomic_file(csv) as path:
            table.to_csv(path, index=False)
        with atomic_file(parquet) as path:
            table.to_parquet(path, index=False)
        write_json(diagrams, self._diagrams)
        return (data, csv, parquet, diagrams, *self.write_reports(root, figures=figures, latex=latex, junit=junit))

    def write_reports(
        self, folder: Path, *, figures: bool = False, latex: bool = False, junit: bool = False
    ) -> tuple[Path, ...]:
        """Write report.html and report.md, and what else is requested; returns the files, figures as their folder."""
        from synth_eval.report.exports import markdown_report
        from synth_eval.report.html import html_report
        from synth_eval.report.scaling.view import scaling_view
        from synth_eval.results import write_atomically

        diagrams = reliability_of(self._diagrams)
        laws = None if self.scaling is None else scaling_view(self.scaling)
        texts = {
            "report.html": html_report(self.view, reliability=diagrams, scaling=laws),
            "report.md": markdown_report(self.view),
        }
        if latex:
            from synth_eval.report.exports import latex_tables

            texts["report.tex"] = latex_tables(self.view)
        if junit:
            self.save_junit(folder / "junit.xml")
        for name, text in texts.items():
            write_atomically(folder / name, text)
        written = [folder / name for name in texts] + [folder / "junit.xml"] * junit
        if figures:
            from synth_eval.report.figures import report_figures, scaling_figures, write_figures

            drawn = {**report_figures(self.view), **(scaling_figures(laws) if laws is not None else {})}
            write_figures(drawn, folder / "figures")
            written.append(folder / "figures")
        return tuple(written)

    def save_junit(self, file: str | os.PathLike[str]) -> None:
        """Write JUnit XML to a file of any place: each curve and each rule of the gate a test."""
        from synth_eval.report.junit import junit_xml
        from synth_eval.results import write_atomically

        write_atomically(Path(file), junit_xml(self.comparison))

    def summary(self) -> str:
        """One line of JSON for a pipeline; docs/gate.md describes it."""
        from synth_eval.report.summary import summary_line

        return summary_line(self.comparison, exit_code=self.exit_code, results=str(self.folder))

    def _repr_html_(self) -> str:
        frame = self.to_frame().drop_duplicates(subset=["task", "metric", "size", "iteration", "source", "tokens"])
        shown = ["task", "metric", "size", "iteration", "source", "verdict", "onset", "budget", "reason"]
        return str(frame.loc[~frame["display_only"], shown].to_html(index=False, na_rep=""))


def load_results(results: str | os.PathLike[str]) -> ComparisonResult:
    """The comparison of a results folder, or of a comparison.json.

    Raises
    ------
    ResultsError : no comparison there, or none that this version reads.

    Examples
    --------
    >>> from synth_eval.pipeline.compare import compare
    >>> files = compare("checkpoints.yaml", results="out", tasks=["sums"]).save("saved")
    >>> load_results("saved").comparison.family
    'small'
    """
    results = Path(results)
    folder = results if results.is_dir() else results.parent
    file = results / "comparison.json" if results.is_dir() else results
    wrong = "give a folder that synth-eval compare wrote"
    try:
        comparison = comparison_from_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ResultsError(f"{file}: cannot be read ({error.strerror or error}); {wrong}") from None
    except UnicodeDecodeError:
        raise ResultsError(f"{file}: not a text file; {wrong}") from None
    except ResultsError as error:
        raise ResultsError(f"{file}: {error}") from None
    return ComparisonResult(comparison, folder, make_diagrams=lambda: _read_diagrams(folder / RELIABILITY))


def _read_diagrams(file: Path) -> dict[str, list[dict[str, Any]]]:
    """The reliability diagrams by title; none if they cannot be read: a report is made without them."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        reliability_of(data)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
    return dict(data)


def reliability_of(data: Mapping[str, Sequence[Mapping[str, Any]]]) -> Diagrams:
    """The diagrams of `compare.tidy.reliability_diagrams`, for the page."""
    from synth_eval.report.view.model import Reliability

    def numbers(values: Sequence[float | None]) -> tuple[float, ...]:
        return tuple(math.nan if value is None else float(value) for value in values)

    names = ("confidence", "accuracy", "null_low", "null_high", "count")
    return {
        str(title): tuple(
            Reliability(label=str(d["label"]), note=str(d["note"]), **{name: numbers(d[name]) for name in names})
            for d in diagrams
        )
        for title, diagrams in data.items()
    }
