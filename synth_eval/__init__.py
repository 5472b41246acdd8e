"""synth-eval: is a model trained on synthetic data degraded, from which ratio on, and did calibration warn first?

Importing the package is cheap on purpose: no torch, no lm-eval, no numpy. Import the layer you need,
for example ``synth_eval.calibration`` or ``synth_eval.compare``.
"""

__version__ = "0.1.0"
