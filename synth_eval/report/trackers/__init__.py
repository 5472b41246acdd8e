"""Experiment trackers: the tidy table as scalars over ratio, and the figures. Off unless requested by --track."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from synth_eval.comparison import Comparison
from synth_eval.errors import SynthEvalError
from synth_eval.report.trackers.material import Material, material_of
from synth_eval.report.view import ReportView, report_view

KINDS = {"tensorboard": "DIR", "wandb": "PROJECT", "mlflow": "EXPERIMENT"}


class TrackerError(SynthEvalError):
    """A tracker that is not known, not installed, or does not take the comparison."""


@dataclass(frozen=True)
class Target:
    """Where to log: ``name`` is a folder for TensorBoard, a project for wandb, an experiment for MLflow."""

    kind: str
    name: str


def target_of(text: str) -> Target:
    """'tensorboard=runs' -> Target, checked before anything is evaluated.

    Raises
    ------
    TrackerError : no tracker of that name, nothing after the =, or its package is not installed.
    """
    kind, _, name = text.partition("=")
    forms = ", ".join(f"{kind}={what}" for kind, what in KINDS.items())
    if kind not in KINDS or not name.strip():
        raise TrackerError(f"--track {text}: write one of {forms}")
    if importlib.util.find_spec(kind) is None:
        raise TrackerError(f"--track {text}: {kind} is not installed; pip install 'synth-eval[trackers]'")
    return Target(kind, name.strip())


def track(comparison: Comparison, target: Target, *, view: ReportView | None = None) -> str:
    """Log a comparison; only the requested tracker is imported.

    Parameters
    ----------
    view : of the comparison, where it has been computed.

    Returns
    -------
    One line: what was logged, where, and what would send it elsewhere.

    Raises
    ------
    TrackerError : whatever the tracker objects to, in one line.
    """
    module = importlib.import_module(f"synth_eval.report.trackers.to_{target.kind}")
    log: Callable[[Material, str], str] = module.log
    with TemporaryDirectory(prefix="synth-eval-") as folder:
        material = material_of(comparison, view or report_view(comparison), Path(folder))
        try:
            said = log(material, target.name)
        except SynthEvalError:
            raise
        except Exception as error:  # what other packages raise is theirs to choose
            reason = (str(error).strip().splitlines() or [""])[0]
            raise TrackerError(f"{target.kind}: {type(error).__name__}: {reason}") from error
    return f"{target.kind}: {said}" + (f"; {material.note}" if material.note else "")
