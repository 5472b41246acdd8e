"""checkpoints.yaml -> a typed `Family`; every mistake is one line that names file, line and mend."""

from synth_eval.manifest.baseline import Curve, baseline_of, baselines_of, curves
from synth_eval.manifest.family import load_family
from synth_eval.manifest.quantities import parse_quantity

__all__ = ["Curve", "baseline_of", "baselines_of", "curves", "load_family", "parse_quantity"]
