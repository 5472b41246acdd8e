"""Scaling laws of synthetic data: laws, fits with intervals, and what they answer or refuse to. See docs/scaling.md."""

from __future__ import annotations

from synth_eval.scaling.curves import Answer, CurveAnswers, answer_curve, answer_curves
from synth_eval.scaling.fitting import LawFit, fit_law, interval
from synth_eval.scaling.hold_out import Driven, FittedForms, FormScore, fit_forms, largest_size, largest_tokens
from synth_eval.scaling.mixture import (
    BestRatio,
    MixtureAnswers,
    SpeedUp,
    answer_mixture,
    answer_mixtures,
    equal_loss_tokens,
)
from synth_eval.scaling.patterns import (
    CollapsePattern,
    DomainEffect,
    DomainEffects,
    Sign,
    collapse_pattern,
    domain_effects,
)
from synth_eval.scaling.points import Points, points_of
from synth_eval.scaling.sizes import SizeAnswers, answer_all_sizes, answer_sizes

__all__ = [
    "Answer",
    "BestRatio",
    "CollapsePattern",
    "CurveAnswers",
    "DomainEffect",
    "DomainEffects",
    "Driven",
    "FittedForms",
    "FormScore",
    "LawFit",
    "MixtureAnswers",
    "Points",
    "Sign",
    "SizeAnswers",
    "SpeedUp",
    "answer_all_sizes",
    "answer_curve",
    "answer_curves",
    "answer_mixture",
    "answer_mixtures",
    "answer_sizes",
    "collapse_pattern",
    "domain_effects",
    "equal_loss_tokens",
    "fit_forms",
    "fit_law",
    "interval",
    "largest_size",
    "largest_tokens",
    "points_of",
]
