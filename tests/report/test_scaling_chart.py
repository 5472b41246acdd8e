"""Loss over tokens in characters: where points fall, labels, width."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from synth_eval.report.figures.description import Markers, Panel, Polyline
from synth_eval.report.terminal.loss_chart import log_chart

Place = tuple[float, float]


def series(
    *places: Place, held: int = -1, fit: tuple[Place, ...] = (), role: int = 0
) -> tuple[Markers | Polyline, ...]:
    tokens, loss = zip(*places)
    points = Markers(x=tokens, y=loss, filled=tuple(i == held for i in range(len(places))), role=role)
    if not fit:
        return (points,)
    return points, Polyline(x=tuple(x for x, _ in fit), y=tuple(y for _, y in fit), role=role)


def test_both_axes_are_logarithmic() -> None:
    # 23 columns and 5 rows of plot: tokens 1B, 10B, 100B fall on columns 0, 11, 22; losses 4, 2, 1 on rows 0, 2, 4
    lines = log_chart(Panel(series((1e9, 4.0), (1e10, 2.0), (1e11, 1.0), held=2)), width=31, height=5)
    assert [line.split("┤")[1] if "┤" in line else None for line in lines[:5]] == [
        "a",
        "",
        " " * 11 + "a",
        "",
        " " * 22 + "A",
    ]
    assert [line[:6].strip() for line in lines[:5]] == ["4", "", "2", "", "1"]
    assert lines[-1].split() == ["1B", "10B", "100B"]


def test_the_first_series_is_seen_and_points_cover_the_fit() -> None:
    flat = ((1e9, 2.0), (1e10, 2.0))
    panel = Panel((*series(*flat, fit=flat), *series((1e9, 2.0), (1e10, 1.0), role=1)))
    lines = log_chart(panel, width=30, height=3, ascii_only=True)
    drawn = "".join(line.partition("|")[2] for line in lines[:3])
    assert drawn.count("a") == 2
    assert drawn.count("b") == 1  # the other lies under an a
    assert "." not in drawn
    assert all(line.isascii() for line in lines)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.floats(1e6, 1e13), st.floats(0.01, 20.0)), min_size=1, max_size=8), st.integers(24, 120))
def test_no_line_is_too_wide_and_every_place_is_drawn(places: list[tuple[float, float]], width: int) -> None:
    lines = log_chart(Panel(series(*places)), width=width, height=7)
    assert len(lines) == 9
    assert max(map(len, lines)) <= width
    assert 1 <= sum(line[8:].count("a") for line in lines[:7]) <= len(places)
