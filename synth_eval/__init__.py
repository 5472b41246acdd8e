"""synth-eval: is a model trained on synthetic data degraded, from which ratio on, and did calibration warn first?

The functions below return typed results: they show themselves in a notebook, give a DataFrame (``to_frame``) and write
files when asked (``save``). They are imported when they are first used: ``import synth_eval`` loads no torch, no
lm-eval and no numpy.

- `load_family` : checkpoints.yaml -> the checkpoints and their places in the grid
- `evaluate` : score what has not been scored
- `compare` : verdicts, budgets and leads of a family, from a manifest or a table of scores
- `calibrate` : over- or underconfidence in any lm-eval run
- `scaling` : scaling laws of losses over sizes, tokens and ratios
- `load_results` : a comparison that was saved
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synth_eval.manifest import load_family
    from synth_eval.pipeline.calibrate import calibrate
    from synth_eval.pipeline.compare import compare
    from synth_eval.pipeline.evaluate import evaluate
    from synth_eval.pipeline.reports import load_results
    from synth_eval.pipeline.scaling import scaling

__version__ = "0.1.0"

__all__ = ["calibrate", "compare", "evaluate", "load_family", "load_results", "scaling"]
_HOMES = {
    "load_family": "synth_eval.manifest",
    "evaluate": "synth_eval.pipeline.evaluate",
    "compare": "synth_eval.pipeline.compare",
    "calibrate": "synth_eval.pipeline.calibrate",
    "scaling": "synth_eval.pipeline.scaling",
    "load_results": "synth_eval.pipeline.reports",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])


class _Callable(ModuleType):
    """A layer that has the name of a function: `synth_eval.compare`, once it is imported, and `compare(...)`."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return __getattr__(self.__name__.rpartition(".")[2])(*arguments, **options)


class _Library(ModuleType):
    def __setattr__(self, name: str, value: Any) -> None:
        if name in _HOMES and isinstance(value, ModuleType):  # the import system sets a layer that it has loaded
            value.__class__ = _Callable
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Library
