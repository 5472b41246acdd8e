"""Order and names of places."""

from __future__ import annotations

from synth_eval.cell import Place
from synth_eval.compare.places import full_place_name, place_names, place_order, size_order


def test_size_order() -> None:
    assert size_order("281k") < size_order("70M") < size_order("0.4b") < size_order("12B") < size_order("large")
    assert size_order("") == float("inf")


def test_places_in_order() -> None:
    places = [
        Place("1.4B", 1, "self", 1e9),
        Place("70M", 1, "self", 2e10),
        Place("70M", 2, "self", 1e9),
        Place("70M", 1, "self", 1e9),
        Place("70M", 1, "rephrased", 1e9),
    ]
    assert sorted(places, key=place_order) == list(reversed(places))


def test_only_what_varies_is_named() -> None:
    assert place_names([Place("70M", 1, "self", None)]) == {Place("70M", 1, "self", None): ""}
    two = place_names([Place("70M", 1, "self", None), Place("", 2, "self", None)])
    assert list(two.values()) == ["70M, iteration 1", "size not given, iteration 2"]
    budgets = place_names([Place("70M", 1, "self", 1e9), Place("70M", 1, "self", 2.5e10)])
    assert list(budgets.values()) == ["1B tokens", "25B tokens"]


def test_the_whole_name() -> None:
    assert full_place_name(Place("70M", 1, "self", None)) == "70M, iteration 1, self"
    assert full_place_name(Place("", 2, "self", 3932160.0)) == "3.93216M tokens, iteration 2, self"
