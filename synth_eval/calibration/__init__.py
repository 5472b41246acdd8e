"""Calibration of probabilities, in pure numpy: item scores, errors, curves, recalibration, selective prediction."""

from synth_eval.calibration.answers import confidence_and_correct, why_no_confidence
from synth_eval.calibration.assess import Assessment, MetricEstimate, assess, assess_choices, assess_tables
from synth_eval.calibration.binning import Binning
from synth_eval.calibration.errors import (
    Norm,
    classwise_calibration_error,
    debiased_calibration_error,
    expected_calibration_error,
)
from synth_eval.calibration.items import (
    PROBABILITY_FLOOR,
    ChoiceScores,
    choice_probabilities,
    choice_scores,
    score_choices,
    score_generation,
    score_rolling,
    score_samples,
)
from synth_eval.calibration.metrics import METRICS
from synth_eval.calibration.normalised import NormalisedChoices, normalised_choices, with_normalisations
from synth_eval.calibration.recalibration import METHODS, Recalibration, recalibrate, recalibrate_choices
from synth_eval.calibration.reliability import ReliabilityCurve, reliability_curve
from synth_eval.calibration.scores import (
    BrierParts,
    brier_decomposition,
    brier_score,
    choice_brier_decomposition,
    choice_brier_score,
    choice_negative_log_likelihood,
    choice_surprise_gap,
    negative_log_likelihood,
    signed_gap,
    surprise_gap,
)
from synth_eval.calibration.selective import (
    RiskCoverage,
    accuracy_at_coverage,
    area_under_risk_coverage,
    auroc,
    risk_coverage_curve,
)
from synth_eval.calibration.smooth import smooth_calibration_error
from synth_eval.calibration.votes import Vote, majority_vote, normalised_answer

__all__ = [
    "METHODS",
    "METRICS",
    "PROBABILITY_FLOOR",
    "Assessment",
    "Binning",
    "BrierParts",
    "ChoiceScores",
    "MetricEstimate",
    "Norm",
    "NormalisedChoices",
    "Recalibration",
    "ReliabilityCurve",
    "RiskCoverage",
    "Vote",
    "accuracy_at_coverage",
    "area_under_risk_coverage",
    "assess",
    "assess_choices",
    "assess_tables",
    "auroc",
    "brier_decomposition",
    "brier_score",
    "choice_brier_decomposition",
    "choice_brier_score",
    "choice_negative_log_likelihood",
    "choice_probabilities",
    "choice_scores",
    "choice_surprise_gap",
    "classwise_calibration_error",
    "confidence_and_correct",
    "debiased_calibration_error",
    "expected_calibration_error",
    "majority_vote",
    "negative_log_likelihood",
    "normalised_answer",
    "normalised_choices",
    "recalibrate",
    "recalibrate_choices",
    "reliability_curve",
    "risk_coverage_curve",
    "score_choices",
    "score_generation",
    "score_rolling",
    "score_samples",
    "signed_gap",
    "smooth_calibration_error",
    "surprise_gap",
    "why_no_confidence",
    "with_normalisations",
]
