"""Reports in a terminal: a page for one console, and what each report draws on it. They compute nothing."""

from synth_eval.report.terminal.comparison import print_report

__all__ = ["print_report"]
