"""From published records to the items that tasks ask: pure, one function a set.

An item of a choice task has question, choices and answer (an index); one of a generated-answer task question and
answers (all that count as right).
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from synth_eval.data.gsm8k import choices as gsm8k_choices
from synth_eval.data.gsm8k import parse_solution, written
from synth_eval.skills.items import Draw

Record = Mapping[str, Any]
Item = dict[str, Any]

TRIVIA_ITEMS = 500  # of each category
TRIVIA_SHOTS = 16  # of each category, few-shot examples, none of them a test item
NQ_ITEMS = 1_000
SQUAD_ITEMS = 2_000
DOMAIN_DOCUMENTS = 200
LONGEST_DOCUMENT = 4_000  # characters

_OPTION = re.compile(r"^\(([A-Z])\)\s*(.+)$")


class BadRecord(ValueError):  # noqa: N818 - a reason; the loader adds file and line
    """A record lacks what its set should have."""


def gsm8k_choice_items(records: Iterable[Record]) -> list[Item]:
    """The answer among three wrong numbers; see `gsm8k_choices`."""

    def item(record: Record) -> Item:
        question = _text(record, "question")
        choices, answer = gsm8k_choices(question, parse_solution(_text(record, "answer")))
        return {"question": question, "choices": list(choices), "answer": answer}

    return _each(records, item)


def gsm8k_generate_items(records: Iterable[Record]) -> list[Item]:
    """The whole solution is written; ``answers`` is the number alone, also with thousands commas, as published
    solutions often have it; ``solution`` as published, without calculator annotations."""

    def item(record: Record) -> Item:
        solution = _text(record, "answer")
        answer = parse_solution(solution).answer
        right = [written(answer), f"{answer.numerator:,}"] if answer.denominator == 1 else [written(answer)]
        plain = re.sub(r"<<[^<>]*>>", "", solution)
        return {"question": _text(record, "question"), "solution": plain, "answers": list(dict.fromkeys(right))}

    return _each(records, item)


def strategyqa_items(records: Iterable[Record]) -> list[Item]:
    """Yes or no."""

    def item(record: Record) -> Item:
        answer = record.get("answer")
        if not isinstance(answer, bool):
            raise BadRecord(f"answer {answer!r} is neither true nor false")
        return {"question": _text(record, "question"), "choices": ["no", "yes"], "answer": int(answer)}

    return _each(records, item)


def bbh_items(records: Iterable[Record]) -> list[Item]:
    """The text before "Options:", to be continued with the text of an option rather than with its letter."""

    def item(record: Record) -> Item:
        question, mark, listed = _text(record, "input").partition("\nOptions:\n")
        options = [_OPTION.match(line.strip()) for line in listed.splitlines() if line.strip()]
        letters = [f"({match[1]})" for match in options if match]
        target = _text(record, "target").strip()
        if not mark or not letters or len(letters) < len(options) or target not in letters:
            raise BadRecord(f"no options (A), (B) ... or the target {target!r} is none of them")
        choices = [match[2] for match in options if match]
        return {"question": question.strip(), "choices": choices, "answer": letters.index(target)}

    return _each(records, item)


def opentriviaqa_items(records: Mapping[str, Sequence[Record]]) -> tuple[list[Item], list[Item]]:
    """Test items and few-shot examples from the records of each category.

    Questions with four different choices (one has a blank among them), each question once; of each category the 500
    whose SHA-256 is smallest, the next 16 as examples. The categories take turns, so that any first part of the items
    holds all of them.
    """
    seen: set[str] = set()
    by_category: list[list[Item]] = []
    for category, rows in records.items():
        found = []
        for item in _each(rows, _trivia_item, where=f"{category}: "):
            known = " ".join(item["question"].casefold().split())
            different = {" ".join(choice.casefold().split()) for choice in item["choices"]}
            if len(different - {""}) == len(item["choices"]) == 4 and known not in seen:
                seen.add(known)
                found.append(item)
        by_category.append(_in_hash_order(found))
    test = _in_turn([found[:TRIVIA_ITEMS] for found in by_category])
    shots = _in_turn([found[TRIVIA_ITEMS : TRIVIA_ITEMS + TRIVIA_SHOTS] for found in by_category])
    return test, shots


def nq_open_items(records: Iterable[Record]) -> list[Item]:
    """The 1,000 questions whose SHA-256 is smallest, with all answers that count as right."""

    def item(record: Record) -> Item:
        answers = record.get("answer")
        answers = [answers] if isinstance(answers, str) else answers
        if not isinstance(answers, list) or not answers or not all(isinstance(a, str) and a for a in answers):
            raise BadRecord("answer is no list of texts")
        return {"question": _text(record, "question").strip().rstrip("?"), "answers": answers}

    return _in_hash_order(_each(records, item))[:NQ_ITEMS]


def squad_items(records: Iterable[Record]) -> list[Item]:
    """Passage and question; the choices are its answer and three answers to other questions on the same passage.

    Within a passage every answer is as often right as wrong, so no choice gives itself away. Passages with fewer than
    four answers that do not overlap are left out; of the rest the 2,000 questions whose SHA-256 is smallest.
    """
    passages: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)

    def add(record: Record) -> Item:
        answers = record.get("answers")
        texts = answers.get("text") if isinstance(answers, Mapping) else None
        if texts is None or not len(texts):
            raise BadRecord("no answers.text")
        passages[_text(record, "context")].append((_text(record, "question"), tuple(map(str, texts))))
        return {}

    _each(records, add)
    items = []
    for passage, asked in passages.items():
        for question, texts in asked:
            draw = Draw("squad", 1, passage, question)
            right = texts[0]
            wrong: list[str] = []
            for other in draw.shuffled([answers[0] for _, answers in asked]):
                if not any(_overlap(other, text) for text in (*texts, *wrong)):
                    wrong.append(other)
            if len(wrong) >= 3:
                four = draw.shuffled([right, *wrong[:3]])
                text = f"{passage.strip()}\n\nQuestion: {question.strip()}"
                items.append({"question": text, "choices": four, "answer": four.index(right)})
    return _in_hash_order(items)[:SQUAD_ITEMS]


def domain_items(records: Iterable[Record]) -> list[Item]:
    """Documents of at most 4,000 characters, cut at white space; each text once; the 200 whose SHA-256 is smallest."""

    def item(record: Record) -> Item:
        text = _text(record, "text").strip()
        if len(text) > LONGEST_DOCUMENT:
            text = text[: LONGEST_DOCUMENT + 1].rsplit(None, 1)[0][:LONGEST_DOCUMENT]
        return {"text": text}

    distinct = {" ".join(made["text"].split()): made for made in _each(records, item)}
    return _in_hash_order(distinct.values(), field="text")[:DOMAIN_DOCUMENTS]


def _trivia_item(record: Record) -> Item:
    choices, answer = record.get("choices"), record.get("answer")
    if not isinstance(choices, list) or not all(isinstance(choice, str) for choice in choices):
        raise BadRecord("choices is no list of texts")
    if not isinstance(answer, int) or isinstance(answer, bool) or not 0 <= answer < len(choices):
        raise BadRecord(f"answer {answer!r} is no index of its {len(choices)} choices")
    return {
        "question": _text(record, "question").strip(),
        "choices": [choice.strip() for choice in choices],
        "answer": answer,
        "form": str(record.get("category", "")),
    }


def _each(records: Iterable[Record], make: Callable[[Record], Item], *, where: str = "") -> list[Item]:
    items = []
    for number, record in enumerate(records, start=1):
        try:
            items.append(make(record))
        except ValueError as error:
            raise BadRecord(f"{where}record {number}: {error}") from None
    return items


def _text(record: Record, field: str) -> str:
    value = record.get(field)
    if not isinstance(value, str) or not value.strip():
        raise BadRecord(f"no text in its field {field!r}; it has {', '.join(sorted(map(str, record)))}")
    return value


def _overlap(one: str, other: str) -> bool:
    one, other = one.casefold().strip(), other.casefold().strip()
    return one in other or other in one


def _in_hash_order(items: Iterable[Item], *, field: str = "question") -> list[Item]:
    return sorted(items, key=lambda item: hashlib.sha256(str(item[field]).encode()).hexdigest())


def _in_turn(groups: Sequence[Sequence[Item]]) -> list[Item]:
    longest = max(map(len, groups), default=0)
    return [group[i] for i in range(longest) for group in groups if i < len(group)]
