"""The view as one self-contained HTML page."""

from synth_eval.report.html.page import html_report, scaling_page

__all__ = ["html_report", "scaling_page"]
