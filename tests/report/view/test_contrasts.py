"""Contrasts: whole where they are few, counted by pair where they are many."""

from __future__ import annotations

from cells import make_contrast

from synth_eval.cell import Place
from synth_eval.comparison import Contrast
from synth_eval.report.view.summaries import contrast_details, contrast_table, worst_first


def _row(measure: str, verdict: str, estimate: float, *, task: str = "t", iteration: int = 1, **more) -> Contrast:
    place, interval = Place("70M", iteration, "self"), (estimate - 0.1, estimate + 0.1)
    return make_contrast(
        f"{task}: 70M against 410M, {measure}", task=task, place=place, first="70M", second="410M", measure=measure,
        verdict=verdict, estimate=estimate, interval=interval, **more,
    )  # fmt: skip


MANY = [
    *(_row("onset", "different", -0.2, task=f"t{i}") for i in range(3)),  # the first starts to fall earlier: worse
    _row("onset", "different", 0.3, iteration=2),
    _row("onset", "undetermined", 0.01),
    *(_row("mean loss", "different", 0.15, task=f"t{i}") for i in range(2)),  # the first loses more: worse
    _row("mean loss", "different", -0.4),
    _row("mean loss", "refused", 0.0),
    *(_row("loss", "different", 0.5, ratio=r / 10) for r in range(1, 6)),
]


def test_many_are_counted_by_pair_and_measure() -> None:
    table = contrast_table(MANY)
    assert table is not None
    assert table.columns[:4] == ("by", "first", "second", "measure")
    assert [tuple(entry.text for entry in row) for row in table.rows] == [
        # curves, first worse, second worse, undetermined, refused
        ("size", "70M", "410M", "onset", "5", "3", "1", "1", "0"),
        ("size", "70M", "410M", "mean loss", "4", "2", "1", "0", "1"),
    ]


def test_every_contrast_is_in_the_details() -> None:
    different, overall, by_ratio = contrast_details(MANY)
    assert [len(table.rows) for table in (different, overall, by_ratio)] == [7, 9, 5]
    assert different.rows[0][0].text == "t: 70M against 410M, mean loss"  # .4 is the largest difference
    assert overall.tally == "7 different, 1 undetermined, 1 refused"
    assert "iteration" in overall.columns  # differs between rows
    assert "source" not in overall.columns  # does not
    assert "iteration" not in by_ratio.columns


def test_few_are_shown_as_they_are() -> None:
    table = contrast_table(MANY[:3])
    assert table is not None
    assert len(table.rows) == 3
    assert contrast_details(MANY[:3]) == ()
    assert contrast_table([]) is None


def test_those_over_all_ratios_come_before_those_at_one() -> None:
    assert [row.measure for row in worst_first(MANY)][-5:] == ["loss"] * 5
    assert worst_first(MANY)[0].estimate == -0.4
