"""Places in a family's grid, in words and in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from synth_eval.text import joined, written_quantity

UNITS = {"k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}
PARTS = ("size", "iteration", "source", "tokens")

Place = tuple[str, int, str, "float | None"]  # PARTS; tokens only in a family over tokens, else None


class Placed(Protocol):
    """A cell, a curve: what stands at a place of the grid."""

    @property
    def size(self) -> str: ...
    @property
    def iteration(self) -> int: ...
    @property
    def source(self) -> str: ...
    @property
    def tokens(self) -> float | None: ...


def place_of(placed: Placed) -> Place:
    """Where it stands."""
    return placed.size, placed.iteration, placed.source, placed.tokens


def size_order(size: str) -> float:
    """Sizes as people write them, by their number: 410M before 1.4B; others last."""
    text = size.strip().lower()
    try:
        return float(text[:-1]) * UNITS[text[-1]] if text and text[-1] in UNITS else float(text)
    except ValueError:
        return float("inf")


def place_order(place: Place) -> tuple[float, str, float, int, str]:
    """By size, then tokens, iteration and source."""
    size, iteration, source, tokens = place
    return (size_order(size), size, tokens or 0.0, iteration, source)


def tokens_name(tokens: float | None) -> str:
    """'10B tokens'."""
    return "tokens not given" if tokens is None else f"{written_quantity(tokens)} tokens"


def place_names(places: Iterable[Place]) -> dict[Place, str]:
    """What to call each place: only what varies among them, '' where nothing does."""
    places = list(dict.fromkeys(places))
    size_varies, iteration_varies, source_varies, tokens_vary = (
        len({place[i] for place in places}) > 1 for i in range(len(PARTS))
    )

    def name(place: Place) -> str:
        size, iteration, source, tokens = place
        parts = (
            (size or "size not given", size_varies),
            (tokens_name(tokens), tokens_vary),
            (f"iteration {iteration}", iteration_varies),
            (source, source_varies),
        )
        return ", ".join(part for part, shown in parts if shown)

    return {place: name(place) for place in places}


def full_place_name(place: Place) -> str:
    """All that is known of a place, whether it varies or not."""
    size, iteration, source, tokens = place
    budget = "" if tokens is None else tokens_name(tokens)
    return joined(size, budget, f"iteration {iteration}", source)
