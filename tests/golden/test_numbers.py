"""Every number and verdict of the commands is what it was; what is in the net says tests/support/golden_numbers.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from golden_numbers import GOLDEN, PIECES, changed

SHOWN = 30


def _cases() -> list:
    marks = {"nightly": [pytest.mark.nightly], "slow": [pytest.mark.slow], "": []}
    return [pytest.param(name, marks=marks[piece.mark]) for name, piece in PIECES.items()]


@pytest.mark.parametrize("piece", _cases())
def test_numbers(piece: str, tmp_path: Path) -> None:
    if piece == "calibration_smooth":
        pytest.importorskip("matplotlib")
    found = PIECES[piece].numbers(tmp_path)
    lines = changed(piece, found)
    assert not lines, "\n".join([f"{len(lines)} of {len(found)} numbers of {piece} differ", *lines[:SHOWN]])


def test_every_golden_has_a_piece() -> None:
    assert {path.stem for path in GOLDEN.glob("*.jsonl")} == set(PIECES)
