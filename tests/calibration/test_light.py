"""The layer is numpy alone until something heavier is asked for."""

import subprocess
import sys


def test_importing_the_layer_loads_numpy_and_nothing_heavier():
    code = (
        "import sys, numpy as np, synth_eval.calibration as c;"
        "c.expected_calibration_error(np.array([.5, .7]), np.array([True, False]));"
        "c.choice_scores([0.0, 1.0], 0);"
        "print([m for m in ('scipy', 'netcal', 'torch', 'sklearn', 'pandas', 'lm_eval') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
