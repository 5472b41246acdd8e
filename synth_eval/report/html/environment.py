"""The templates of report.html and of pages like it."""

from __future__ import annotations

from importlib import resources
from typing import Any

from synth_eval.errors import SynthEvalError
from synth_eval.text import visible

SYMBOL = {"degraded": "✗", "inconclusive": "?", "safe": "✓", "refused": "–"}


def environment() -> Any:
    """Templates of this folder, everything put into them escaped.

    Raises
    ------
    SynthEvalError : jinja2 is not installed.
    """
    try:
        import jinja2
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
    templates.globals["asset"] = _asset
    return templates


def _visible(value: Any) -> Any:
    """Control characters of a text made visible: HTML has no place for them. What is markup already is left alone."""
    if not isinstance(value, str) or value.isprintable() or hasattr(value, "__html__"):
        return value
    return visible(value, keep="\n\t")


def _asset(name: str) -> Any:
    """A file of this package, put into the page as it is."""
    import markupsafe

    return markupsafe.Markup(resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))
