"""A prompt template filled with the fields of a record."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any

from synth_eval.own_data.records import value_of

LETTERS = string.ascii_uppercase


def fill(template: str, record: Mapping[str, Any], *, question: str, choices: Sequence[str]) -> str:
    """``{question}``, ``{choices}`` (a line each, "A. first") and ``{any other field}`` replaced by their text.

    Raises
    ------
    KeyError : a field that the record lacks.
    ValueError : a field that is no text or number.
    """
    filled = ""
    for literal, name, _, _ in string.Formatter().parse(template):
        filled += literal
        if name == "question":
            filled += question
        elif name == "choices":
            filled += "\n".join(f"{letter}. {text}" for letter, text in zip(LETTERS, choices))
        elif name is not None:
            value = value_of(record, name)
            if isinstance(value, bool) or not isinstance(value, (str, int, float)):
                raise ValueError(f"the prompt's field {name!r} is a {type(value).__name__}, not text")
            filled += str(value)
    return filled
