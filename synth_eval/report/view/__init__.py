"""The view model: what every report shows, computed once from the comparison."""

from synth_eval.report.view.build import report_view
from synth_eval.report.view.curves import BASELINE
from synth_eval.report.view.facts import Facts
from synth_eval.report.view.model import (
    ChartCurve,
    Column,
    DataTable,
    Entry,
    Line,
    MetricTable,
    Plot,
    PlotRow,
    Reliability,
    ReportView,
    Status,
    TaskChart,
)

__all__ = [
    "BASELINE",
    "ChartCurve",
    "Column",
    "DataTable",
    "Entry",
    "Facts",
    "Line",
    "MetricTable",
    "Plot",
    "PlotRow",
    "Reliability",
    "ReportView",
    "Status",
    "TaskChart",
    "report_view",
]
