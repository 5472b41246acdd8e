"""Verdicts on curves of paired item scores, in pure numpy and scipy."""

from __future__ import annotations

from synth_eval.dose_response.curve import CurveData, CurveVerdict
from synth_eval.dose_response.lead import OnsetLead, lead_of
from synth_eval.dose_response.significance import holm
from synth_eval.dose_response.verdict import Corrected, corrected, judge_curves

__all__ = [
    "Corrected",
    "CurveData",
    "CurveVerdict",
    "OnsetLead",
    "corrected",
    "holm",
    "judge_curves",
    "lead_of",
]
