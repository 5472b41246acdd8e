"""Which choice is right, from what lm-eval logs as the target."""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from synth_eval.results.rows import Unusable, number_of

_NOT_A_CHOICE = "the target is none of the choices"
_SEVERAL = "several right answers"
_ROUNDED = 1e-4  # of a log-likelihood: some versions log few digits
_LETTER = re.compile(r"\(?([A-Z])[).:]?")


class _Clue(NamedTuple):
    """What one row has about its answer."""

    as_index: int | None  # the target read as an index
    as_text: int | None  # the target read as the text, or the letter, of a choice
    best: int  # the choice of highest log-likelihood, as np.argmax takes it
    logliks: Sequence[float]
    hidden: bool  # the target is the common continuation, not the answer
    accuracy: float | None  # acc as logged

    @property
    def right(self) -> bool | None:
        """lm-eval's own acc, where it is that of one right answer."""
        return bool(self.accuracy) if self.accuracy in (0.0, 1.0) else None

    def contradicts(self, answer: int) -> bool:
        """Whether the logged acc is not that of ``answer``; never where rounding hides which choice was likeliest."""
        if self.accuracy is None or self.accuracy == (self.best == answer):
            return False
        top = self.logliks[self.best]
        tied = [k for k, value in enumerate(self.logliks) if top - value <= _ROUNDED * abs(top)]
        return self.right is None or len(tied) == 1 or answer not in tied


class GoldFinder:
    """Collects the clues row by row and settles them at the end of the file.

    lm-eval logs the target as text, so that "2" may be the third choice or the choice that reads 2. A task means one
    of the two throughout. Where they differ, lm-eval's own acc decides; without acc, the text is meant if every
    target is the text of a choice and some target is no index, and otherwise the index.
    """

    def __init__(self) -> None:
        self._clues: list[_Clue] = []

    def add(self, row: dict[str, Any], texts: Sequence[str], logliks: Sequence[float], *, hidden: bool) -> None:
        """Take a row's clue. ``texts`` may be empty where choices were not logged.

        Raises
        ------
        Unusable : the target cannot be any choice, or there are several.
        """
        best, accuracy = max(range(len(logliks)), key=logliks.__getitem__), _accuracy(row)
        clue = _Clue(None, None, best, logliks, hidden, accuracy)
        if not hidden:
            target = _single(row.get("target"))
            text = _text(target, texts)
            # "True" among choices that read True and False is a text, elsewhere a bool, which lm-eval uses as 1
            index = None if target in ("True", "False") and text is not None else _index(target, len(logliks))
            if index is None and text is None:
                raise Unusable(_NOT_A_CHOICE if target is not None else "no target logged")
            clue = _Clue(index, text, best, logliks, hidden, accuracy)
        self._clues.append(clue)

    def settle(self, reasons: Counter[str], notes: list[str]) -> list[int | None]:
        """The right choice of every row; None, with the reason counted, where it cannot be known."""
        as_text = self._read_as_text()
        if as_text and any(clue.as_index not in (None, clue.as_text) for clue in self._clues):
            notes.append("numeric targets read as the text of a choice, not as its index")
        gold = [self._hidden_gold(clue) if clue.hidden else _chosen(clue, as_text=as_text) for clue in self._clues]
        for clue, answer in zip(self._clues, gold):
            if answer is None:
                reasons["no answer logged, and acc does not determine it" if clue.hidden else _NOT_A_CHOICE] += 1
        if any(clue.hidden for clue in self._clues) and any(answer is not None for answer in gold):
            notes.append("one continuation after several contexts: the right one taken from the logged acc")
        return gold

    def scored_otherwise(self, gold: Sequence[int | None]) -> tuple[float | None, ...]:
        """acc as logged of every row, where some row's is not whether its likeliest choice is ``gold``; else ().

        Then several answers are right (truthfulqa_mc2), or the task scores in a way of its own.
        """
        odd = any(answer is not None and clue.contradicts(answer) for clue, answer in zip(self._clues, gold))
        return tuple(clue.accuracy for clue in self._clues) if odd else ()

    def _read_as_text(self) -> bool:
        agree = Counter[str]()
        for clue in self._clues:
            if clue.right is not None and None not in (clue.as_index, clue.as_text) and clue.as_index != clue.as_text:
                agree["index"] += clue.right == (clue.as_index == clue.best)
                agree["text"] += clue.right == (clue.as_text == clue.best)
        if agree["text"] != agree["index"]:
            return agree["text"] > agree["index"]
        seen = [clue for clue in self._clues if not clue.hidden]
        return any(clue.as_index is None for clue in seen) and all(clue.as_text is not None for clue in seen)

    def _hidden_gold(self, clue: _Clue) -> int | None:
        # with more than two choices a wrong answer does not determine the right one, and to keep the right ones alone
        # would make every model perfect
        if clue.right is None or any(len(other.logliks) > 2 for other in self._clues):
            return None
        return clue.best if clue.right else 1 - clue.best


def _chosen(clue: _Clue, *, as_text: bool) -> int | None:
    return clue.as_text if as_text or clue.as_index is None else clue.as_index


def _single(target: Any) -> Any:
    """The target, or the only member of a list of one, which may be written as text.

    Raises
    ------
    Unusable : a list of several.
    """
    if isinstance(target, str) and target.startswith("[") and target.endswith("]"):
        try:
            parsed = ast.literal_eval(target)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return target
        target = parsed if isinstance(parsed, list) else target
    if isinstance(target, list):
        if len(target) != 1:
            raise Unusable(_SEVERAL if target else "no target logged")
        return target[0]
    return target


def _index(target: Any, n_choices: int) -> int | None:
    if isinstance(target, str):
        if target in ("True", "False"):
            target = target == "True"
        elif re.fullmatch(r"\d{1,9}(\.0)?", target.strip()):
            target = float(target)
    if not isinstance(target, (bool, int, float)) or not 0 <= target < n_choices or target != int(target):
        return None
    return int(target)


def _text(target: Any, texts: Sequence[str]) -> int | None:
    if not isinstance(target, str) or not target:
        return None
    for spelled in (target, target.removeprefix(" ")):
        if spelled in texts:
            return texts.index(spelled)
    stripped = [text.strip() for text in texts]
    if target.strip() in stripped:
        return stripped.index(target.strip())
    letter = _LETTER.fullmatch(target.strip())
    position = ord(letter[1]) - ord("A") if letter else len(texts)
    return position if position < len(texts) else None


def _accuracy(row: dict[str, Any]) -> float | None:
    value = row.get("acc")
    number = float(value) if isinstance(value, bool) else number_of(value)
    return number if number is not None and math.isfinite(number) else None
