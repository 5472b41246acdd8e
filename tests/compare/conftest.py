"""One simulated family for all tests of this folder."""

from __future__ import annotations

import pytest
from simulated_family import Flat, Simulated, Task, hinge, simulate


@pytest.fixture(scope="session")
def studied() -> Simulated:
    """Four tasks: one that falls, one that stays, one overconfident before it falls, and one of documents."""
    return simulate(
        {
            "falls": Task(hinge(0.85, onset=0.1, slope=0.6)),
            "stays": Task(Flat(0.80), category="retrieval"),
            "overconfident": Task(Flat(0.80), drift=lambda r: 1.2 * r, category="retrieval"),
            "documents": Task(lambda r: 1.0 + 0.3 * r, kind="rolling", category="domain", n=200),
        }
    )
