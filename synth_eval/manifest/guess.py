"""The place of a checkpoint in a family, guessed from names: "runs/410m/r10-seed1" is ratio .1, size 410M, seed 1.

Only what a name says in a usual way is taken; the rest stays open for the user to write. Whether "r10" means 10% or
ten is decided by all names together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from synth_eval.text import parse_quantity

_NUMBER = r"[-_=]?(?P<number>\d+(?:\.\d+)?)"
_START, _END = r"(?<![a-z0-9.])", r"(?![a-z0-9])"  # a word of its own: "for10" holds no r10
_RATIOS = tuple(
    re.compile(_START + pattern + _END)
    for pattern in (
        rf"(?:ratio|synth(?:etic)?|syn|mix|alpha){_NUMBER}(?P<percent>[-_]?(?:pct|percent|%))?",
        r"(?P<number>\d+(?:\.\d+)?)(?P<percent>[-_]?(?:pct|percent|%))(?:[-_]?(?:synth(?:etic)?|syn))?",
        r"(?P<number>\d+(?:\.\d+)?)[-_]?(?:synth(?:etic)?|syn)",
    )
)
_SHORT = re.compile(r"(?<![a-z0-9.])(?<!lora[-_])" + rf"r{_NUMBER}(?P<percent>pct|%)?" + _END)  # a rank is no ratio
_NATURAL = re.compile(_START + r"(?:natural|real|human|baseline|organic)" + _END)
_SEED = re.compile(_START + rf"(?:seed|s){_NUMBER}" + _END)
_ITERATION = re.compile(_START + rf"(?:iteration|iter|it|generation|gen|round){_NUMBER}" + _END)
_SIZE = re.compile(_START + r"(?P<count>\d+(?:\.\d+)?[kmb])" + _END)
_TOKENS = re.compile(_START + r"(?P<count>\d+(?:\.\d+)?[kmbt])[-_]?(?:tokens|toks|tok|t)" + _END)
_SOURCE = re.compile(_START + r"(?P<source>rephrased|textbook|concept|self)" + _END)


@dataclass(frozen=True)
class Guess:
    """What a name tells; None, or "", where it does not. Counts are spelled as in a manifest: 410M, 10B."""

    ratio: float | None = None
    size: str = ""
    iteration: int | None = None
    seed: int | None = None
    source: str = ""
    tokens: str = ""


def guess_places(names: Sequence[str]) -> tuple[Guess, ...]:
    """The place that each name stands for.

    Parameters
    ----------
    names : paths or ids, in any spelling; of two words for one thing the last counts, which is the deepest folder

    Examples
    --------
    >>> first, second = guess_places(["runs/410m/r00-s1", "runs/410m/r10-s1"])
    >>> first.ratio, second.ratio, second.size, second.seed
    (0.0, 0.1, '410M', 1)
    >>> guess_places(["org/pythia-1.4b-synthetic0.3", "org/pythia-1.4b"])[1]
    Guess(ratio=None, size='1.4B', iteration=None, seed=None, source='', tokens='')
    """
    lowered = [name.lower() for name in names]
    ratios = [_ratio(name) for name in lowered]
    if not any(ratios):
        short = [_SHORT.search(name) for name in lowered]
        if len({match and match["number"] for match in short}) > 1:  # what all have alike is something else
            ratios = [(float(match["number"]), bool(match["percent"])) if match else None for match in short]
    whole = [number for number, percent in filter(None, ratios) if not percent]
    percents = any(number > 1 for number in whole)  # then 1 is one per cent, beside 10 and 50
    return tuple(_guess(name, ratio, percents=percents) for name, ratio in zip(lowered, ratios))


def _guess(name: str, ratio: tuple[float, bool] | None, *, percents: bool) -> Guess:
    share: float | None = None
    if ratio is not None:
        number, percent = ratio
        share = number / 100 if percent or (percents and number == int(number)) else number
        share = round(share, 9) if share <= 1 else None
    elif _NATURAL.search(name):
        share = 0.0
    tokens = _last(_TOKENS, name, "count")
    size = _last(_SIZE, _TOKENS.sub("", name), "count")
    return Guess(
        share,
        _spelled(size) if size else "",
        _whole(_last(_ITERATION, name, "number"), least=1),
        _whole(_last(_SEED, name, "number"), least=0),
        _last(_SOURCE, name, "source"),
        _spelled(tokens) if tokens else "",
    )


def _ratio(name: str) -> tuple[float, bool] | None:
    """The number that stands for a ratio, and whether it is written as a percentage."""
    found = [match for pattern in _RATIOS for match in pattern.finditer(name)]
    if not found:
        return None
    last = max(found, key=lambda match: (match.start(), match.end()))
    return float(last["number"]), bool(last.groupdict().get("percent"))


def _last(pattern: re.Pattern[str], name: str, group: str) -> str:
    return next((match[group] for match in reversed(list(pattern.finditer(name)))), "")


def _whole(number: str, *, least: int) -> int | None:
    return int(number) if number.isdigit() and int(number) >= least else None


def _spelled(count: str) -> str:
    """'410m' as 410M; '' for a count of 0."""
    try:
        parse_quantity(count)
    except ValueError:
        return ""
    return count if count.endswith("k") else count.upper()


def shared_places(guesses: Sequence[Guess]) -> Iterator[tuple[int, ...]]:
    """Groups of guesses, as positions, that would be one checkpoint of the grid; those without a ratio are in none."""
    places: dict[Guess, list[int]] = {}
    for i, guess in enumerate(guesses):
        if guess.ratio is not None:
            places.setdefault(guess, []).append(i)
    yield from (tuple(members) for members in places.values() if len(members) > 1)
