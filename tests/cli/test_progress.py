"""Progress: bars in a terminal, lines where standard error is a file; what is counted, and how time left is told."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from synth_eval.cli import progress
from synth_eval.cli.progress import ProgressBars
from synth_eval.cli.rate import Rate, duration


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (43, "43 s"), (89, "89 s"), (90, "2 min"), (240, "4 min"), (7800, "2 h 10 min"), (7200, "2 h")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_pace_says_nothing_too_early() -> None:
    clock = Clock()
    rate = Rate(1000, clock=clock)
    rate.reach(100)
    assert (rate.speed, rate.left) == ("", "")
    clock.now = 20.0  # 100 of 1000 in 20 s: 5 a second, 180 s for the rest
    assert (rate.speed, rate.left) == ("5 items/s", "3 min left")
    rate.reach(50)  # never backwards
    assert rate.done == 100
    rate.reach(2000)
    assert (rate.done, rate.left) == (1000, "")


def lines_of(monkeypatch: pytest.MonkeyPatch, *, quiet: bool = False) -> tuple[ProgressBars, io.StringIO, Clock]:
    written, clock = io.StringIO(), Clock()
    monkeypatch.setattr(progress, "Console", lambda **options: Console(file=written, width=80, quiet=options["quiet"]))
    return ProgressBars(quiet=quiet, clock=clock), written, clock


def test_a_line_a_checkpoint_and_one_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    bars, written, clock = lines_of(monkeypatch)
    with bars:
        bars.planned(4, items=400, checkpoints={"a": 2, "b": 2})
        bars.started("a", "loading")
        bars.started("a", "t1", 100)
        clock.now = 10.0
        bars.answered("a", "t1", 0.5)  # 10 s: too early for a line
        clock.now = 20.0
        bars.answered("a", "t1", 0.8)
        bars.finished("a", "t1", 100, of=100)
        bars.started("a", "t2", 100)
        clock.now = 40.0
        bars.finished("a", "t2", 100, of=100)
        bars.started("b", "loading")
        bars.said("b: cannot be loaded")
        bars.finished("b", "t1", 0, of=100)
        bars.finished("b", "t2", 0, of=100)
    assert written.getvalue().splitlines() == [
        "evaluating 2 checkpoints: 4 tasks, 400 items",
        "checkpoint 1/2 a, t1: 80 of 400 items, 4 items/s, 80 s left",
        "checkpoint 1/2 a: 200 items in 40 s; 200 of 400 items, 5 items/s, 40 s left",
        "b: cannot be loaded",
        "checkpoint 2/2 b: 0 items in 0 s; 400 of 400 items, 10 items/s",
    ]


def test_checkpoints_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    bars, written, clock = lines_of(monkeypatch)
    with bars:
        bars.planned(2, items=200, checkpoints={"a": 1, "b": 1})
        bars.started("a", "t", 100)
        bars.started("b", "t", 100)
        clock.now = 10.0
        bars.answered("a", "t", 0.5)
        bars.answered("b", "t", 0.5)
        bars.finished("b", "t", 100, of=100)
        bars.finished("a", "t", 100, of=100)
    assert written.getvalue().splitlines() == [
        "evaluating 2 checkpoints: 2 tasks, 200 items",
        "checkpoint 2/2 b: 100 items in 10 s; 150 of 200 items, 15 items/s, 3 s left",
        "checkpoint 1/2 a: 100 items in 10 s; 200 of 200 items, 20 items/s",
    ]


def test_results_that_are_only_read_are_quick_and_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    bars, written, clock = lines_of(monkeypatch)
    with bars:
        bars.planned(3)
        for task in ("t1", "t2"):
            bars.started("a", task)
            bars.finished("a", task, 500)
        assert written.getvalue() == ""
        clock.now = 30.0
        bars.finished("b", "t1", 500)
    assert written.getvalue() == "b, t1: 3 of 3 tasks\n"


def test_building_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    bars, written, clock = lines_of(monkeypatch)
    with bars:
        bars.built("base", 100, 1000)
        clock.now = 20.0
        bars.built("base", 300, 1000)
    assert written.getvalue() == "build: base, 40% of 1,000 tokens\n"


def test_quiet_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    bars, written, clock = lines_of(monkeypatch, quiet=True)
    with bars:
        bars.planned(1, items=100, checkpoints={"a": 1})
        bars.started("a", "t", 100)
        clock.now = 60.0
        bars.answered("a", "t", 0.5)
        bars.finished("a", "t", 100, of=100)
        bars.doing("comparing")
        bars.said("kept in the report, not here")
    assert written.getvalue() == ""


def test_bars_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    written, clock = io.StringIO(), Clock()
    console = Console(file=written, width=80, force_terminal=True, legacy_windows=False)
    monkeypatch.setattr(progress, "Console", lambda **options: console)
    with ProgressBars(quiet=False, clock=clock) as bars:
        bars.planned(2, items=1000, checkpoints={"410M-self-r0-it1-s0": 2})
        bars.started("410M-self-r0-it1-s0", "synth_domain_python_code", 500)
        clock.now = 10.0
        bars.answered("410M-self-r0-it1-s0", "synth_domain_python_code", 0.5)
        shown = io.StringIO()
        Console(file=shown, width=80).print(bars._progress.get_renderable())
    whole, part = (line.split() for line in shown.getvalue().splitlines() if "━" in line)
    assert (whole[:2], whole[-5:]) == (["1/1", "410M-self-r0-it1-s0"], ["25", "items/s", "30", "s", "left"])
    assert "250/1,000" in whole
    assert part[0] == "synth_domain_python_code"
    assert "250/500" in part
