"""Reports: one view of a comparison, and renderers that draw it and compute nothing."""

from synth_eval.report.terminal import print_report
from synth_eval.report.terminal.explain import explain_text
from synth_eval.report.view import ReportView, report_view

__all__ = ["ReportView", "explain_text", "print_report", "report_view"]
