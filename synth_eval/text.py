"""Words and numbers for people: lists, plurals, ratios in percent, counts such as 410M, text that is safe to print."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import NamedTuple

MAX_LISTED = 3  # names that a sentence lists before it only counts the rest

_SCALE = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12}
_FORM = re.compile(r"(\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?)\s*([kKmMbBgGtT]?)")


def plural(count: int, noun: str) -> str:
    """A count with its noun.

    >>> plural(1, "seed"), plural(1500, "item"), plural(0, "choice")
    ('1 seed', '1,500 items', '0 choices')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(names: Iterable[object], most: int = MAX_LISTED, *, between: str = ", ", what: str = "") -> str:
    """Names in a sentence, and how many more there are.

    >>> listed(["arc", "piqa"]), listed("abcde"), listed("abcde", most=1, what="files")
    ('arc, piqa', 'a, b, c and 2 more', 'a and 4 more files')
    """
    texts = [str(name) for name in names]
    shown = between.join(texts[:most])
    more = len(texts) - most
    return f"{shown} and {more:,} more{f' {what}' if what else ''}" if more > 0 else shown


class Note(NamedTuple):
    """What was left out or supposed, and of what: a task, a file, a model."""

    about: str
    text: str


def once(notes: Iterable[tuple[str, str]], *, what: str = "") -> list[str]:
    """One line a text, with all that it is about.

    >>> once([Note("arc", "no samples"), Note("piqa", "no samples"), Note("boolq", "empty")])
    ['arc, piqa: no samples', 'boolq: empty']
    """
    about: dict[str, dict[str, None]] = {}
    for subject, text in notes:
        about.setdefault(text, {})[subject] = None
    return [f"{listed(subjects, what=what)}: {text}" for text, subjects in about.items()]


def enumerated(names: Iterable[object]) -> str:
    """All of the names, with "and" before the last.

    >>> enumerated(["10%"]), enumerated(["10%", "30%", "50%"])
    ('10%', '10%, 30% and 50%')
    """
    *first, last = map(str, names)
    return f"{', '.join(first)} and {last}" if first else last


def joined(*parts: str | None, between: str = ", ") -> str:
    """The parts that are not empty.

    >>> joined("arc", "", "410M", None)
    'arc, 410M'
    """
    return between.join(part for part in parts if part)


def items_and_seeds(items: int, seeds: int, *, between: str = ", ") -> str:
    """How much data there is; without the number of items where it is not known, which is written as 0.

    >>> items_and_seeds(1500, 3), items_and_seeds(0, 1)
    ('1,500 items, 3 seeds', '1 seed')
    """
    return joined(f"{items:,} items" if items else "", plural(seeds, "seed"), between=between)


def percent(ratio: float) -> str:
    """A ratio as people write it.

    >>> percent(0.125), percent(0.3)
    ('12.5%', '30%')
    """
    return f"{100 * ratio:.6g}%"


def rounded(value: float, decimals: int = 0) -> float:
    """A rounded number without the sign of one that rounds to zero, so that nothing is written as -0.00.

    >>> rounded(-0.0004, 2), rounded(1.26, 1)
    (0.0, 1.3)
    """
    return round(value, decimals) + 0.0


def signed(value: float, decimals: int) -> str:
    """A change with its sign; zero has a plus.

    >>> signed(0.135, 2), signed(-4.21, 1), signed(-0.001, 2)
    ('+0.14', '-4.2', '+0.00')
    """
    return f"{rounded(value, decimals):+.{decimals}f}"


def visible(text: str, *, keep: str = "") -> str:
    r"""Text with its control characters written out, so that a name from a file cannot steer a terminal or a page.

    >>> visible("a\x1b[31m\n"), visible("a\nb", keep="\n")
    ('a\\x1b[31m\\n', 'a\nb')
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else c.encode("unicode_escape").decode() for c in text)


def encodable(text: str, encoding: str) -> str:
    r"""Text that an output of this encoding can show; other characters are written out.

    >>> encodable("caf\xe9", "ascii")
    'caf\\xe9'
    """
    return text.encode(encoding, "backslashreplace").decode(encoding)


def parse_quantity(value: str | int | float) -> float:
    """A count with an optional suffix k, M, B (or G) or T, upper or lower case: "410M", "1.4B", "160k", 281000.

    Raises
    ------
    ValueError : anything else, or a count that is not above 0 and finite.
    """
    if isinstance(value, bool):
        raise ValueError("it must be a count such as 410M, 1.4B or 10B")
    if isinstance(value, (int, float)):
        count = float(value)
    else:
        match = _FORM.fullmatch(value.strip())
        try:
            count = float(match[1]) * _SCALE[match[2].lower()] if match else math.nan
        except ValueError:
            count = math.nan
    if not (count > 0 and math.isfinite(count)):
        raise ValueError(f"{value!r} is not a count: write a number with k, M, B or T, such as 410M, 1.4B or 10B")
    return count


def written_quantity(count: float, digits: int = 10) -> str:
    """A count with the suffix that keeps it short.

    >>> written_quantity(1e10), written_quantity(3932160), written_quantity(3932160, digits=3)
    ('10B', '3.93216M', '3.93M')
    """
    rounds_up = 1 - 0.5 * 10.0**-digits  # 999,600 with three digits is 1M, not 1e+03k
    for suffix, scale in (("T", 1e12), ("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= rounds_up * scale:
            return f"{count / scale:.{digits}g}{suffix}"
    return f"{count:.{digits}g}"


def spoken_quantity(count: float, within: float = 0.01) -> str:
    """A count as people say it: one or two digits where that is ``within`` a share of it, else three.

    >>> spoken_quantity(2.979e9), spoken_quantity(1.54e8), spoken_quantity(4.01e8)
    ('3B', '154M', '400M')
    """
    for digits in (1, 2):
        said = float(f"{count:.{digits - 1}e}")
        if abs(said / count - 1) <= within:
            return written_quantity(said)
    return count_text(count)


def count_text(count: float) -> str:
    """A count in three digits: '12.8B', '410M', '512'."""
    return written_quantity(count, digits=3)
