"""Multiple-choice items made from the suite, as lm-eval requests: no data folder needed."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from synth_eval.lab.corpus import documents
from synth_eval.skills import SKILLS, lookup, recall
from synth_eval.types import ChoiceItem

SETS = ("recall", "lookup", "stories")
SENTENCE_CHOICES = 4


def requests_of(name: str, *, shots: int, items: int) -> list[list[Any]]:
    """Requests of a set, one list an item, formatted as lm-eval formats the suite's tasks."""
    tested, shown = _tested(name)[:items], _shown(name)[:shots]
    header = "".join(f"{item.question} {item.choices[item.answer]}\n\n" for item in shown)
    return [
        [SimpleNamespace(args=(header + item.question, f" {choice}"), task_name=None) for choice in item.choices]
        for item in tested
    ]


def texts(count: int, *, characters: int) -> list[Any]:
    """Requests for rolling scores: documents of the skills, joined to texts of about so many characters."""
    mix = dict.fromkeys(SKILLS, 1.0)
    whole = "\n\n".join(documents(mix, key="gpu", characters=count * characters))
    return [SimpleNamespace(args=(whole[k * characters : (k + 1) * characters],)) for k in range(count)]


def training_text() -> list[str]:
    return documents(dict.fromkeys(SKILLS, 1.0), key="gpu tokenizer", characters=400_000)


def _tested(name: str) -> Sequence[ChoiceItem]:
    if name == "stories":
        return _stories(lookup.test_items())
    return recall.test_items() if name == "recall" else lookup.test_items()


def _shown(name: str) -> Sequence[ChoiceItem]:
    if name == "stories":
        return _stories(lookup.train_items())
    return recall.train_items() if name == "recall" else lookup.train_items()


def _stories(items: Sequence[ChoiceItem]) -> list[ChoiceItem]:
    """Longer contexts and choices of a sentence: two stories of synth_lookup, and how the second one goes on.

    Where synth_lookup asks for a name, of one token for many tokenizers, these ask for the last sentence: the item's
    own or that of one of the next three items.
    """
    told = [item.question.rsplit(". ", 1) for item in items]
    made = []
    for k, item in enumerate(items):
        before, (story, _) = told[k - 1][0], told[k]
        choices = []
        for j in range(SENTENCE_CHOICES):
            other = items[(k + j) % len(items)]
            choices.append(f"{told[(k + j) % len(items)][1]} {other.choices[other.answer]}.")
        made.append(ChoiceItem(item.skill, item.level, f"{before}. {story}.", tuple(choices), 0))
    return made
