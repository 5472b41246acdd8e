"""checkpoints.yaml -> a typed `Family`; every mistake is one line that names file, line and mend."""

from synth_eval.manifest.baseline import CurveMembers, baseline_of, baselines_of, curves, is_over_tokens
from synth_eval.manifest.family import load_family
from synth_eval.text import parse_quantity

__all__ = ["CurveMembers", "baseline_of", "baselines_of", "curves", "is_over_tokens", "load_family", "parse_quantity"]
