"""A choice task of the user's: questions, their choices and the right one, checked record by record."""

from __future__ import annotations

import hashlib
import json
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synth_eval.data.domains import Reservoir
from synth_eval.data.records import OwnDataError, Tally, matching_files, read_records, shown, value_of
from synth_eval.data.texts import unusable_text
from synth_eval.text import plural
from synth_eval.types import OwnTask

# Which choice an answer means: an index, a letter (or the record's own label), or the text of a choice.


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


# A prompt template filled with the fields of a record.

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


@dataclass(frozen=True)
class ChoiceRow:
    """One item as the model is asked: ``prompt``, then one of the ``choices``; ``answer`` indexes the right one."""

    question: str
    prompt: str
    choices: tuple[str, ...]
    answer: int
    where: str


@dataclass(frozen=True)
class ChoiceSample:
    """The items of a choice task, and few-shot examples if it has any.

    Attributes
    ----------
    of : items that were there to draw from, repeated ones counted
    left_out : records that could not be used
    sha256 : of the items and examples, in hex digits
    """

    items: tuple[ChoiceRow, ...]
    examples: tuple[ChoiceRow, ...]
    of: int
    left_out: int
    sha256: str


@dataclass(frozen=True)
class _Checked:
    """A record that can be used, but for its answer, which only the whole file settles."""

    question: str
    prompt: str
    texts: tuple[str, ...]
    clue: Clue
    where: str


def choice_sample(task: OwnTask) -> ChoiceSample:
    """Reservoir a choice task's items; its examples are taken all, in the order of their files.

    Raises
    ------
    OwnDataError : a file or record that cannot be used (named with its line), or no item at all.
    """
    tally = Tally(skip=task.skip_unusable)
    reservoir: Reservoir[_Checked] = Reservoir(task.amount, seed=task.seed)
    there, as_text = 0, True
    for item in _checked(task, task.files, tally):
        there += 1
        as_text &= item.clue.text is not None
        reservoir.offer(json.dumps([item.prompt, item.texts, item.clue.written]), item)
    items = tuple(_row(item, task, as_text=as_text) for item in reservoir.chosen())
    if not items:
        raise OwnDataError(f"{task.name}: no item in {', '.join(task.files)}")
    shown_before = list(_checked(task, task.examples, tally))
    as_text_there = all(item.clue.text is not None for item in shown_before)
    examples = tuple(_row(item, task, as_text=as_text_there) for item in shown_before)
    rows = [[row.prompt, row.choices, row.answer] for row in (*items, *examples)]
    return ChoiceSample(items, examples, there, tally.left_out, hashlib.sha256(json.dumps(rows).encode()).hexdigest())


def _checked(task: OwnTask, patterns: tuple[str, ...], tally: Tally) -> Iterator[_Checked]:
    for path in matching_files(patterns, base=task.base) if patterns else ():
        for where, record in read_records(path, shown(path, task.base), tally):
            try:
                yield _check(task, record, where)
            except (KeyError, ValueError) as error:
                tally.refuse(where, f"{error.args[0]}; correct it, or set skip_unusable: true")


def _check(task: OwnTask, record: Mapping[str, Any], where: str) -> _Checked:
    question = value_of(record, task.field)
    if not isinstance(question, str) or not question.strip():
        raise ValueError(f"the question ({task.field}) is {'empty' if question in ('', None) else 'no text'}")
    labels, texts = _choices(task, record)
    if len(texts) < 2:
        raise ValueError(f"{plural(len(texts), 'choice')}: an item needs two or more")
    if task.letters and len(texts) > len(LETTERS):
        raise ValueError(f"{len(texts)} choices, and only {len(LETTERS)} letters")
    first: dict[str, int] = {}
    for number, text in enumerate(texts, start=1):
        if not text:
            raise ValueError(f"choice {number} is empty")
        if first.setdefault(text, number) != number:
            raise ValueError(f"choices {first[text]} and {number} are the same ({text!r})")
    answer = clue(value_of(record, task.answer), texts, labels, index_from=task.index_from)
    prompt = fill(task.prompt, record, question=question, choices=texts)
    for what, text in (("prompt", prompt), *(("choice", text) for text in texts)):
        if reason := unusable_text(text):
            raise ValueError(f"the {what} {reason}")
    return _Checked(question, prompt, texts, answer, where)


def _choices(task: OwnTask, record: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(labels, texts): a list, a mapping of label to text, or lists named label and text; else one field a choice."""
    if len(task.choices) > 1:
        values: Any = [value_of(record, name) for name in task.choices]
        while values and values[-1] is None:  # items may have fewer choices than there are fields
            values.pop()
    else:
        values = value_of(record, task.choices[0])
    labels: Any = ()
    if isinstance(values, Mapping):
        both = values.get("label"), values.get("text")
        labels, values = both if all(isinstance(part, list) for part in both) else (list(values), list(values.values()))
    if not isinstance(values, list):
        raise ValueError(f"the choices ({task.choices[0]}) are a {type(values).__name__}, not a list")
    bad = [value for value in values if isinstance(value, bool) or not isinstance(value, (str, int, float))]
    if bad:
        raise ValueError(f"a choice is {bad[0]!r}: choices must be text")
    texts = tuple(str(value).strip() for value in values)
    return tuple(str(label).strip() for label in labels) or tuple(LETTERS[: len(texts)]), texts


def _row(item: _Checked, task: OwnTask, *, as_text: bool) -> ChoiceRow:
    choices = tuple(LETTERS[: len(item.texts)]) if task.letters else item.texts
    return ChoiceRow(item.question, item.prompt, choices, gold(item.clue, as_text=as_text), item.where)
