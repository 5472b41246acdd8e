"""Item tables and a family -> Comparison: tidy table, verdicts, JSON."""

from synth_eval.compare.family import compare_family
from synth_eval.compare.serialise import (
    comparison_from_json,
    comparison_schema,
    comparison_to_json,
)
from synth_eval.compare.tidy import tidy

__all__ = [
    "compare_family",
    "comparison_from_json",
    "comparison_schema",
    "comparison_to_json",
    "tidy",
]
