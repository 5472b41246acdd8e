"""Figures: described once, drawn by plotly in the page and by matplotlib in files."""

from synth_eval.report.figures.calibration import calibration_figures
from synth_eval.report.figures.curves import report_figures
from synth_eval.report.figures.description import Figure, picked
from synth_eval.report.figures.scaling import scaling_figures
from synth_eval.report.figures.to_matplotlib import check_matplotlib, matplotlib_figure, write_figures
from synth_eval.report.figures.to_plotly import plotly_figure

__all__ = [
    "Figure",
    "calibration_figures",
    "check_matplotlib",
    "matplotlib_figure",
    "picked",
    "plotly_figure",
    "report_figures",
    "scaling_figures",
    "write_figures",
]
