"""The view as one HTML file: page, style, scripts, data and plotting library in one."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from synth_eval.errors import SynthEvalError
from synth_eval.report.html.drawings import DiagramRow, diagram_rows, panel_rows
from synth_eval.report.html.environment import SYMBOL, environment
from synth_eval.report.html.scaling import scaling_section
from synth_eval.report.view import ReportView, report_view
from synth_eval.report.view.model import Reliability
from synth_eval.scaling.report import ScalingReport
from synth_eval.types import Comparison

# in a <script> element, where these could end it or start a comment, and where old engines break lines
UNSAFE_IN_SCRIPT = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
NO_RELIABILITY: Mapping[str, Sequence[Reliability]] = {}


def html_report(
    comparison: Comparison,
    *,
    reliability: Mapping[str, Sequence[Reliability]] = NO_RELIABILITY,
    scaling: ScalingReport | None = None,
    view: ReportView | None = None,
) -> str:
    """The text of report.html.

    Parameters
    ----------
    comparison : what `compare_family` found, or what was read from comparison.json.
    reliability : title (such as the task) -> its reliability diagrams, by ratio; drawn as small multiples.
    scaling : scaling laws of a family over tokens, a section of their own.
    view : `report_view` of the comparison, where it is there already.

    Returns
    -------
    str : a whole page, in UTF-8 about 2 MB, nearly all of it the compressed plotting library. It loads nothing: its
    content security policy forbids any connection. Every text of the comparison is escaped.

    Raises
    ------
    SynthEvalError : plotly or jinja2 is not installed.
    """
    view = view or report_view(comparison)
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            view=view,
            counts=Counter(status.word for status in view.statuses),
            symbol=SYMBOL,
            diagrams=_diagrams(reliability),
            scaling=None if scaling is None else scaling_section(scaling),
            over_ratio=tuple(panel_rows(view.outputs.over_ratio)) if view.outputs else (),
            over_iteration=tuple(panel_rows(view.outputs.over_iteration)) if view.outputs else (),
            data=script_json({"charts": [*map(_trimmed, view.charts)], "grids": [*map(_trimmed, view.grid_charts)]}),
            plotly=_plotly(),
        )
    )


def write_html(
    comparison: Comparison, path: Path, *, reliability: Mapping[str, Sequence[Reliability]] = NO_RELIABILITY
) -> None:
    """Write `html_report` to a file, replacing it."""
    path.write_text(html_report(comparison, reliability=reliability), encoding="utf-8")


def script_json(value: Any) -> str:
    """JSON that is safe inside a <script> element; numbers that are not finite become null."""
    text = json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return "".join(
        UNSAFE_IN_SCRIPT.get(c, c if c.isprintable() else f"\\u{ord(c):04x}" if ord(c) < 0xA0 else c) for c in text
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _trimmed(chart: Any) -> dict[str, Any]:
    """A chart without its table, which the page has as HTML."""
    data = dataclasses.asdict(chart)
    del data["table"]
    return data


def _diagrams(reliability: Mapping[str, Sequence[Reliability]]) -> tuple[DiagramRow, ...]:
    return tuple(diagram_rows(reliability))


def _plotly() -> str:
    """plotly.min.js, compressed: 4.8 MB become 2 MB, which browsers since 2023 unpack by themselves."""
    try:
        script = resources.files("plotly").joinpath("package_data/plotly.min.js").read_bytes()
    except (ModuleNotFoundError, FileNotFoundError):
        raise SynthEvalError("report.html needs plotly: pip install plotly") from None
    return base64.b64encode(gzip.compress(script, 9, mtime=0)).decode("ascii")
