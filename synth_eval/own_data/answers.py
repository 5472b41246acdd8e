"""Which choice an answer means: an index, a letter (or the record's own label), or the text of a choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Clue:
    """What an answer may mean. ``text``: the choice that reads like it; ``index``: the one it names otherwise."""

    written: str
    text: int | None
    index: int | None


def clue(answer: object, texts: Sequence[str], labels: Sequence[str], *, index_from: int) -> Clue:
    """Read one answer. A number is an index; text is the text of a choice, a label, or an index in digits.

    Raises
    ------
    ValueError : it means none of the choices.
    """
    if isinstance(answer, float) and answer.is_integer():
        answer = int(answer)
    if isinstance(answer, bool):
        meant = ("true", "yes") if answer else ("false", "no")
        found = [position for position, text in enumerate(texts) if text.lower() in meant]
        if len(found) != 1:
            raise ValueError(f"the answer is {str(answer).lower()}, and not one choice reads {' or '.join(meant)}")
        return Clue(str(answer), found[0], None)
    if isinstance(answer, int):
        position = answer - index_from
        if not 0 <= position < len(texts):
            raise ValueError(
                f"the answer {answer} is out of range: {len(texts)} choices are {index_from} to "
                f"{len(texts) - 1 + index_from} (see index_from)"
            )
        return Clue(str(answer), None, position)
    if not isinstance(answer, str) or not answer.strip():
        raise ValueError(f"the answer is {answer!r}: give the index, letter or text of one choice")
    written = answer.strip()
    text = texts.index(written) if written in texts else None
    bare = written.strip("().:")
    position_of = {label.upper(): position for position, label in enumerate(labels)}
    index = position_of.get(bare.upper())
    if index is None and bare.isdecimal() and 0 <= int(bare) - index_from < len(texts):
        index = int(bare) - index_from
    if text is None and index is None:
        span = f"{labels[0]} to {labels[-1]}, " if labels else ""
        raise ValueError(f"the answer {written!r} is none of the {len(texts)} choices (neither {span}nor their text)")
    return Clue(written, text, index)


def gold(answer: Clue, *, as_text: bool) -> int:
    """The right choice. ``as_text``: every answer of the file is the text of a choice, so that texts are meant.

    Otherwise a letter or index is, where the answer can be one: in a file of letters, the "A" of an item whose choices
    are blood groups is the first of them.
    """
    position = answer.text if as_text or answer.index is None else answer.index
    assert position is not None  # `clue` refuses what means nothing
    return position
