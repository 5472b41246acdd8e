"""Pages in one HTML file: text, style, scripts, figures and the library that draws them."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from types import SimpleNamespace
from typing import Any

from synth_eval.errors import SynthEvalError
from synth_eval.report.figures import Figure, picked, plotly_figure
from synth_eval.report.figures.calibration import reliability_figures
from synth_eval.report.figures.curves import conditions, controls, curve_figure, varying
from synth_eval.report.figures.description import Control
from synth_eval.report.figures.outputs import drift_figures
from synth_eval.report.scaling.view import ScalingView
from synth_eval.report.scaling.words import PATTERN
from synth_eval.report.view import Reliability, ReportView
from synth_eval.text import visible

SYMBOL = {"degraded": "✗", "inconclusive": "?", "safe": "✓", "improved": "↑", "refused": "–"}
NO_RELIABILITY: Mapping[str, Sequence[Reliability]] = {}
AVERAGES = {"scale": ("change",), "metric": (), "draw": ()}  # of what a figure can show, what averages over tasks do
FIGURES = SimpleNamespace(picked=picked, conditions=conditions, curve_figure=curve_figure, drift_figures=drift_figures)


def html_report(
    view: ReportView,
    *,
    reliability: Mapping[str, Sequence[Reliability]] = NO_RELIABILITY,
    scaling: ScalingView | None = None,
) -> str:
    """The text of report.html.

    Parameters
    ----------
    view : from `report_view`.
    reliability : title (such as the task) -> its reliability diagrams, by ratio; drawn side by side.
    scaling : from `scaling_view`, of a family over tokens: a section of its own.

    Returns
    -------
    str : a whole page, in UTF-8 about 2 MB, nearly all of it the compressed plotting library. It loads nothing: its
    content security policy forbids any connection. Every text of the view is escaped.

    Raises
    ------
    SynthEvalError : plotly or jinja2 is not installed.
    """
    return _page(
        "page.html.j2",
        controls(view.charts),
        title=view.title,
        product="report",
        start="verdict",
        view=view,
        counts=Counter(status.word for status in view.statuses),
        places=varying(view.charts),
        diagrams=reliability_figures(reliability),
        scaling=scaling,
    )


def scaling_page(view: ScalingView, *, title: str) -> str:
    """A whole page that loads nothing, for `synth-eval scaling --html`; raises as `html_report` does."""
    return _page("scaling_page.html.j2", (), title=title, product="scaling", start="scaling", scaling=view)


def _page(template: str, choices: Sequence[Control], **context: Any) -> str:
    """A template filled in; figures are numbered as they are placed, and follow as data."""
    try:
        import jinja2
        import markupsafe
    except ImportError:
        raise SynthEvalError("report.html needs jinja2: pip install jinja2") from None
    # autoescape for every name: the templates end in .j2, which jinja's own choice by ending does not know
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("synth_eval.report.html", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    placed: list[Figure] = []

    def place(figure: Figure) -> int:
        placed.append(figure)
        return len(placed) - 1

    def data() -> str:
        found = {"figures": [plotly_figure(f) for f in placed], "controls": [dataclasses.asdict(c) for c in choices]}
        return _packed(json.dumps(found, allow_nan=False, separators=(",", ":")).encode())

    def asset(name: str) -> str:
        return markupsafe.Markup(resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))

    shared = {
        "asset": asset,
        "placed": place,
        "data": data,
        "figures": FIGURES,
        "AVERAGES": AVERAGES,
        "PATTERN": PATTERN,
    }
    return str(templates.get_template(template).render(**shared, symbol=SYMBOL, plotly=_plotly(), **context))


def _visible(value: Any) -> Any:
    """Control characters of a text made visible: HTML has no place for them. What is markup already is left alone."""
    if not isinstance(value, str) or value.isprintable() or hasattr(value, "__html__"):
        return value
    return visible(value, keep="\n\t")


@cache
def _plotly() -> str:
    """plotly.min.js, compressed: 4.8 MB become 2 MB, which browsers since 2023 unpack by themselves."""
    try:
        script = resources.files("plotly").joinpath("package_data/plotly.min.js").read_bytes()
    except (ModuleNotFoundError, FileNotFoundError):
        raise SynthEvalError("report.html needs plotly: pip install plotly") from None
    return _packed(script)


def _packed(content: bytes) -> str:
    """Compressed, in letters that cannot end the element that holds them."""
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode("ascii")
