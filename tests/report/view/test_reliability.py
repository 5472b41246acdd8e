"""From a measured reliability curve to a diagram."""

from __future__ import annotations

import numpy as np

from synth_eval.calibration import reliability_curve
from synth_eval.report.html.drawings import diagram_rows
from synth_eval.report.view.charts import reliability_of


def test_a_calibrated_model_lies_in_its_band_and_an_overconfident_one_below() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.3, 1.0, 4000)
    calibrated = rng.random(4000) < confidence
    overconfident = rng.random(4000) < confidence - 0.25
    drawn = [
        reliability_of(reliability_curve(confidence, right, bins=10, resamples=200), label=label)
        for label, right in (("0%", calibrated), ("50%", overconfident))
    ]
    assert all(sum(each.count) == 4000 for each in drawn)
    ((row),) = diagram_rows({"task": drawn})
    outside = [sum(point.outside for point in diagram.points) for diagram in row.diagrams]
    assert outside[0] <= 2  # each of 7 bins lies outside its 95% band by chance
    assert outside[1] == len(row.diagrams[1].points)
