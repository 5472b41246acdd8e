"""Places in a family's grid, in words and in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from synth_eval.cell import Place
from synth_eval.comparison import PlacePart, PlaceValue
from synth_eval.text import joined, parse_quantity, written_quantity

PARTS: tuple[PlacePart, ...] = ("size", "iteration", "source", "tokens")
IN_WORDS: tuple[PlacePart, ...] = ("size", "tokens", "iteration", "source")


class Placed(Protocol):
    """What is at a place of the grid: the members of a curve, a checkpoint."""

    @property
    def size(self) -> str: ...
    @property
    def iteration(self) -> int: ...
    @property
    def source(self) -> str: ...
    @property
    def tokens(self) -> float | None: ...


def place_of(placed: Placed) -> Place:
    """Where it is."""
    return Place(placed.size, placed.iteration, placed.source, placed.tokens)


def part_of(place: Place, part: PlacePart) -> PlaceValue:
    """One part of a place."""
    value: PlaceValue = getattr(place, part)
    return value


def size_order(size: str) -> float:
    """Sizes as people write them, by their number: 410M before 1.4B; others last."""
    try:
        return parse_quantity(size)
    except ValueError:
        return float("inf")


def place_order(place: Place) -> tuple[float, str, float, int, str]:
    """By size, then tokens, iteration and source."""
    return size_order(place.size), place.size, place.tokens or 0.0, place.iteration, place.source


def tokens_name(tokens: float | None) -> str:
    """'10B tokens'."""
    return "tokens not given" if tokens is None else f"{written_quantity(tokens)} tokens"


def part_name(part: PlacePart, value: PlaceValue) -> str:
    """'410M', '10B tokens', 'iteration 2', 'self'."""
    if part == "tokens":
        return tokens_name(value if isinstance(value, (int, float)) else None)
    if part == "iteration":
        return f"iteration {value}"
    return str(value or f"{part} not given")


def place_names(places: Iterable[Place], *, apart_from: PlacePart | None = None) -> dict[Place, str]:
    """What to call each place: only what varies among them, '' where nothing does.

    Parameters
    ----------
    apart_from : a part that is not named.
    """
    places = list(dict.fromkeys(places))
    varying = [part for part in IN_WORDS if part != apart_from and len({part_of(place, part) for place in places}) > 1]
    return {place: ", ".join(part_name(part, part_of(place, part)) for part in varying) for place in places}


def full_place_name(place: Place) -> str:
    """All that is known of a place, whether it varies or not."""
    budget = "" if place.tokens is None else tokens_name(place.tokens)
    return joined(place.size, budget, f"iteration {place.iteration}", place.source)
