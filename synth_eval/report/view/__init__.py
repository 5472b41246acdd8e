"""The view model: what every report shows, computed once from the comparison."""

from synth_eval.report.view.build import report_view
from synth_eval.report.view.model import DataTable, Entry, Reliability, ReportView

__all__ = ["DataTable", "Entry", "Reliability", "ReportView", "report_view"]
