"""Which verdicts changed between two comparisons."""

from __future__ import annotations

import dataclasses
import json

from synth_eval.comparison import Comparison
from synth_eval.report.differences import difference_lines, differences, differences_to_dict


def _compared(*cells) -> Comparison:
    return Comparison("f", "now", {}, cells, ())


def test_the_same_comparison_has_no_differences(compared: Comparison) -> None:
    found = differences(compared, compared)
    judged = [cell for cell in compared.cells if not cell.display_only]
    assert (found.changed, found.only_before, found.only_after, found.shared) == ((), (), (), len(judged))


def test_worse_first(make_cell) -> None:
    safe = {"verdict": "safe", "budget": 0.5, "onset": None, "first_below": None}
    before = _compared(make_cell("better"), make_cell("worse", **safe), make_cell("same"))
    after = _compared(make_cell("better", **safe), make_cell("worse"), make_cell("same", onset=0.1))
    found = differences(before, after)
    assert [change.title.split(",")[0] for change in found.changed] == ["worse", "better"]
    assert [change.worse for change in found.changed] == [True, False]
    lines = list(difference_lines(found, names=("a", "b")))
    assert lines[0] == "2 of 3 verdicts changed from a to b."
    assert lines[1] == (
        "  worse worse, 410M, iteration 1, self: accuracy "
        "safe (budget 50%) -> degraded (onset 20% [14%, 26%], budget 0%)"
    )


def test_curves_match_by_place_not_by_title(make_cell) -> None:
    # in the first comparison sizes vary, so its titles name them; in the second they do not
    before = _compared(make_cell(), make_cell(size="1.4B"))
    after = _compared(make_cell())
    found = differences(before, after)
    assert found.shared == 1
    assert not found.changed
    assert [change.title for change in found.only_before] == ["arc, 1.4B, iteration 1, self"]
    assert list(difference_lines(found, names=("a", "b")))[1:] == [
        "Only in a:",
        "  arc, 1.4B, iteration 1, self: accuracy degraded (onset 20% [14%, 26%], budget 0%)",
    ]


def test_the_order_of_the_two_only_turns_the_sign(make_cell) -> None:
    one, two = _compared(make_cell()), _compared(make_cell(verdict="inconclusive"))
    there, back = differences(one, two).changed, differences(two, one).changed
    assert [dataclasses.replace(change, before=change.after, after=change.before) for change in there] == list(back)
    assert there[0].worse != back[0].worse


def test_another_budget_is_told_apart_from_another_verdict(make_cell) -> None:
    before = _compared(make_cell("less", budget=0.5), make_cell("more", budget=None), make_cell("same", budget=0.2))
    after = _compared(make_cell("less", budget=0.2), make_cell("more", budget=0.2), make_cell("same", budget=0.1 + 0.1))
    found = differences(before, after)
    assert not found.changed
    assert [(change.title.split(",")[0], change.worse) for change in found.moved] == [("less", True), ("more", False)]
    lines = list(difference_lines(found, names=("a", "b")))
    assert lines[:2] == ["0 of 3 verdicts changed from a to b.", "Another budget with the same verdict: 2."]
    assert lines[2].startswith("  worse less, 410M, iteration 1, self: accuracy degraded")


def test_what_counts_as_worse(make_cell) -> None:
    safe = {"verdict": "safe", "budget": 0.5}
    both = _compared(make_cell(**safe), make_cell("qa", **safe))
    one = _compared(make_cell(**safe))
    for before, after, change, worse in (
        (both, both, False, False),
        (both, one, True, True),  # what is gone can no longer be shown safe
        (one, both, True, False),
        (one, _compared(make_cell(verdict="inconclusive", budget=0.5)), True, True),
        (_compared(make_cell(verdict="inconclusive", budget=0.5)), one, True, False),
    ):
        found = differences(before, after)
        assert (found.any_change, found.any_worse) == (change, worse)


def test_settings_are_named_where_something_changed(make_cell) -> None:
    before = dataclasses.replace(_compared(make_cell()), provenance={"limit": "100", "torch": "2.9"})
    after = dataclasses.replace(_compared(make_cell(verdict="safe")), provenance={"torch": "2.9", "device": "cuda"})
    found = differences(before, after)
    assert list(difference_lines(found, names=("a", "b")))[-3:] == [
        "Made with other settings, which may be why:",
        "  limit: 100 -> none",
        "  device: none -> cuda",
    ]
    stricter = differences(before, dataclasses.replace(after, provenance=before.provenance, correction="family"))
    assert stricter.settings == (("correction", "report", "family"),)
    unchanged = differences(before, dataclasses.replace(before, provenance={}))
    assert len(list(difference_lines(unchanged, names=("a", "b")))) == 1


def test_as_json(make_cell) -> None:
    before, after = _compared(make_cell(), make_cell("gone")), _compared(make_cell(verdict="safe", budget=0.5))
    found = differences_to_dict(differences(before, after), names=("a", "b"))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    (change,) = found["changed"]
    place = {"size": "410M", "iteration": 1, "source": "self", "tokens": None}
    assert {key: change[key] for key in place} == place
    assert (change["task"], change["metric"], change["worse"]) == ("arc", "acc", False)
    assert (change["before"]["verdict"], change["before"]["budget"]) == ("degraded", 0.0)
    assert (change["after"]["verdict"], change["after"]["budget"]) == ("safe", 0.5)
    (gone,) = found["only_before"]
    assert (gone["task"], gone["after"]) == ("gone", None)
    assert (found["schema"], found["shared"], found["before"], found["after"]) == (1, 1, "a", "b")
