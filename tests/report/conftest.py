"""The fixed comparison that reports are tested with."""

from __future__ import annotations

from pathlib import Path

import pytest

from synth_eval.compare import comparison_from_json
from synth_eval.types import Comparison

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(scope="session")
def golden() -> Path:
    return GOLDEN


@pytest.fixture(scope="session")
def compared() -> Comparison:
    """7 tasks x 7 ratios x 3 seeds, simulated once: degraded, inconclusive, safe and refused curves, one checkpoint
    failed, one lacking items, markup and an escape code in a message."""
    return comparison_from_json((GOLDEN / "comparison.json").read_text(encoding="utf-8"))
